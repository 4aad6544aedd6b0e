// SPDX-License-Identifier: Apache-2.0
/// \file
/// A parameter of an operation, compiled.
#pragma once

#include "openapi/value_shape.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace patchbay::openapi {

enum class ParameterPlace : std::uint8_t { path, query, header, cookie };

/// How arrays and objects are written as text.
enum class Style : std::uint8_t {
    simple,           ///< `a,b`; path and header
    label,            ///< `.a.b`; path
    matrix,           ///< `;name=a,b`; path
    form,             ///< `name=a&name=b`; query and cookie
    space_delimited,  ///< `name=a%20b`; query
    pipe_delimited,   ///< `name=a|b`; query
    deep_object,      ///< `name[a]=1&name[b]=2`; query
};

struct Parameter {
    std::string name;
    ParameterPlace in = ParameterPlace::query;
    Style style = Style::form;
    bool explode = true;
    bool required = false;
    /// An empty value is fine whatever the schema says.
    bool allow_empty = false;
    /// The value is JSON text (`content: application/json`).
    bool is_json = false;
    /// Number of the schema; nothing when every value is fine.
    std::optional<std::size_t> schema{};
    ValueShape shape{};
};

/// "path", "query", ...
[[nodiscard]] std::string_view to_string(ParameterPlace place);

}  // namespace patchbay::openapi
