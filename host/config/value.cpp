// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::config {
namespace {

nlohmann::ordered_json to_nlohmann(const Value& value) {
    switch (value.kind()) {
        case Value::Kind::null:
            return nullptr;
        case Value::Kind::boolean:
            return value.boolean();
        case Value::Kind::integer:
            return value.integer();
        case Value::Kind::floating:
            return value.number();
        case Value::Kind::string:
            return value.string();
        case Value::Kind::list: {
            auto list = nlohmann::ordered_json::array();
            for (const Value& item : value.list()) {
                list.push_back(to_nlohmann(item));
            }
            return list;
        }
        case Value::Kind::map: {
            auto map = nlohmann::ordered_json::object();
            for (const Member& member : value.map()) {
                map[member.key] = to_nlohmann(member.value);
            }
            return map;
        }
    }
    return nullptr;
}

/// Builds a `Value` from a stream of JSON events; nlohmann's tree would lose duplicate keys and
/// allow unbounded depth.
class JsonReader : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit JsonReader(SourceLocation location) : location_(std::move(location)) {}

    bool null() override { return add(Value()); }
    bool boolean(bool value) override { return add(Value(value)); }
    bool number_integer(number_integer_t value) override {
        return add(Value(static_cast<std::int64_t>(value)));
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(INT64_MAX)) {
            return fail("an integer does not fit into 64 bits");
        }
        return add(Value(static_cast<std::int64_t>(value)));
    }
    bool number_float(number_float_t value, const string_t& /*text*/) override {
        return add(Value(static_cast<double>(value)));
    }
    bool string(string_t& value) override { return add(Value(std::move(value))); }
    bool binary(binary_t& /*value*/) override { return fail("binary content is not JSON"); }
    bool start_object(std::size_t /*count*/) override { return open(Value(Value::Map{})); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t /*count*/) override { return open(Value(Value::List{})); }
    bool end_array() override { return close(); }
    bool key(string_t& value) override {
        if (open_.back().find(value) != nullptr) {
            return fail("the key \"" + value + "\" occurs twice");
        }
        open_.back().map().push_back(Member{std::move(value), Value(), location_});
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::detail::exception& /*error*/) override {
        return fail("it is not JSON at character " + std::to_string(position));
    }

    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] Value take() { return std::move(root_); }

  private:
    static constexpr std::size_t max_depth = 64;

    bool fail(std::string problem) {
        if (problem_.empty()) {
            problem_ = std::move(problem);
        }
        return false;
    }

    bool open(Value container) {
        if (open_.size() >= max_depth) {
            return fail("it nests deeper than " + std::to_string(max_depth) + " levels");
        }
        container.set_location(location_);
        open_.push_back(std::move(container));
        return true;
    }

    bool close() {
        Value done = std::move(open_.back());
        open_.pop_back();
        return add(std::move(done));
    }

    bool add(Value value) {
        value.set_location(location_);
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (open_.back().is_list()) {
            open_.back().list().push_back(std::move(value));
        } else {
            open_.back().map().back().value = std::move(value);
        }
        return true;
    }

    SourceLocation location_;
    std::vector<Value> open_;
    Value root_;
    std::string problem_;
};

}  // namespace

double Value::number() const {
    return is_integer() ? static_cast<double>(integer()) : std::get<double>(data_);
}

const Value* Value::find(std::string_view key) const {
    if (!is_map()) {
        return nullptr;
    }
    const auto found = std::find_if(map().begin(), map().end(),
                                    [key](const Member& member) { return member.key == key; });
    return found == map().end() ? nullptr : &found->value;
}

Value* Value::find(std::string_view key) {
    // The tree itself is not const here, so its nodes are not either.
    return const_cast<Value*>(static_cast<const Value*>(this)->find(key));
}

bool operator==(const Value& left, const Value& right) {
    if (!left.is_map() || !right.is_map()) {
        return left.data_ == right.data_;
    }
    return left.map().size() == right.map().size() &&
           std::all_of(left.map().begin(), left.map().end(), [&right](const Member& member) {
               const Value* other = right.find(member.key);
               return other != nullptr && *other == member.value;
           });
}

std::string_view describe(Value::Kind kind) {
    switch (kind) {
        case Value::Kind::null:
            return "null";
        case Value::Kind::boolean:
            return "a boolean";
        case Value::Kind::integer:
            return "an integer";
        case Value::Kind::floating:
            return "a number";
        case Value::Kind::string:
            return "a string";
        case Value::Kind::list:
            return "a list";
        case Value::Kind::map:
            return "a map";
    }
    return "a value";
}

std::string to_json(const Value& value, int indent) {
    return to_nlohmann(value).dump(indent, ' ', false,
                                   nlohmann::ordered_json::error_handler_t::replace);
}

Result<Value> parse_json(std::string_view text, const SourceLocation& location) {
    JsonReader reader(location);
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
        return failure(ErrorClass::invalid, "json.invalid", reader.problem(), location);
    }
    return reader.take();
}

}  // namespace patchbay::config
