// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_text.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

/// Builds the value from the parser's events; false stops the parser.
class Builder : public nlohmann::json_sax<json> {
  public:
    explicit Builder(std::size_t max_depth) : max_depth_(max_depth) {}

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t& /*text*/) override {
        return add(value);
    }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return open(json::object()); }
    bool start_array(std::size_t /*size*/) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        const auto [member, is_new] =
            open_.back()->get_ref<json::object_t&>().emplace(std::move(name), nullptr);
        member_ = &member->second;
        if (!is_new) {
            reason = "it has the name `" + member->first + "` twice in one object";
        }
        return is_new;
    }

    bool parse_error(std::size_t position, const std::string& /*last_token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        reason = "it is not JSON at byte " + std::to_string(position);
        return false;
    }

    json root;
    std::string reason;

  private:
    bool add(json value) {
        place(std::move(value));
        return true;
    }

    json* place(json value) {
        if (open_.empty()) {
            root = std::move(value);
            return &root;
        }
        if (open_.back()->is_array()) {
            auto& items = open_.back()->get_ref<json::array_t&>();
            items.push_back(std::move(value));
            return &items.back();
        }
        *member_ = std::move(value);
        return member_;
    }

    bool open(json container) {
        if (open_.size() == max_depth_) {
            reason = "it nests deeper than " + std::to_string(max_depth_) + " levels";
            return false;
        }
        open_.push_back(place(std::move(container)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    std::size_t max_depth_;
    /// Only the last grows, so that none of these moves while it is here.
    std::vector<json*> open_;
    json* member_ = nullptr;
};

}  // namespace

Result<json> parse_json(std::string_view text, std::size_t max_depth) {
    Builder builder(max_depth);
    if (!json::sax_parse(text.begin(), text.end(), &builder)) {
        return failure(ErrorClass::invalid, "openapi.json", std::move(builder.reason));
    }
    return std::move(builder.root);
}

}  // namespace patchbay::openapi
