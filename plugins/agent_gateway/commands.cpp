// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include "agent_socket.hpp"
#include "frames/json_text.hpp"
#include "gateway_lane.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

/// Of what a client wrote, as it is repeated in an answer.
constexpr std::size_t echo_bound = 256;
constexpr double exact_integers = 9007199254740992.0;  // 2^53

std::string begin_response(std::string_view command, bool success) {
    std::string out = "{";
    append_member(out, "type", std::string_view("system_response"));
    append_member(out, "command", command);
    append_member(out, "success", success);
    return out;
}

void send_response(AgentSocket& socket, std::string out, std::string_view request_id) {
    if (!request_id.empty()) {
        append_raw_member(out, "request_id", request_id);
    }
    out += '}';
    static_cast<void>(socket.send_text(out));
}

std::string request_id_of(const ClientFrame& frame) {
    return frame.request_id ? json_of(*frame.request_id) : std::string();
}

/// The members of a JSON object, without its braces.
std::string_view members_of(std::string_view object) {
    const std::size_t first = object.find('{');
    const std::size_t last = object.rfind('}');
    if (first == std::string_view::npos || last <= first) {
        return {};
    }
    object = object.substr(first + 1, last - first - 1);
    return object.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view()
                                                                         : object;
}

void append_members(std::string& out, std::string_view object) {
    const std::string_view members = members_of(object);
    if (!members.empty()) {
        out += ", ";
        out += members;
    }
}

/// Metadata as others may see it: without what proves who the agent is.
std::string public_metadata(const JsonElement& metadata) {
    std::string out = "{";
    for (const simdjson::dom::key_value_pair& entry : simdjson::dom::object(metadata)) {
        if (entry.key != "certificate" && entry.key != "force_reconnect" && entry.key != "proof" &&
            entry.key != "claim_token") {
            append_raw_member(out, entry.key, json_of(entry.value));
        }
    }
    out += '}';
    return out;
}

/// A member of the frame or, for clients that can only put it there, of its metadata.
std::optional<JsonElement> member(const ClientFrame& frame, std::string_view name,
                                  const std::optional<JsonElement>& in_frame) {
    if (in_frame) {
        return in_frame;
    }
    JsonElement found;
    for (const std::optional<JsonElement>& place : {std::optional(frame.root), frame.metadata}) {
        if (place && place->is_object() && place->at_key(name).get(found) == simdjson::SUCCESS &&
            !found.is_null()) {
            return found;
        }
    }
    return std::nullopt;
}

std::string object_json(const std::optional<JsonElement>& element) {
    return element ? json_of(*element) : std::string();
}

std::string_view change_name(AgentChange change) {
    switch (change) {
        case AgentChange::joined:
            return "agent_joined";
        case AgentChange::left:
            return "agent_left";
        case AgentChange::lost:
            return "agent_lost";
        case AgentChange::replaced:
            return "agent_replaced";
        case AgentChange::claimed:
            return "agent_claimed";
        case AgentChange::released:
            return "agent_released";
    }
    return "agent_changed";
}

}  // namespace

// ---- Frames -------------------------------------------------------------------------------------

void Commands::refuse(AgentSocket& socket, std::string_view command, std::string_view code,
                      std::string_view text, std::string_view more) {
    std::string out = begin_response(command.substr(0, echo_bound), false);
    append_member(out, "error", text);
    append_member(out, "error_code", code);
    append_members(out, more);
    send_response(socket, std::move(out), {});
}

void Commands::refuse_request(AgentSocket& socket, const ClientFrame& frame, std::string_view code,
                              std::string_view text) {
    lane_.shared().counters.requests_refused.add();
    const std::string_view command =
        frame.command.size() <= echo_bound ? frame.command : std::string_view("unknown");
    std::string out = begin_response(command, false);
    append_member(out, "error", text);
    append_member(out, "error_code", code);
    send_response(socket, std::move(out), request_id_of(frame));
}

