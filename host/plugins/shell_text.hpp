// SPDX-License-Identifier: Apache-2.0
/// \file
/// Text for commands that a message asks somebody to type.
#pragma once

#include <string>
#include <string_view>

namespace patchbay::plugins {

/// `text` as one word of a POSIX shell; unchanged when it is one already.
[[nodiscard]] inline std::string shell_quoted(std::string_view text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:=@%,";
    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'') {
            quoted += "'\\''";
        } else {
            quoted += c;
        }
    }
    return quoted + '\'';
}

}  // namespace patchbay::plugins
