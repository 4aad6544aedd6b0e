// SPDX-License-Identifier: Apache-2.0
/// \file
/// Parameters and forms are texts; a schema speaks of integers, arrays and objects. The shape says
/// which of these a text may stand for, so that it can be turned into a value that the schema then
/// judges.
#pragma once

#include "openapi/node.hpp"
#include "openapi/reference.hpp"
#include "openapi/schema_keywords.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// The types that a schema allows, as a set of bits.
struct Types {
    static constexpr std::uint8_t null = 1;
    static constexpr std::uint8_t boolean = 2;
    static constexpr std::uint8_t number = 4;  ///< also integers
    static constexpr std::uint8_t string = 8;
    static constexpr std::uint8_t array = 16;
    static constexpr std::uint8_t object = 32;
    static constexpr std::uint8_t scalars = null | boolean | number | string;
    static constexpr std::uint8_t all = 63;
};

struct ValueShape {
    std::uint8_t types = Types::all;
    /// Of the items of an array; texts within texts have no further structure.
    std::uint8_t item_types = Types::scalars;
    /// Of the properties of an object that are listed.
    std::map<std::string, ValueShape, std::less<>> properties{};
    /// The object takes other properties, and its schema says something about them.
    bool judges_others = false;
    std::uint8_t other_types = Types::scalars;

    /// A text can hold an array or object only where the schema says so outright.
    [[nodiscard]] bool is_array() const { return types != Types::all && allows(Types::array); }
    [[nodiscard]] bool is_object() const { return types != Types::all && allows(Types::object); }
    [[nodiscard]] bool allows(std::uint8_t type) const { return (types & type) != 0; }
};

/// Follows references, `allOf`, `anyOf` and `oneOf`, to a depth that recursive schemas do not
/// exhaust. What is wrong with the schema is for `SchemaTranslator` to tell.
[[nodiscard]] ValueShape shape_of(const Node& schema, Dialect dialect, References& references);

/// The value that `text` most likely stands for, given the types that are allowed: null (when empty
/// and a text is not allowed), a boolean, a number, or else the text itself.
[[nodiscard]] nlohmann::json scalar_value(std::string_view text, std::uint8_t types);

/// All values that `text` may stand for, likeliest first; never empty.
[[nodiscard]] std::vector<nlohmann::json> scalar_values(std::string_view text, std::uint8_t types);

}  // namespace patchbay::openapi