std::string Commands::presence_frame(AgentChange change, std::string_view agent_id,
                                     std::string_view payload, std::uint64_t missed) {
    std::string out = "{";
    append_member(out, "type", std::string_view("system_event"));
    append_member(out, "event", change_name(change));
    append_member(out, "agent_id", agent_id);
    append_raw_member(out, "agent", members_of(payload).empty() ? "{}" : payload);
    if (missed != 0) {
        append_member(out, "missed", static_cast<std::int64_t>(missed));
    }
    out += '}';
    return out;
}

void Commands::ping(AgentSocket& socket, std::uint64_t value) {
    if (!socket.is_registered()) {
        return;
    }
    std::string out = "{";
    append_member(out, "type", std::string_view("system_request"));
    append_member(out, "command", std::string_view("ping_agent"));
    append_member(out, "timestamp", static_cast<std::int64_t>(value));
    append_member(out, "agent_id", socket.agent_id());
    out += '}';
    static_cast<void>(socket.send_text(out));
}

// ---- Dispatch -----------------------------------------------------------------------------------

const Commands::Command* Commands::find(std::string_view name) {
    static constexpr std::array<Command, 15> all{{
        {"register_agent", &Commands::register_agent, true},
        {"ping_agent", &Commands::ping_agent, true},
        {"validate_certificate", &Commands::validate, true},
        {"claim_agent_id", &Commands::claim, false},
        {"renew_certificate", &Commands::renew, false},
        {"release_agent_id", &Commands::release, false},
        {"list_agents", &Commands::list_agents, false},
        {"list_mods", &Commands::list_mods, false},
        {"list_protocols", &Commands::list_mods, false},
        {"get_mod_manifest", &Commands::manifest, false},
        {"get_protocol_manifest", &Commands::manifest, false},
        {"get_network_info", &Commands::network_info, false},
        {"subscribe", &Commands::subscribe, false},
        {"unsubscribe", &Commands::unsubscribe, false},
        {"", nullptr, true},
    }};
    for (const Command& command : all) {
        if (command.handler != nullptr && command.name == name) {
            return &command;
        }
    }
    return nullptr;
}

void Commands::handle(AgentSocket& socket, const ClientFrame& frame) {
    if (frame.kind == FrameKind::response) {
        if (frame.command == "ping_agent") {
            pong(socket, frame);
        }
        return;  // the answer to nothing that was asked
    }
    Shared& shared = lane_.shared();
    shared.counters.requests.add();
    if (socket.is_registered()) {
        lane_.identity().touch(socket.session());
    }
    if (!socket.admit_request(lane_.second(), shared.options.limits.requests_per_second)) {
        refuse_request(socket, frame, "rate_limited", "Too many requests");
        return;
    }
    const Command* const command = find(frame.command);
    const bool is_stranger = !socket.is_registered();
    if (is_stranger && !shared.settings.is_openagents_05 &&
        (command == nullptr || !command->before_registration)) {
        refuse_request(socket, frame, "not_registered", "Not registered");
        return;
    }
    if (command == nullptr) {
        refuse_request(socket, frame, "unknown_command",
                       "Unknown command: " + std::string(frame.command.substr(0, echo_bound / 2)));
        return;
    }
    (this->*command->handler)(socket, frame);
}

void Commands::pong(AgentSocket& socket, const ClientFrame& frame) {
    if (!socket.is_registered()) {
        return;
    }
    if (frame.agent_id) {
        const std::optional<std::string_view> named = text_of(frame.agent_id);
        if (!named || *named != socket.agent_id()) {
            lane_.shared().host.log().debug(
                [&] { return "a pong of agent '" + socket.agent_id() + "' names another agent"; });
            refuse(socket, "ping_agent", "wrong_agent_id",
                   "The pong names another agent than the one registered here");
            return;
        }
    }
    bool success = true;
    if (frame.success) {
        success = is_truthy(frame.success);
    }
    if (success) {
        lane_.identity().touch(socket.session());
    }
    std::uint64_t value = 0;
    double number = 0;
    if (frame.timestamp && frame.timestamp->get(value) != simdjson::SUCCESS &&
        frame.timestamp->get(number) == simdjson::SUCCESS && number >= 0 &&
        number < exact_integers && number == std::floor(number)) {
        value = static_cast<std::uint64_t>(number);  // JavaScript and Lua know no other numbers
    }
    lane_.identity().pong(socket.session(), value, success);
}

