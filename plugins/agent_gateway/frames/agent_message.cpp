// SPDX-License-Identifier: Apache-2.0
#include "agent_message.hpp"

#include "json_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace patchbay::agent_gateway {

namespace {

using Type = simdjson::dom::element_type;

/// The members that are looked at, each at most once.
enum Member : unsigned {
    message_type,
    sender_id,
    message_id,
    timestamp,
    metadata,
    content,
    text_representation,
    requires_response,
    protocol,
    mod,
    target_agent_id,
    target_id,
    exclude_agent_ids,
    direction,
    relevant_agent_id,
    in_reply_to,
    member_count,
};

constexpr std::array<std::string_view, member_count> names{
    "message_type",      "sender_id", "message_id",          "timestamp",
    "metadata",          "content",   "text_representation", "requires_response",
    "protocol",          "mod",       "target_agent_id",     "target_id",
    "exclude_agent_ids", "direction", "relevant_agent_id",   "in_reply_to"};

using Members = std::array<std::optional<JsonElement>, member_count>;

constexpr FrameProblem problem_of(std::string_view text) noexcept {
    return {"invalid_message", text};
}

bool collect(const JsonElement& data, Members& members, unsigned& nulls, FrameProblem& problem) {
    simdjson::dom::object object;
    if (data.get(object) != simdjson::SUCCESS) {
        problem = problem_of("The message is not a JSON object");
        return false;
    }
    unsigned seen = 0;
    for (const simdjson::dom::key_value_pair& entry : object) {
        for (unsigned i = 0; i < member_count; ++i) {
            if (entry.key != names[i]) {
                continue;
            }
            if ((seen & (1U << i)) != 0) {
                problem = problem_of("The message has a member twice");
                return false;
            }
            seen |= 1U << i;
            if (entry.value.is_null()) {
                nulls |= 1U << i;
            } else {
                members[i] = entry.value;
            }
            break;
        }
    }
    return true;
}

bool is(const std::optional<JsonElement>& element, Type type) {
    return !element || element->type() == type;
}

bool are_texts(const std::optional<JsonElement>& element) {
    if (!element) {
        return true;
    }
    simdjson::dom::array list;
    if (element->get(list) != simdjson::SUCCESS) {
        return false;
    }
    return std::all_of(list.begin(), list.end(),
                       [](const JsonElement& entry) { return entry.is_string(); });
}

/// Whether each member has the type that receivers expect.
bool check_types(const Members& members, FrameProblem& problem) {
    struct Expected {
        Member member;
        Type type;
        std::string_view otherwise;
    };
    static constexpr std::array<Expected, 13> all{{
        {message_type, Type::STRING, "message_type is not text"},
        {sender_id, Type::STRING, "sender_id is not text"},
        {message_id, Type::STRING, "message_id is not text"},
        {metadata, Type::OBJECT, "metadata is not an object"},
        {content, Type::OBJECT, "content is not an object"},
        {text_representation, Type::STRING, "text_representation is not text"},
        {requires_response, Type::BOOL, "requires_response is neither true nor false"},
        {protocol, Type::STRING, "protocol is not text"},
        {mod, Type::STRING, "mod is not text"},
        {target_agent_id, Type::STRING, "target_agent_id is not text"},
        {target_id, Type::STRING, "target_id is not text"},
        {direction, Type::STRING, "direction is not text"},
        {relevant_agent_id, Type::STRING, "relevant_agent_id is not text"},
    }};
    for (const Expected& expected : all) {
        if (!is(members[expected.member], expected.type)) {
            problem = problem_of(expected.otherwise);
            return false;
        }
    }
    if (!are_texts(members[exclude_agent_ids])) {
        problem = problem_of("exclude_agent_ids is not a list of texts");
        return false;
    }
    return true;
}

std::string_view text(const Members& members, Member member) {
    return text_of(members[member]).value_or(std::string_view());
}

bool read_kind(const Members& members, AgentMessage& message, FrameProblem& problem) {
    const std::string_view type = text(members, message_type);
    if (type == "direct_message") {
        message.kind = MessageKind::direct;
    } else if (type == "broadcast_message") {
        message.kind = MessageKind::broadcast;
    } else if (type == "protocol_message" || type == "mod_message") {
        message.kind = MessageKind::mod;
        message.needs_rewriting = true;
    } else {
        problem = problem_of(
            "message_type is none of direct_message, broadcast_message, protocol_message and "
            "mod_message");
        return false;
    }
    return true;
}

/// An integer of 64 bits; upstream's receivers also take 2.0, which is rewritten.
bool read_timestamp(const Members& members, AgentMessage& message, FrameProblem& problem) {
    const auto& element = members[timestamp];
    message.has_timestamp = element.has_value();
    if (!element) {
        message.needs_rewriting = true;
        return true;
    }
    double number = 0;
    if (element->is_int64()) {
        return true;
    }
    if (element->is_double() && element->get(number) == simdjson::SUCCESS &&
        number == std::floor(number) && std::abs(number) < 9e15) {
        message.needs_rewriting = true;
        return true;
    }
    problem = problem_of("timestamp is not a whole number of milliseconds");
    return false;
}

std::string_view reply_of(const Members& members, const AgentMessage& message) {
    if (const auto direct = text_of(members[in_reply_to])) {
        return *direct;
    }
    return message.metadata ? text_at(*message.metadata, "in_reply_to") : std::string_view();
}

bool is_replaced(std::string_view key) noexcept {
    return key == "message_type" || key == "sender_id" || key == "message_id" ||
           key == "timestamp" || key == "metadata" || key == "content" || key == "target_agent_id";
}

}  // namespace

