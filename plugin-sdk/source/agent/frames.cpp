// SPDX-License-Identifier: Apache-2.0
#include "agent/frames.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

namespace patchbay::agent {
namespace {

/// Random, in the form of a UUID of version 4.
std::string new_message_id() {
    std::random_device random;
    std::array<std::uint32_t, 4> words{};
    for (std::uint32_t& word : words) {
        word = random();
    }
    words[1] = (words[1] & 0xFFFF0FFFU) | 0x4000U;
    words[2] = (words[2] & 0x3FFFFFFFU) | 0x80000000U;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (std::size_t nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
            id += '-';
        }
        id += digits[(words[nibble / 8] >> (28 - 4 * (nibble % 8))) & 15U];
    }
    return id;
}

Json message_frame(const char* kind, const std::string& sender, Json content) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return {{"type", "message"},
            {"data",
             {{"message_id", new_message_id()},
              {"timestamp", now.count()},
              {"protocol", nullptr},
              {"message_type", kind},
              {"sender_id", sender},
              {"metadata", Json::object()},
              {"content", std::move(content)},
              {"text_representation", nullptr},
              {"requires_response", false}}}};
}

/// A text member; empty when there is none.
std::string text_at(const Json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>()
                                                         : std::string();
}

/// An object member as text; `{}` when there is none.
std::string object_at(const Json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_object() ? to_text(*member) : "{}";
}

}  // namespace

std::string to_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> object_of(std::string_view text, std::string_view what) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return failure(ErrorClass::invalid, "agent.bad_json",
                       "The " + std::string(what) + " must be a JSON object.");
    }
    return json;
}

Json pong_for(const Json& ping, const std::string& agent_id) {
    Json pong = {{"type", "system_response"},
                 {"command", "ping_agent"},
                 {"success", true},
                 {"agent_id", agent_id}};
    if (const auto timestamp = ping.find("timestamp"); timestamp != ping.end()) {
        pong["timestamp"] = *timestamp;
    }
    return pong;
}

Json direct_message(const std::string& sender, const std::string& target, Json content) {
    Json frame = message_frame("direct_message", sender, std::move(content));
    frame["data"]["target_agent_id"] = target;
    return frame;
}

Json broadcast_message(const std::string& sender, Json content) {
    Json frame = message_frame("broadcast_message", sender, std::move(content));
    frame["data"]["exclude_agent_ids"] = Json::array();
    return frame;
}

std::optional<Message> message_of(const Json& frame) {
    const auto data = frame.find("data");
    if (data == frame.end() || !data->is_object()) {
        return std::nullopt;
    }
    Message message;
    const std::string kind = text_at(*data, "message_type");
    if (kind == "direct_message") {
        message.kind = MessageKind::direct;
    } else if (kind == "broadcast_message") {
        message.kind = MessageKind::broadcast;
    } else if (kind == "protocol_message" || kind == "mod_message") {
        message.kind = MessageKind::protocol;
    } else {
        return std::nullopt;
    }
    message.sender_id = text_at(*data, "sender_id");
    if (message.sender_id.empty()) {
        return std::nullopt;
    }
    message.id = text_at(*data, "message_id");
    message.target_id = text_at(*data, "target_agent_id");
    message.protocol = text_at(*data, "protocol");
    if (message.protocol.empty()) {
        message.protocol = text_at(*data, "mod");
    }
    message.content = object_at(*data, "content");
    if (message.content == "{}") {
        // Where OpenAgents' server puts the content of messages that it sends itself.
        message.content = object_at(*data, "payload");
    }
    message.metadata = object_at(*data, "metadata");
    if (const auto time = data->find("timestamp"); time != data->end() && time->is_number()) {
        constexpr double largest = 9.0e15;
        const double value = time->get<double>();
        message.timestamp = value >= 0 && value < largest ? static_cast<std::int64_t>(value) : 0;
    }
    message.json = to_text(*data);
    return message;
}

Error refusal_of(const Json& response) {
    std::string text = text_at(response, "error");
    const auto contains = [&text](std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    // The texts are upstream's, and Patchbay keeps them.
    Error error{ErrorClass::failed, "agent.refused", {}, {}};
    if (contains("Certificate validation failed")) {
        error.code = "agent.certificate_refused";
    } else if (contains("already connected")) {
        error.code = "agent.already_connected";
    } else if (contains("already claimed")) {
        error.code = "agent.already_claimed";
    } else if (contains("Not registered")) {
        error.code = "agent.not_registered";
    } else if (const std::string code = text_at(response, "error_code");
               code == "identity.proof_required") {
        error.code = "agent.key_required";
    } else if (code == "identity.proof_refused" || code == "identity.challenge_refused") {
        error.code = "agent.key_refused";
    } else if (code == "rate_limited" || code == "overloaded" || code == "receiver_too_slow") {
        error.code = "agent.overloaded";
        error.error_class = ErrorClass::overloaded;
    }
    if (text.empty()) {
        text = "The server refused `" + text_at(response, "command") + "` without a reason.";
    }
    error.message = std::move(text);
    return error;
}

Network network_of(const Json& response) {
    return {text_at(response, "network_name"), text_at(response, "network_id"),
            object_at(response, "metadata")};
}

std::vector<AgentInfo> agents_of(const Json& response) {
    std::vector<AgentInfo> agents;
    const auto list = response.find("agents");
    if (list == response.end() || !list->is_array()) {
        return agents;
    }
    for (const Json& entry : *list) {
        if (!entry.is_object()) {
            continue;
        }
        const auto connected = entry.find("connected");
        agents.push_back({text_at(entry, "agent_id"), text_at(entry, "name"),
                          connected != entry.end() && *connected == true,
                          object_at(entry, "metadata")});
    }
    return agents;
}

std::string text_content(std::string_view text) {
    return to_text(Json{{"text", text}});
}

std::string text_of(std::string_view content) {
    const Json json = Json::parse(content, nullptr, false);
    return json.is_object() ? text_at(json, "text") : std::string();
}

}  // namespace patchbay::agent
