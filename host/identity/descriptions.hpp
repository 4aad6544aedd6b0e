// SPDX-License-Identifier: Apache-2.0
/// \file
/// How events name agents and where they are. What comes from outside was checked for control
/// characters, or is quoted as JSON.
#pragma once

#include "identity/sessions.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace patchbay::identity {

/// As a JSON string.
[[nodiscard]] inline std::string json_text(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// An id that may be anything, cut to what a line can hold.
[[nodiscard]] inline std::string quote_id(std::string_view agent_id) {
    constexpr std::size_t longest = 256;
    const std::string text = json_text(agent_id.substr(0, longest));
    return '\'' + text.substr(1, text.size() - 2) + '\'';
}

/// "websocket from 127.0.0.1:5".
[[nodiscard]] inline std::string where(const Session& session) {
    const std::string transport(session.transport().empty() ? "connection" : session.transport());
    const std::string remote(session.remote().empty() ? "an unknown place" : session.remote());
    const std::string text = json_text(transport + " from " + remote);
    return text.substr(1, text.size() - 2);
}

}  // namespace patchbay::identity
