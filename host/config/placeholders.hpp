// SPDX-License-Identifier: Apache-2.0
/// \file
/// `${NAME:type:default}` in a host configuration: values from the environment, with upstream's
/// types. What upstream misreads (lower-case names, empty defaults, placeholders inside longer
/// text) is refused, and `no` is false.
#pragma once

#include "config/problems.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::config {

/// The value of a variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Reads the environment of the process. Not while another thread changes it.
[[nodiscard]] Environment process_environment();

enum class PlaceholderType : std::uint8_t {
    text,  ///< none given: the text as it is
    str,
    int_,
    float_,
    bool_,
    list,
    dict,
    none,
};

struct Placeholder {
    /// Empty: the name is made of the place (`CONNECTION_HTTP_SERVER_CONFIG_HOST`).
    std::string name;
    PlaceholderType type = PlaceholderType::text;
    std::optional<std::string> default_text;
};

/// The placeholder that `text` is; nothing when it is ordinary text; fails with
/// `placeholder.bad_form` when it looks like one and is none.
[[nodiscard]] Result<std::optional<Placeholder>> parse_placeholder(std::string_view text);

/// Replaces every placeholder below `value` and turns `$${` into `${`. `automatic_name` is the name
/// of a placeholder without one that stands at `value` itself; members and items append theirs.
/// Codes: `placeholder.bad_form`, `placeholder.missing_variable`, `placeholder.bad_value`.
void fill_placeholders(Value& value, const std::string& automatic_name,
                       const Environment& environment, Problems& problems);

}  // namespace patchbay::config