std::optional<AgentMessage> read_message(const JsonElement& data, FrameProblem& problem) {
    Members members{};
    unsigned nulls = 0;
    AgentMessage message;
    message.data = data;
    if (!collect(data, members, nulls, problem) || !check_types(members, problem) ||
        !read_kind(members, message, problem) || !read_timestamp(members, message, problem)) {
        return std::nullopt;
    }
    message.sender_id = text(members, sender_id);
    if (message.sender_id.empty()) {
        problem = problem_of("sender_id is missing");
        return std::nullopt;
    }
    message.message_id = text(members, message_id);
    message.metadata = members[metadata];
    message.content = members[content];
    message.exclude = members[exclude_agent_ids];
    message.mod = text(members, mod).empty() ? text(members, protocol) : text(members, mod);
    const std::string_view other = text(members, target_id);
    message.target = other.empty() ? text(members, target_agent_id) : other;
    message.in_reply_to = reply_of(members, message);
    if (message.kind == MessageKind::direct && message.target.empty()) {
        problem = problem_of("target_agent_id is missing");
        return std::nullopt;
    }
    if (message.kind == MessageKind::mod && message.mod.empty()) {
        problem = problem_of("mod is missing");
        return std::nullopt;
    }
    // Null is as good as absent for these, and for no others.
    constexpr unsigned replaced = (1U << message_id) | (1U << timestamp) | (1U << metadata) |
                                  (1U << content) | (1U << target_agent_id);
    constexpr unsigned deadly = (1U << requires_response) | (1U << exclude_agent_ids);
    if ((nulls & deadly) != 0) {
        problem = problem_of("requires_response or exclude_agent_ids is null");
        return std::nullopt;
    }
    message.needs_rewriting = message.needs_rewriting || (nulls & replaced) != 0 ||
                              !members[message_id] || !members[content] ||
                              (message.kind == MessageKind::direct && !members[target_agent_id]);
    return message;
}

std::string rewritten(const AgentMessage& message, const MessageDefaults& defaults) {
    std::string out = "{";
    append_member(out, "message_id",
                  message.message_id.empty() ? defaults.message_id : message.message_id);
    std::int64_t time = defaults.timestamp_ms;
    if (message.has_timestamp) {
        const JsonElement given = message.data["timestamp"];
        double number = 0;
        if (given.get(time) != simdjson::SUCCESS && given.get(number) == simdjson::SUCCESS) {
            time = static_cast<std::int64_t>(number);
        }
    }
    append_member(out, "timestamp", time);
    append_member(out, "message_type",
                  std::string_view(message.kind == MessageKind::broadcast ? "broadcast_message"
                                                                          : "direct_message"));
    append_member(out, "sender_id", message.sender_id);
    if (!message.target.empty()) {
        append_member(out, "target_agent_id", message.target);
    }
    append_raw_member(out, "metadata", message.metadata ? json_of(*message.metadata) : "{}");
    append_raw_member(out, "content", message.content ? json_of(*message.content) : "{}");
    for (const simdjson::dom::key_value_pair& entry : simdjson::dom::object(message.data)) {
        if (!is_replaced(entry.key)) {
            append_raw_member(out, entry.key, json_of(entry.value));
        }
    }
    out += '}';
    return out;
}

std::string message_frame(std::string_view data) {
    std::string out(message_frame_begin);
    out += data;
    out += message_frame_end;
    return out;
}

bool excludes(const AgentMessage& message, std::string_view agent_id) {
    if (!message.exclude) {
        return false;
    }
    const simdjson::dom::array list(*message.exclude);
    return std::any_of(list.begin(), list.end(), [&](const JsonElement& entry) {
        return std::string_view(entry) == agent_id;
    });
}

}  // namespace patchbay::agent_gateway