// ---- Requests that the host decides -------------------------------------------------------------

std::uint64_t Commands::wait(AgentSocket& socket, const ClientFrame& frame,
                             std::string_view command, std::string agent_id) {
    const std::uint64_t cookie = ++cookies_;
    pending_.emplace(cookie, Pending{socket.connection(), command, request_id_of(frame),
                                     std::move(agent_id), socket.session()});
    socket.pause();
    return cookie;
}

void Commands::give_up(AgentSocket& socket, std::uint64_t cookie, std::string_view code,
                       std::string_view text) {
    const auto found = pending_.find(cookie);
    std::string out = begin_response(found->second.command, false);
    append_member(out, "error", text);
    append_member(out, "error_code", code);
    const std::string request_id = std::move(found->second.request_id);
    pending_.erase(found);
    lane_.shared().counters.requests_refused.add();
    send_response(socket, std::move(out), request_id);
    // Not `resume`: the frame that is being handled lies in the buffer that it would read into.
    socket.unpause();
}

void Commands::register_agent(AgentSocket& socket, const ClientFrame& frame) {
    const std::optional<std::string_view> id = text_of(frame.agent_id);
    if (!frame.agent_id || (id && id->empty())) {
        refuse_request(socket, frame, "missing_agent_id", "Missing agent_id");
        return;
    }
    if (!id) {
        refuse_request(socket, frame, "invalid_agent_id", "agent_id is not text");
        return;
    }
    if (socket.is_registered() && *id != socket.agent_id()) {
        refuse_request(socket, frame, "already_registered",
                       "This connection is already registered as " + socket.agent_id());
        return;
    }
    if (frame.metadata && !frame.metadata->is_object()) {
        refuse_request(socket, frame, "invalid_metadata", "metadata is not an object");
        return;
    }
    const std::optional<JsonElement> certificate = member(frame, "certificate", frame.certificate);
    const std::optional<JsonElement> force =
        member(frame, "force_reconnect", frame.force_reconnect);
    bool forced = false;
    if (force && force->get(forced) != simdjson::SUCCESS) {
        forced = lane_.shared().settings.is_openagents_05 && is_truthy(force);
    }
    // An empty object is as good as none, as upstream has it.
    const std::string certificate_json = is_truthy(certificate) ? object_json(certificate) : "";
    const std::string metadata = frame.metadata ? public_metadata(*frame.metadata) : "{}";
    const std::string proof = object_json(member(frame, "proof", std::nullopt));
    const std::string remote = socket.peer().text_with_port();
    AgentRegistration registration;
    registration.connection = socket.connection();
    registration.agent_id = *id;
    registration.metadata = metadata;
    registration.certificate = certificate_json;
    registration.proof = proof;
    registration.remote = remote;
    registration.transport = socket.is_tls() ? "websocket+tls" : "websocket";
    registration.force = forced;
    const std::uint64_t cookie = wait(socket, frame, "register_agent", std::string(*id));
    if (auto asked = lane_.identity().register_agent(lane_.lane(), registration, cookie); !asked) {
        give_up(socket, cookie, asked.error().code, asked.error().message);
    }
}

