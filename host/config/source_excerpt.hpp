// SPDX-License-Identifier: Apache-2.0
/// \file
/// Shows a problem where it is: the line of the file with a caret below the column.
#pragma once

#include <patchbay/result.hpp>

#include <string>
#include <string_view>

namespace patchbay::config {

/// `to_string(error)`, then the source line and a caret, each line ended by a newline. The text is
/// that of `error.location.file`. What follows a key that holds a secret is not shown.
[[nodiscard]] std::string render_problem(const Error& error, std::string_view text);

/// The same; reads `error.location.file`. Only the message when the file or the line is not there.
[[nodiscard]] std::string render_problem(const Error& error);

/// Whether values under this key must not appear in messages ("secret_key", "db_password", ...).
[[nodiscard]] bool is_secret_key(std::string_view key);

}  // namespace patchbay::config
