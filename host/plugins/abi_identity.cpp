// SPDX-License-Identifier: Apache-2.0
// The extension patchbay.identity/1 as a table of thunks.
#include "multiplexer/envelope_array.hpp"
#include "plugins/abi_host.hpp"
#include "plugins/agent_identity.hpp"

#include <algorithm>
#include <cstring>

namespace patchbay::plugins {
namespace {

using multiplexer::Lane;

constexpr std::size_t key_size = 32;
constexpr std::uint32_t largest_page = 1'000;

AbiHost& abi_host_of(patchbay_lane* lane) noexcept {
    return *static_cast<LaneContext*>(Lane::from(lane).owner())->host;
}

AgentLane lane_of(patchbay_lane* handle) noexcept {
    const Lane& lane = Lane::from(handle);
    return {lane.instance().number(), lane.generation().number(), lane.index()};
}

/// What the caller's header had of a struct; the rest is zero.
template <class Struct>
Struct read(const Struct& from) noexcept {
    Struct copy{};
    std::memcpy(&copy, &from, std::min<std::size_t>(from.struct_size, sizeof(copy)));
    return copy;
}

/// Writes what the caller's header has of it.
template <class Struct>
void write(Struct& to, Struct from) noexcept {
    const std::uint32_t size = to.struct_size;
    from.struct_size = size;
    std::memcpy(&to, &from, std::min<std::size_t>(size, sizeof(from)));
}

patchbay_status status_of(const Result<void>& result) noexcept {
    return result ? patchbay_status{PATCHBAY_OK}
                  : static_cast<patchbay_status>(result.error().error_class);
}

/// Runs a request of a lane, with the checks that all of them need.
template <class Request>
patchbay_status on_lane(patchbay_lane* lane, const char* function, Request request) noexcept {
    if (lane == nullptr) {
        return PATCHBAY_INVALID;
    }
    AbiHost& self = abi_host_of(lane);
    if (!self.is_own_thread()) {
        self.reports.misbehaved("thread.unknown", function);
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED},
                   [&] { return status_of(request(*self.services.agents, lane_of(lane))); });
}

void PATCHBAY_CALL identity_settings(const patchbay_host* host,
                                     patchbay_identity_settings* settings) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (settings == nullptr) {
        return;
    }
    guarded(self, 0, [&] {
        const AgentIdentitySettings from = self.services.agents->settings();
        patchbay_identity_settings filled{};
        filled.flags = from.openagents_05 ? std::uint32_t{PATCHBAY_IDENTITY_OPENAGENTS_05} : 0U;
        filled.network_name = {from.network_name.data(), from.network_name.size()};
        filled.network_id = {from.network_id.data(), from.network_id.size()};
        filled.heartbeat_interval = from.heartbeat_interval;
        filled.agent_timeout = from.agent_timeout;
        filled.ping_timeout = from.ping_timeout;
        filled.certificate_lifetime = from.certificate_lifetime;
        write(*settings, filled);
        return 0;
    });
}

patchbay_status PATCHBAY_CALL identity_register(patchbay_lane* lane,
                                                const patchbay_agent_registration* registration,
                                                std::uint64_t cookie) noexcept {
    if (registration == nullptr) {
        return PATCHBAY_INVALID;
    }
    return on_lane(lane, "register_agent was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       const patchbay_agent_registration from = read(*registration);
                       AgentRegistration wanted;
                       wanted.connection = from.connection;
                       wanted.agent_id = view(from.agent_id);
                       wanted.metadata = view(from.metadata);
                       wanted.certificate = view(from.certificate);
                       wanted.proof = view(from.proof);
                       wanted.remote = view(from.remote);
                       wanted.transport = view(from.transport);
                       wanted.force = (from.flags & PATCHBAY_IDENTITY_FORCE) != 0;
                       return agents.register_agent(self, wanted, cookie);
                   });
}

void PATCHBAY_CALL identity_unregister(const patchbay_host* host, std::uint64_t session) noexcept {
    AbiHost& self = AbiHost::from(host);
    guarded(self, 0, [&] {
        self.services.agents->unregister(session);
        return 0;
    });
}

void PATCHBAY_CALL identity_touch(const patchbay_host* host, std::uint64_t session) noexcept {
    AbiHost::from(host).services.agents->touch(session);
}

void PATCHBAY_CALL identity_pong(const patchbay_host* host, std::uint64_t session,
                                 std::uint64_t value, bool success) noexcept {
    AbiHost& self = AbiHost::from(host);
    guarded(self, 0, [&] {
        self.services.agents->pong(session, value, success);
        return 0;
    });
}