void Commands::claim(AgentSocket& socket, const ClientFrame& frame) {
    const std::optional<std::string_view> id = text_of(frame.agent_id);
    if (!frame.agent_id || (id && id->empty())) {
        refuse_request(socket, frame, "missing_agent_id", "Missing agent_id");
        return;
    }
    if (!id) {
        refuse_request(socket, frame, "invalid_agent_id", "agent_id is not text");
        return;
    }
    bool forced = false;
    if (frame.force && frame.force->get(forced) != simdjson::SUCCESS) {
        forced = lane_.shared().settings.is_openagents_05 && is_truthy(frame.force);
    }
    std::string public_key;
    if (const auto encoded = text_of(member(frame, "public_key", std::nullopt))) {
        if (!from_base64(*encoded, public_key) || public_key.size() != 32) {
            refuse_request(socket, frame, "invalid_public_key",
                           "public_key is not an Ed25519 key, 32 bytes in Base64");
            return;
        }
    }
    const std::string certificate = object_json(frame.certificate);
    const auto token = text_of(member(frame, "claim_token", std::nullopt));
    const std::string remote = socket.peer().text_with_port();
    AgentClaim claim;
    claim.session = socket.session();
    claim.agent_id = *id;
    claim.certificate = certificate;
    claim.token = token.value_or(std::string_view());
    claim.public_key = public_key;
    claim.remote = remote;
    claim.force = forced;
    const std::uint64_t cookie = wait(socket, frame, "claim_agent_id", std::string(*id));
    if (auto asked = lane_.identity().claim(lane_.lane(), claim, cookie); !asked) {
        give_up(socket, cookie, asked.error().code, asked.error().message);
    }
}

void Commands::validate(AgentSocket& socket, const ClientFrame& frame) {
    if (!is_truthy(frame.certificate)) {
        refuse_request(socket, frame, "missing_certificate", "Missing certificate data");
        return;
    }
    if (!frame.certificate->is_object()) {
        refuse_request(socket, frame, "invalid_certificate", "certificate is not an object");
        return;
    }
    const std::string_view id = text_at(*frame.certificate, "agent_id");
    const std::string certificate = json_of(*frame.certificate);
    const std::string remote = socket.peer().text_with_port();
    const std::uint64_t cookie = wait(socket, frame, "validate_certificate", std::string(id));
    if (auto asked = lane_.identity().validate(lane_.lane(), certificate, remote, cookie); !asked) {
        give_up(socket, cookie, asked.error().code, asked.error().message);
    }
}

bool Commands::speaks_for_itself(AgentSocket& socket, const ClientFrame& frame) {
    if (!socket.is_registered()) {
        refuse_request(socket, frame, "not_registered", "Not registered");
        return false;
    }
    if (frame.agent_id && text_of(frame.agent_id) != std::string_view(socket.agent_id())) {
        refuse_request(socket, frame, "wrong_agent_id",
                       "agent_id is not the one that is registered here");
        return false;
    }
    return true;
}

void Commands::renew(AgentSocket& socket, const ClientFrame& frame) {
    if (!speaks_for_itself(socket, frame)) {
        return;
    }
    const bool void_earlier = is_truthy(member(frame, "void_earlier", std::nullopt));
    const std::uint64_t cookie = wait(socket, frame, "renew_certificate", socket.agent_id());
    if (auto asked = lane_.identity().renew(lane_.lane(), socket.session(), void_earlier, cookie);
        !asked) {
        give_up(socket, cookie, asked.error().code, asked.error().message);
    }
}

void Commands::release(AgentSocket& socket, const ClientFrame& frame) {
    if (!speaks_for_itself(socket, frame)) {
        return;
    }
    const std::uint64_t cookie = wait(socket, frame, "release_agent_id", socket.agent_id());
    if (auto asked = lane_.identity().release(lane_.lane(), socket.session(), cookie); !asked) {
        give_up(socket, cookie, asked.error().code, asked.error().message);
    }
}

