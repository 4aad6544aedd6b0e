// SPDX-License-Identifier: Apache-2.0
/// \file
/// Texts in JSON, escaped as Python does it: ASCII, `\uXXXX` in lower case.
#pragma once

#include <string>
#include <string_view>

namespace patchbay::identity {

/// Appends `value`, which must be UTF-8, without the quotes around it.
void append_json_escaped(std::string& text, std::string_view value);

}  // namespace patchbay::identity
