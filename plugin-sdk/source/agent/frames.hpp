// SPDX-License-Identifier: Apache-2.0
/// \file
/// The JSON of the agent gateway's first subprotocol, as far as an agent writes and reads it.
#pragma once

#include <patchbay/agent/client.hpp>
#include <patchbay/agent/message.hpp>
#include <patchbay/result.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent {

using Json = nlohmann::json;

/// Text for the wire; what is no UTF-8 is replaced.
[[nodiscard]] std::string to_text(const Json& json);

/// A JSON object that came as text; `agent.bad_json` names `what`.
[[nodiscard]] Result<Json> object_of(std::string_view text, std::string_view what);

/// Answer to the server's `ping_agent`; its timestamp goes back unchanged, whatever it is.
[[nodiscard]] Json pong_for(const Json& ping, const std::string& agent_id);

[[nodiscard]] Json direct_message(const std::string& sender, const std::string& target,
                                  Json content);
[[nodiscard]] Json broadcast_message(const std::string& sender, Json content);

/// The message in a frame of type `message`; nothing when it is none that an agent can use.
[[nodiscard]] std::optional<Message> message_of(const Json& frame);

/// What a response with `success: false` means.
[[nodiscard]] Error refusal_of(const Json& response);

[[nodiscard]] Network network_of(const Json& response);
[[nodiscard]] std::vector<AgentInfo> agents_of(const Json& response);

}  // namespace patchbay::agent