void Commands::answer_registered(AgentSocket& socket, std::string_view request_id,
                                 std::string_view payload) const {
    const Shared& shared = lane_.shared();
    const auto seconds = [](std::chrono::nanoseconds time) {
        return std::to_string(std::chrono::duration<double>(time).count());
    };
    std::string out = begin_response("register_agent", true);
    if (payload.find("\"network_name\"") == std::string_view::npos) {
        append_member(out, "network_name", shared.settings.network_name);
        append_member(out, "network_id", shared.settings.network_id);
    }
    append_raw_member(out, "metadata", "{}");
    append_raw_member(out, "heartbeat_interval", seconds(shared.settings.heartbeat_interval));
    append_raw_member(out, "agent_timeout", seconds(shared.settings.agent_timeout));
    append_member(out, "max_message_size",
                  static_cast<std::int64_t>(shared.options.limits.message_size));
    append_members(out, payload);
    send_response(socket, std::move(out), request_id);
}

void Commands::registered(AgentSocket* socket, Pending& pending, const IdentityAnswer& answer) {
    if (socket == nullptr || !socket->is_open()) {
        lane_.identity().unregister(answer.value);  // it closed meanwhile
        return;
    }
    lane_.bind(*socket, pending.agent_id, answer.value);
    lane_.shared().host.log().info([&] {
        return "agent '" + pending.agent_id + "' is registered from " +
               socket->peer().text_with_port();
    });
    answer_registered(*socket, pending.request_id, answer.payload);
}

void Commands::on_identity_answer(const IdentityAnswer& answer) {
    auto node = pending_.extract(answer.cookie);
    if (node.empty()) {
        return;
    }
    Pending& pending = node.mapped();
    AgentSocket* const socket = lane_.find_connection(pending.connection);
    if (answer.is_ok() && pending.command == "register_agent") {
        registered(socket, pending, answer);
    } else if (socket != nullptr) {
        std::string out = begin_response(pending.command, answer.is_ok());
        if (!answer.is_ok()) {
            lane_.shared().counters.requests_refused.add();
            append_member(out, "error_code", answer.code);
        }
        append_members(out, answer.payload);
        send_response(*socket, std::move(out), pending.request_id);
    }
    if (socket != nullptr) {
        socket->resume();
    }
}

// ---- Requests that are answered at once ---------------------------------------------------------

void Commands::ping_agent(AgentSocket& socket, const ClientFrame& frame) {
    std::string out = begin_response("ping_agent", true);
    if (frame.timestamp) {
        append_raw_member(out, "timestamp", json_of(*frame.timestamp));
    } else {
        append_raw_member(out, "timestamp",
                          std::to_string(static_cast<double>(lane_.wall_ms()) / 1000.0));
    }
    send_response(socket, std::move(out), request_id_of(frame));
}

void Commands::list_agents(AgentSocket& socket, const ClientFrame& frame) {
    const std::size_t bound = lane_.shared().options.limits.listed_agents;
    std::size_t wanted = bound;
    std::uint64_t number = 0;
    if (const auto limit = member(frame, "limit", std::nullopt);
        limit && limit->get(number) == simdjson::SUCCESS && number != 0) {
        wanted = static_cast<std::size_t>(std::min<std::uint64_t>(number, bound));
    }
    constexpr std::size_t page = 1000;
    std::string after(text_of(member(frame, "after", std::nullopt)).value_or(std::string_view()));
    std::string agents;
    bool has_more = false;
    for (std::size_t listed = 0; listed < wanted;) {
        const std::size_t ask = std::min(page, wanted - listed);
        const auto list = lane_.identity().list(after, static_cast<std::uint32_t>(ask));
        if (!list) {
            refuse_request(socket, frame, list.error().code, list.error().message);
            return;
        }
        // The page as the host wrote it, and its last id for the next one.
        std::string padded = *list;
        padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
        simdjson::dom::parser parser;
        simdjson::dom::array entries;
        if (parser.parse(padded.data(), padded.size(), false).get(entries) != simdjson::SUCCESS) {
            refuse_request(socket, frame, "internal_error", "The list could not be read");
            return;
        }
        const std::size_t count = entries.size();
        if (count != 0) {
            after = text_at(entries.at(count - 1), "agent_id");
            const std::size_t first = list->find('[');
            agents += agents.empty() ? "" : ", ";
            agents.append(*list, first + 1, list->rfind(']') - first - 1);
        }
        listed += count;
        has_more = count == ask;
        if (!has_more) {
            break;
        }
    }
    std::string out = begin_response("list_agents", true);
    append_raw_member(out, "agents", "[" + agents + "]");
    if (has_more) {
        append_member(out, "next_after", after);
    }
    send_response(socket, std::move(out), request_id_of(frame));
}

