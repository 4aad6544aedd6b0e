// SPDX-License-Identifier: Apache-2.0
/// \file
/// The content of a specification file: a JSON-like tree in which every node still knows where it
/// was written, so that errors can say so. Read once, then only looked at; the addresses of its
/// nodes identify what references point to.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace patchbay::openapi {

/// A place in the file. Lines and columns count from 1; 0 means unknown.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    friend auto operator<=>(const Place&, const Place&) = default;
};

struct Member;

/// One node of the tree. Plain data: safe to read from several threads.
class Node {
  public:
    enum class Kind : std::uint8_t { null, boolean, integer, number, text, list, map };
    using List = std::vector<Node>;
    /// In the order of the file; keys are unique.
    using Map = std::vector<Member>;
    using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map>;

    /// Null.
    Node();
    Node(Data data, Place place);
    Node(const Node&);
    Node(Node&&) noexcept;
    Node& operator=(const Node&);
    Node& operator=(Node&&) noexcept;
    ~Node();

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(data_.index()); }
    [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
    [[nodiscard]] bool is_boolean() const { return kind() == Kind::boolean; }
    [[nodiscard]] bool is_integer() const { return kind() == Kind::integer; }
    /// An integer or a floating number.
    [[nodiscard]] bool is_number() const { return is_integer() || kind() == Kind::number; }
    [[nodiscard]] bool is_text() const { return kind() == Kind::text; }
    [[nodiscard]] bool is_list() const { return kind() == Kind::list; }
    [[nodiscard]] bool is_map() const { return kind() == Kind::map; }

    /// The accessors below require the matching kind (`std::bad_variant_access` otherwise).
    [[nodiscard]] bool boolean() const { return std::get<bool>(data_); }
    [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(data_); }
    /// Also for integers.
    [[nodiscard]] double number() const;
    [[nodiscard]] const std::string& text() const { return std::get<std::string>(data_); }
    [[nodiscard]] const List& list() const { return std::get<List>(data_); }
    [[nodiscard]] List& list() { return std::get<List>(data_); }
    [[nodiscard]] const Map& map() const { return std::get<Map>(data_); }
    [[nodiscard]] Map& map() { return std::get<Map>(data_); }

    /// The member of that name, or null when there is none or this is not a map.
    [[nodiscard]] const Node* find(std::string_view key) const;
    /// True when there is such a member and it is `true`.
    [[nodiscard]] bool is_true(std::string_view key) const;

    [[nodiscard]] Place place() const { return place_; }
    void set_place(Place place) { place_ = place; }

  private:
    Data data_;
    Place place_;
};

/// One entry of a map.
struct Member {
    std::string key;
    Node value;
    Place key_place;
};

/// "a map", "an integer", ...: for messages.
[[nodiscard]] std::string_view describe(Node::Kind kind);

/// The same content without the places.
[[nodiscard]] nlohmann::json to_json(const Node& node);

}  // namespace patchbay::openapi
