// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <stdexcept>

namespace patchbay::vectors {

namespace {

nlohmann::json load() {
    const std::string path = std::string(PATCHBAY_TEST_DATA) + "/aea-vectors.json";
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error("cannot open " + path);
    }
    return nlohmann::json::parse(file);
}

std::string from_rule(const nlohmann::json& rule) {
    std::string bytes(rule.at("length").get<std::size_t>(), '\0');
    const auto mul = rule.at("mul").get<std::size_t>();
    const auto add = rule.at("add").get<std::size_t>();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>((mul * i + add) % 256);
    }
    return bytes;
}

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

const nlohmann::json& group(const char* name) {
    static const nlohmann::json all = load();
    return all.at("groups").at(name);
}

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string bytes_of(const nlohmann::json& value) {
    return value.contains("rule") ? from_rule(value.at("rule"))
                                  : from_hex(value.at("hex").get<std::string>());
}

std::string field_bytes(const nlohmann::json& fields, const std::string& name) {
    if (fields.contains(name + "_rule")) {
        return from_rule(fields.at(name + "_rule"));
    }
    return from_hex(fields.at(name + "_hex").get<std::string>());
}

std::string text_of(const nlohmann::json& fields, const char* key) {
    const auto found = fields.find(key);
    return found == fields.end() || found->is_null() ? std::string() : found->get<std::string>();
}

std::string difference(const nlohmann::json& expected, std::string_view bytes) {
    if (expected.contains("hex")) {
        const auto hex = expected.at("hex").get<std::string>();
        return to_hex(bytes) == hex ? "" : "expected " + hex + "\n     got " + to_hex(bytes);
    }
    if (bytes.size() != expected.at("length").get<std::size_t>()) {
        return "length " + std::to_string(bytes.size()) + ", expected " +
               expected.at("length").dump();
    }
    if (sha256(bytes) != expected.at("sha256").get<std::string>()) {
        return "other bytes; first 96: " + to_hex(bytes.substr(0, 96)) + ", expected " +
               expected.at("first_96_hex").get<std::string>();
    }
    return "";
}

}  // namespace patchbay::vectors