void Commands::list_mods(AgentSocket& socket, const ClientFrame& frame) {
    // What agents may send to beside agents is what comes closest to upstream's mods.
    std::string mods = "[";
    for (const std::string& name : lane_.shared().options.may_address) {
        std::string entry = "{";
        append_member(entry, "name", name);
        append_member(entry, "description", std::string_view("A connection of this host"));
        append_member(entry, "version", std::string_view("1.0.0"));
        append_member(entry, "requires_adapter", false);
        append_raw_member(entry, "capabilities", "[]");
        mods += mods.size() > 1 ? ", " : "";
        mods += entry + '}';
    }
    mods += ']';
    const bool is_later = frame.command == "list_mods";
    std::string out = begin_response(frame.command, true);
    append_raw_member(out, is_later ? "mods" : "protocols", mods);
    send_response(socket, std::move(out), request_id_of(frame));
}

void Commands::manifest(AgentSocket& socket, const ClientFrame& frame) {
    refuse_request(socket, frame, "not_found", "There is no manifest of that name");
}

/// Page by page, within the bound of a list.
std::size_t Commands::count_agents() const {
    constexpr std::size_t page = 1000;
    std::size_t agents = 0;
    std::string after;
    while (agents < lane_.shared().options.limits.listed_agents) {
        const auto list = lane_.identity().list(after, page);
        if (!list) {
            break;
        }
        std::string padded = *list;
        padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
        simdjson::dom::parser parser;
        simdjson::dom::array entries;
        if (parser.parse(padded.data(), padded.size(), false).get(entries) != simdjson::SUCCESS) {
            break;
        }
        const std::size_t count = entries.size();
        agents += count;
        if (count < page) {
            break;
        }
        after = text_at(entries.at(count - 1), "agent_id");
    }
    return agents;
}

void Commands::network_info(AgentSocket& socket, const ClientFrame& frame) {
    const Shared& shared = lane_.shared();
    if (counted_at_ != lane_.second() || counted_ == 0) {
        counted_at_ = lane_.second();
        counted_ = count_agents();
    }
    std::string info = "{";
    append_member(info, "name", shared.settings.network_name);
    append_member(info, "node_id", shared.settings.network_id);
    append_member(info, "mode", std::string_view("centralized"));
    std::string mods = "[";
    for (const std::string& name : shared.options.may_address) {
        mods += mods.size() > 1 ? ", " : "";
        append_json_string(mods, name);
    }
    append_raw_member(info, "mods", mods + "]");
    append_member(info, "agent_count", static_cast<std::int64_t>(counted_));
    std::string out = begin_response("get_network_info", true);
    append_raw_member(out, "network_info", info + "}");
    send_response(socket, std::move(out), request_id_of(frame));
}

void Commands::subscribe(AgentSocket& socket, const ClientFrame& frame) {
    if (!socket.is_registered()) {
        refuse_request(socket, frame, "not_registered", "Not registered");
        return;
    }
    lane_.want_presence(socket, true);
    send_response(socket, begin_response("subscribe", true), request_id_of(frame));
}

void Commands::unsubscribe(AgentSocket& socket, const ClientFrame& frame) {
    lane_.want_presence(socket, false);
    send_response(socket, begin_response("unsubscribe", true), request_id_of(frame));
}

}  // namespace patchbay::agent_gateway
