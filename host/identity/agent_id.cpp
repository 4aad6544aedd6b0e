// SPDX-License-Identifier: Apache-2.0
#include "identity/agent_id.hpp"

#include "identity/code_points.hpp"

#include <patchbay/public_id.hpp>
#include <patchbay/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace patchbay::identity {

namespace {

constexpr std::array<std::string_view, 6> reserved_ids = {"system", "network",   "admin",
                                                          "root",   "anonymous", "patchbay"};

bool is_control(std::uint32_t code) {
    // C0, DEL and C1; the separators of lines and paragraphs end lines of logs as well.
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x2028 || code == 0x2029;
}

bool changes_direction(std::uint32_t code) {
    return code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/// Spaces, and characters without width.
bool is_invisible(std::uint32_t code) {
    return code == 0x20 || code == 0xA0 || code == 0xAD || code == 0x034F || code == 0x115F ||
           code == 0x1160 || code == 0x1680 || code == 0x180E ||
           (code >= 0x2000 && code <= 0x200D) || code == 0x202F || code == 0x205F ||
           (code >= 0x2060 && code <= 0x2064) || code == 0x2800 || code == 0x3000 ||
           code == 0x3164 || (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF || code == 0xFFA0;
}

std::string name_of(std::uint32_t code) {
    std::array<char, 16> text{};
    (void)std::snprintf(text.data(), text.size(), "U+%04X", static_cast<unsigned>(code));
    return text.data();
}

tl::unexpected<Error> bad_agent_id(std::string message) {
    return failure(ErrorClass::invalid, "identity.bad_agent_id", std::move(message));
}

}  // namespace

bool is_reserved_agent_id(std::string_view agent_id) noexcept {
    return std::any_of(
        reserved_ids.begin(), reserved_ids.end(), [agent_id](std::string_view reserved) {
            return std::equal(reserved.begin(), reserved.end(), agent_id.begin(), agent_id.end(),
                              [](char expected, char found) {
                                  const bool upper = found >= 'A' && found <= 'Z';
                                  return expected ==
                                         (upper ? static_cast<char>(found + 32) : found);
                              });
        });
}

Result<void> check_agent_id(std::string_view agent_id) {
    if (agent_id.empty()) {
        return failure(ErrorClass::invalid, "identity.missing_agent_id", "Missing agent_id");
    }
    if (agent_id.size() > max_agent_id_bytes) {
        return bad_agent_id("An agent id has at most " + std::to_string(max_agent_id_bytes) +
                            " bytes; this one has " + std::to_string(agent_id.size()) + '.');
    }
    if (!is_utf8(agent_id)) {
        return bad_agent_id("An agent id must be UTF-8.");
    }
    bool visible = false;
    for (std::size_t at = 0; at < agent_id.size();) {
        const std::size_t start = at;
        const std::uint32_t code = next_code_point(agent_id, at);
        if (is_control(code) || changes_direction(code)) {
            return bad_agent_id(
                "An agent id must not have " +
                std::string(is_control(code) ? "control characters"
                                             : "characters that change the direction of writing") +
                "; this one has " + name_of(code) + " at byte " + std::to_string(start) + '.');
        }
        visible = visible || !is_invisible(code);
    }
    if (!visible) {
        return bad_agent_id("An agent id must have a visible character.");
    }
    if (is_public_id(agent_id)) {
        return bad_agent_id(
            "The agent id " + std::string(agent_id) +
            " is a public id (author/name:version), which names a connection; choose one "
            "without that form.");
    }
    if (is_reserved_agent_id(agent_id)) {
        return failure(
            ErrorClass::invalid, "identity.reserved_agent_id",
            "The agent id " + std::string(agent_id) + " is reserved; choose another one.");
    }
    return {};
}

}  // namespace patchbay::identity
