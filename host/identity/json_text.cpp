// SPDX-License-Identifier: Apache-2.0
#include "identity/json_text.hpp"

#include "identity/code_points.hpp"

#include <cstddef>
#include <cstdint>

namespace patchbay::identity {

void append_json_escaped(std::string& text, std::string_view value) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto unit = [&text, digits](std::uint32_t code) {
        text += {'\\',
                 'u',
                 digits[code >> 12U & 0xFU],
                 digits[code >> 8U & 0xFU],
                 digits[code >> 4U & 0xFU],
                 digits[code & 0xFU]};
    };
    for (std::size_t at = 0; at < value.size();) {
        // Nearly all ids are plain from the first to the last byte.
        const std::size_t start = at;
        while (at < value.size() && value[at] >= ' ' && value[at] <= '~' && value[at] != '"' &&
               value[at] != '\\') {
            ++at;
        }
        text.append(value, start, at - start);
        if (at == value.size()) {
            return;
        }
        const std::uint32_t code = next_code_point(value, at);
        switch (code) {
            case '"':
                text += "\\\"";
                break;
            case '\\':
                text += "\\\\";
                break;
            case '\b':
                text += "\\b";
                break;
            case '\f':
                text += "\\f";
                break;
            case '\n':
                text += "\\n";
                break;
            case '\r':
                text += "\\r";
                break;
            case '\t':
                text += "\\t";
                break;
            default:
                if (code > 0xFFFF) {
                    unit(0xD800 + ((code - 0x10000) >> 10U));
                    unit(0xDC00 + ((code - 0x10000) & 0x3FFU));
                } else {
                    unit(code);
                }
        }
    }
}

}  // namespace patchbay::identity
