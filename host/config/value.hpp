// SPDX-License-Identifier: Apache-2.0
/// \file
/// Free content of a configuration file: a JSON-like tree in which every node still knows where it
/// was written. The host passes it to plugins as JSON text and uses the places in error messages,
/// also after values of several files were merged into one tree.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace patchbay::config {

class Value;
struct Member;

/// One node of the tree. Copies are deep. Plain data: safe to read from several threads.
class Value {
  public:
    enum class Kind : std::uint8_t { null, boolean, integer, floating, string, list, map };
    using List = std::vector<Value>;
    /// In the order of the file; keys are unique.
    using Map = std::vector<Member>;

    /// Null.
    Value();
    explicit Value(bool boolean);
    explicit Value(std::int64_t integer);
    explicit Value(double floating);
    explicit Value(std::string text);
    explicit Value(const char* text);
    explicit Value(List list);
    explicit Value(Map map);

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(data_.index()); }
    [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
    [[nodiscard]] bool is_boolean() const { return kind() == Kind::boolean; }
    [[nodiscard]] bool is_integer() const { return kind() == Kind::integer; }
    /// An integer or a floating number.
    [[nodiscard]] bool is_number() const { return is_integer() || kind() == Kind::floating; }
    [[nodiscard]] bool is_string() const { return kind() == Kind::string; }
    [[nodiscard]] bool is_list() const { return kind() == Kind::list; }
    [[nodiscard]] bool is_map() const { return kind() == Kind::map; }

    /// The accessors below require the matching kind (`std::bad_variant_access` otherwise).
    [[nodiscard]] bool boolean() const { return std::get<bool>(data_); }
    [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(data_); }
    /// Also for integers.
    [[nodiscard]] double number() const;
    [[nodiscard]] const std::string& string() const { return std::get<std::string>(data_); }
    [[nodiscard]] const List& list() const { return std::get<List>(data_); }
    [[nodiscard]] List& list() { return std::get<List>(data_); }
    [[nodiscard]] const Map& map() const { return std::get<Map>(data_); }
    [[nodiscard]] Map& map() { return std::get<Map>(data_); }

    /// The member of that name, or null when there is none or this is not a map.
    [[nodiscard]] const Value* find(std::string_view key) const;
    [[nodiscard]] Value* find(std::string_view key);

    [[nodiscard]] const SourceLocation& location() const { return location_; }
    void set_location(SourceLocation location) { location_ = std::move(location); }

    /// Same content; places and the order of members do not count.
    friend bool operator==(const Value& left, const Value& right);

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_;
    SourceLocation location_;
};

/// One entry of a map.
struct Member {
    std::string key;
    Value value;
    SourceLocation key_location{};

    friend bool operator==(const Member& left, const Member& right) {
        return left.key == right.key && left.value == right.value;
    }
};

// Out of the class, because a map's `Member` holds a `Value`.
inline Value::Value() = default;
inline Value::Value(bool boolean) : data_(boolean) {}
inline Value::Value(std::int64_t integer) : data_(integer) {}
inline Value::Value(double floating) : data_(floating) {}
inline Value::Value(std::string text) : data_(std::move(text)) {}
inline Value::Value(const char* text) : data_(std::string(text)) {}
inline Value::Value(List list) : data_(std::move(list)) {}
inline Value::Value(Map map) : data_(std::move(map)) {}

/// "a map", "an integer", ...: for messages.
[[nodiscard]] std::string_view describe(Value::Kind kind);

/// JSON text, UTF-8, members in the order of the tree; compact unless `indent` is given. This is
/// what plugins are given.
[[nodiscard]] std::string to_json(const Value& value, int indent = -1);

/// The tree of one JSON text; every node gets `location`. The error's message is the reason alone
/// ("it is not JSON at character 5").
[[nodiscard]] Result<Value> parse_json(std::string_view text, const SourceLocation& location);

}  // namespace patchbay::config
