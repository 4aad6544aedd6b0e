// SPDX-License-Identifier: Apache-2.0
#include <patchbay/agent_identity.hpp>

namespace patchbay {

namespace {

std::chrono::nanoseconds duration(std::uint64_t nanoseconds) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds));
}

Result<void> outcome(patchbay_status status, std::string_view request) {
    if (status >= 0) {
        return {};
    }
    if (status == PATCHBAY_OVERLOADED) {
        return failure(
            ErrorClass::overloaded, "identity.too_many_requests",
            "Too many requests of this connection to the identity subsystem are in progress.");
    }
    const bool is_known = status >= PATCHBAY_INVALID && status <= PATCHBAY_FAILED;
    return failure(is_known ? static_cast<ErrorClass>(status) : ErrorClass::failed,
                   "identity.request_refused",
                   "The host did not take the request to " + std::string(request) + '.');
}

}  // namespace

Result<AgentIdentity> AgentIdentity::open(const Host& host) {
    const auto* table = host.extension<patchbay_identity>(PATCHBAY_IDENTITY_EXTENSION);
    if (table == nullptr) {
        return failure(ErrorClass::unsupported, "host.no_extension",
                       "The host does not offer " PATCHBAY_IDENTITY_EXTENSION ".");
    }
    return AgentIdentity(host.abi(), table);
}

IdentitySettings AgentIdentity::settings() const {
    patchbay_identity_settings settings{};
    settings.struct_size = sizeof settings;
    table_->settings(host_, &settings);
    return {.network_name = to_view(settings.network_name),
            .network_id = to_view(settings.network_id),
            .heartbeat_interval = duration(settings.heartbeat_interval),
            .agent_timeout = duration(settings.agent_timeout),
            .ping_timeout = duration(settings.ping_timeout),
            .certificate_lifetime = duration(settings.certificate_lifetime),
            .is_openagents_05 = (settings.flags & PATCHBAY_IDENTITY_OPENAGENTS_05) != 0};
}

Result<void> AgentIdentity::register_agent(Lane& lane, const AgentRegistration& registration,
                                           std::uint64_t cookie) const {
    patchbay_agent_registration abi{};
    abi.struct_size = sizeof abi;
    abi.flags = registration.force ? std::uint32_t{PATCHBAY_IDENTITY_FORCE} : 0U;
    abi.connection = registration.connection;
    abi.agent_id = to_abi_string(registration.agent_id);
    abi.metadata = to_abi_string(registration.metadata);
    abi.certificate = to_abi_string(registration.certificate);
    abi.proof = to_abi_string(registration.proof);
    abi.remote = to_abi_string(registration.remote);
    abi.transport = to_abi_string(registration.transport);
    return outcome(table_->register_agent(lane.abi(), &abi, cookie), "register an agent");
}

Result<void> AgentIdentity::claim(Lane& lane, const AgentClaim& claim, std::uint64_t cookie) const {
    patchbay_agent_claim abi{};
    abi.struct_size = sizeof abi;
    abi.flags = claim.force ? std::uint32_t{PATCHBAY_IDENTITY_FORCE} : 0U;
    abi.session = claim.session;
    abi.agent_id = to_abi_string(claim.agent_id);
    abi.certificate = to_abi_string(claim.certificate);
    abi.token = to_abi_string(claim.token);
    abi.public_key = to_abi_bytes(claim.public_key);
    abi.remote = to_abi_string(claim.remote);
    return outcome(table_->claim(lane.abi(), &abi, cookie), "claim an agent id");
}

Result<void> AgentIdentity::renew(Lane& lane, std::uint64_t session, bool void_earlier,
                                  std::uint64_t cookie) const {
    const std::uint32_t flags = void_earlier ? std::uint32_t{PATCHBAY_IDENTITY_VOID_EARLIER} : 0U;
    return outcome(table_->renew(lane.abi(), session, flags, cookie), "renew a certificate");
}

Result<void> AgentIdentity::release(Lane& lane, std::uint64_t session, std::uint64_t cookie) const {
    return outcome(table_->release(lane.abi(), session, cookie), "release an agent id");
}

Result<void> AgentIdentity::validate(Lane& lane, std::string_view certificate,
                                     std::string_view remote, std::uint64_t cookie) const {
    return outcome(
        table_->validate(lane.abi(), to_abi_string(certificate), to_abi_string(remote), cookie),
        "validate a certificate");
}

std::optional<KnownAgent> AgentIdentity::lookup(std::string_view agent_id) const {
    patchbay_agent agent{};
    agent.struct_size = sizeof agent;
    if (table_->lookup(host_, to_abi_string(agent_id), &agent) != PATCHBAY_OK) {
        return std::nullopt;
    }
    KnownAgent known{.is_online = (agent.flags & PATCHBAY_AGENT_IS_ONLINE) != 0,
                     .is_claimed = (agent.flags & PATCHBAY_AGENT_IS_CLAIMED) != 0,
                     .session = agent.session,
                     .connection = agent.connection};
    if (agent.lane != PATCHBAY_NO_LANE) {
        known.lane = agent.lane;
    }
    return known;
}

Result<std::string> AgentIdentity::list(std::string_view after, std::uint32_t limit) const {
    patchbay_bytes json{};
    patchbay_block* block = nullptr;
    if (table_->list(host_, to_abi_string(after), limit, &json, &block) != PATCHBAY_OK) {
        return failure(ErrorClass::overloaded, "identity.no_memory",
                       "The host had no memory for the list of agents.");
    }
    std::string copy(to_view(json));
    host_->release(host_, nullptr, &block, 1);
    return copy;
}

Result<void> AgentIdentity::subscribe(Lane& lane, bool wanted) const {
    return outcome(table_->subscribe(lane.abi(), wanted), "follow the changes of agents");
}

Result<void> AgentIdentity::move(Lane& lane, std::uint64_t session,
                                 std::uint64_t connection) const {
    return outcome(PATCHBAY_HAS(patchbay_identity, table_, move)
                       ? table_->move(lane.abi(), session, connection)
                       : patchbay_status{PATCHBAY_UNSUPPORTED},
                   "move a session");
}

}  // namespace patchbay
