// SPDX-License-Identifier: Apache-2.0
/// \file
/// tests/data/identity-certificates.json, with numbers as they are written there: the difference
/// between 1640995200 and 1640995200.0 counts.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

namespace patchbay::identity {

struct CertificateVector {
    std::string name;
    std::string secret_key;
    /// With quotes and escapes.
    std::string agent_id_json;
    std::string issued_at;
    std::string expires_at;
    std::string canonical;
    std::size_t canonical_size = 0;
    std::string certificate_hash;
    std::string signature;
};

/// A case of upstream's validation; `certificate` is a JSON object.
struct ValidationVector {
    std::string name;
    std::string secret_key;
    std::string certificate;
    /// Hash of the certificate that is stored for the agent; empty = none.
    std::string stored_for;
    double now = 0;
    bool valid = false;
    std::string why;
};

namespace detail {

/// Keeps the text of numbers: they become {"number": TEXT}.
class NumbersAsText : public nlohmann::json_sax<nlohmann::json> {
  public:
    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    // The parser hands integers over without their text, which prints the same.
    bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return number(text); }
    bool string(string_t& value) override { return add(value); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(nlohmann::json::object()); }
    bool start_array(std::size_t) override { return open(nlohmann::json::array()); }
    bool key(string_t& name) override {
        names_.back() = name;
        return true;
    }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::detail::exception& error) override {
        throw std::runtime_error(error.what());
    }

    nlohmann::json result;

  private:
    bool number(const std::string& text) { return add({{"number", text}}); }
    bool open(nlohmann::json value) {
        open_.push_back(std::move(value));
        names_.emplace_back();
        return true;
    }
    bool close() {
        nlohmann::json value = std::move(open_.back());
        open_.pop_back();
        names_.pop_back();
        return add(std::move(value));
    }
    bool add(nlohmann::json value) {
        if (open_.empty()) {
            result = std::move(value);
        } else if (open_.back().is_object()) {
            open_.back()[names_.back()] = std::move(value);
        } else {
            open_.back().push_back(std::move(value));
        }
        return true;
    }
    std::vector<nlohmann::json> open_;
    std::vector<std::string> names_;
};

inline nlohmann::json vector_file() {
    std::ifstream file(PATCHBAY_TEST_DATA "/identity-certificates.json");
    NumbersAsText reader;
    nlohmann::json::sax_parse(file, &reader);
    return reader.result;
}

/// JSON text again, of what NumbersAsText made.
inline std::string text_of(const nlohmann::json& value) {
    if (value.is_object() && value.size() == 1 && value.contains("number")) {
        return value["number"].get<std::string>();
    }
    if (!value.is_object()) {
        return value.dump();
    }
    std::string text = "{";
    for (const auto& [name, member] : value.items()) {
        text +=
            (text.size() > 1 ? ", " : "") + nlohmann::json(name).dump() + ": " + text_of(member);
    }
    return text + '}';
}

}  // namespace detail

inline std::vector<CertificateVector> certificate_vectors() {
    std::vector<CertificateVector> vectors;
    const nlohmann::json file = detail::vector_file();
    for (const auto& item : file["vectors"]) {
        vectors.push_back({item["name"], item["secret_key"], item["agent_id"].dump(),
                           detail::text_of(item["issued_at"]), detail::text_of(item["expires_at"]),
                           item["canonical"],
                           std::stoul(detail::text_of(item["canonical_utf8_len"])),
                           item["certificate_hash"], item["signature"]});
    }
    return vectors;
}

inline std::vector<ValidationVector> validation_vectors() {
    std::vector<ValidationVector> vectors;
    const nlohmann::json file = detail::vector_file();
    for (const auto& item : file["validation"]) {
        vectors.push_back(
            {item["name"], item["secret_key"], detail::text_of(item["certificate"]),
             item["stored_for"].is_null() ? std::string() : item["stored_for"].get<std::string>(),
             std::stod(detail::text_of(item["now"])), item["valid"], item["why"]});
    }
    return vectors;
}

}  // namespace patchbay::identity