patchbay_status PATCHBAY_CALL identity_claim(patchbay_lane* lane, const patchbay_agent_claim* claim,
                                             std::uint64_t cookie) noexcept {
    if (claim == nullptr) {
        return PATCHBAY_INVALID;
    }
    const patchbay_agent_claim from = read(*claim);
    if (from.public_key.size != 0 && from.public_key.size != key_size) {
        return PATCHBAY_INVALID;
    }
    return on_lane(lane, "claim was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       AgentClaim wanted;
                       wanted.session = from.session;
                       wanted.agent_id = view(from.agent_id);
                       wanted.certificate = view(from.certificate);
                       wanted.token = view(from.token);
                       wanted.public_key = view(from.public_key);
                       wanted.remote = view(from.remote);
                       wanted.force = (from.flags & PATCHBAY_IDENTITY_FORCE) != 0;
                       return agents.claim(self, wanted, cookie);
                   });
}

patchbay_status PATCHBAY_CALL identity_renew(patchbay_lane* lane, std::uint64_t session,
                                             std::uint32_t flags, std::uint64_t cookie) noexcept {
    return on_lane(lane, "renew was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       return agents.renew(self, session,
                                           (flags & PATCHBAY_IDENTITY_VOID_EARLIER) != 0, cookie);
                   });
}

patchbay_status PATCHBAY_CALL identity_release(patchbay_lane* lane, std::uint64_t session,
                                               std::uint64_t cookie) noexcept {
    return on_lane(lane, "release was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       return agents.release(self, session, cookie);
                   });
}

patchbay_status PATCHBAY_CALL identity_validate(patchbay_lane* lane, patchbay_string certificate,
                                                patchbay_string remote,
                                                std::uint64_t cookie) noexcept {
    return on_lane(lane, "validate was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       return agents.validate(self, view(certificate), view(remote), cookie);
                   });
}

patchbay_status PATCHBAY_CALL identity_lookup(const patchbay_host* host, patchbay_string agent_id,
                                              patchbay_agent* agent) noexcept {
    AbiHost& self = AbiHost::from(host);
    if (agent == nullptr) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        const auto known = self.services.agents->lookup(view(agent_id));
        if (!known) {
            return PATCHBAY_UNSUPPORTED;
        }
        const auto* generation = self.generation.load(std::memory_order_acquire);
        const bool is_own = generation != nullptr && known->session != 0 &&
                            known->lane.instance == generation->instance().number() &&
                            known->lane.generation == generation->number();
        patchbay_agent filled{};
        filled.flags = (known->online ? std::uint32_t{PATCHBAY_AGENT_IS_ONLINE} : 0U) |
                       (known->claimed ? std::uint32_t{PATCHBAY_AGENT_IS_CLAIMED} : 0U);
        filled.session = known->session;
        filled.connection = known->connection;
        filled.lane = is_own ? known->lane.lane : PATCHBAY_NO_LANE;
        write(*agent, filled);
        return PATCHBAY_OK;
    });
}

patchbay_status PATCHBAY_CALL identity_list(const patchbay_host* host, patchbay_string after,
                                            std::uint32_t limit, patchbay_bytes* json,
                                            patchbay_block** block) noexcept {
    AbiHost& self = AbiHost::from(host);
    auto* generation = self.generation.load(std::memory_order_acquire);
    if (json == nullptr || block == nullptr || generation == nullptr) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&] {
        const std::uint32_t page = limit == 0 ? largest_page : std::min(limit, largest_page);
        const std::string text = self.services.agents->list(view(after), page);
        patchbay_buffer buffer{};
        patchbay_array buffers{sizeof(patchbay_array), sizeof(buffer), 1, 0, &buffer};
        const patchbay_status status = generation->allocate(text.size(), &buffers);
        if (status != PATCHBAY_OK) {
            return status;
        }
        std::memcpy(buffer.data, text.data(), text.size());
        *json = {buffer.data, text.size()};
        *block = buffer.block;
        return patchbay_status{PATCHBAY_OK};
    });
}

patchbay_status PATCHBAY_CALL identity_subscribe(patchbay_lane* lane, bool wanted) noexcept {
    return on_lane(lane, "subscribe was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       return agents.subscribe(self, wanted);
                   });
}

patchbay_status PATCHBAY_CALL identity_move(patchbay_lane* lane, std::uint64_t session,
                                            std::uint64_t connection) noexcept {
    return on_lane(lane, "move was called on a thread that the host did not start",
                   [&](AgentIdentity& agents, const AgentLane& self) {
                       return agents.move(self, session, connection);
                   });
}

constexpr patchbay_identity identity_table = {sizeof(patchbay_identity),
                                              identity_settings,
                                              identity_register,
                                              identity_unregister,
                                              identity_touch,
                                              identity_pong,
                                              identity_claim,
                                              identity_renew,
                                              identity_release,
                                              identity_validate,
                                              identity_lookup,
                                              identity_list,
                                              identity_subscribe,
                                              identity_move};

}  // namespace

const patchbay_identity* identity_extension(const AbiHost& host) {
    if (host.services.agents == nullptr) {
        return nullptr;
    }
    const Result<void> opened = host.services.agents->open();
    if (!opened) {
        host.services.events.publish(
            {events::Level::error, "identity", opened.error().code,
             "The identity of agents, which '" + host.instance +
                 "' asks for, cannot be offered: " + opened.error().message,
             host.instance});
        return nullptr;
    }
    return &identity_table;
}

}  // namespace patchbay::plugins
