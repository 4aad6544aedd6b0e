// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages between agents. The real client of upstream stops listening for good when a message has
/// a member of the wrong type, so nothing is handed on that was not looked at here.
#pragma once

#include "client_frame.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

/// Of envelopes that carry such a message; their content is its JSON object.
inline constexpr std::string_view agent_message_protocol_id = "patchbay/agent_message:0.1.0";

enum class MessageKind : std::uint8_t {
    direct,
    broadcast,
    mod,  ///< `protocol_message`, and its later spelling `mod_message`
};

struct AgentMessage {
    MessageKind kind = MessageKind::direct;
    JsonElement data{};
    std::string_view message_id{};  ///< empty: to be made
    std::string_view sender_id{};
    std::string_view target{};  ///< `target_id`, else `target_agent_id`; empty = none
    std::string_view mod{};     ///< `mod` or `protocol`
    /// Of the message or of its metadata: the message that this one answers.
    std::string_view in_reply_to{};
    std::optional<JsonElement> content{};   ///< an object
    std::optional<JsonElement> metadata{};  ///< an object
    std::optional<JsonElement> exclude{};   ///< a list of texts
    bool has_timestamp = false;
    /// Something is absent, or spelt in a way that receivers die of.
    bool needs_rewriting = false;
};

/// Checks every member that receivers look at. Nothing on a problem, which is told.
[[nodiscard]] std::optional<AgentMessage> read_message(const JsonElement& data,
                                                       FrameProblem& problem);

/// What takes the place of what a message lacks.
struct MessageDefaults {
    std::string_view message_id;
    std::int64_t timestamp_ms = 0;
};

/// The message as a JSON object that every receiver survives. A mod message becomes a direct one,
/// because each version of upstream dies of the other's spelling; its `mod` stays.
[[nodiscard]] std::string rewritten(const AgentMessage& message, const MessageDefaults& defaults);

/// What stands around the data of a message's frame.
inline constexpr std::string_view message_frame_begin = R"({"type": "message", "data": )";
inline constexpr char message_frame_end = '}';

/// `{"type": "message", "data": DATA}`
[[nodiscard]] std::string message_frame(std::string_view data);

[[nodiscard]] bool excludes(const AgentMessage& message, std::string_view agent_id);

}  // namespace patchbay::agent_gateway
