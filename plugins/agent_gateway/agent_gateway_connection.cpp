// SPDX-License-Identifier: Apache-2.0
#include "agent_gateway_connection.hpp"

#include "frames/json_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

/// Left of the host's limit for `disconnect`, to close what is open.
constexpr std::chrono::milliseconds left_for_closing{200};

bool is_local(const std::string& host) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(host, error);
    return host == "localhost" || host.starts_with("unix:") || (!error && address.is_loopback());
}

std::string greeting(const IdentitySettings& settings) {
    std::string out = "{";
    append_member(out, "service", std::string_view("Patchbay agent gateway"));
    append_member(out, "network_name", settings.network_name);
    append_member(out, "network_id", settings.network_id);
    append_member(out, "transport", std::string_view("websocket"));
    append_raw_member(out, "subprotocols",
                      "[" + json_string(websocket::envelope_subprotocol) + "]");
    append_member(out, "first_frame",
                  std::string_view("{\"type\": \"system_request\", \"command\": "
                                   "\"register_agent\", \"agent_id\": \"my-agent\"}"));
    return out + "}\n";
}

}  // namespace

AgentGatewayConnection::AgentGatewayConnection(Host& host)
    : Connection(host), shared_(host, read_options(host)), lanes_(shared_.options.lanes) {}

Result<void> AgentGatewayConnection::prepare() {
    auto identity = AgentIdentity::open(host());
    if (!identity) {
        return tl::unexpected<Error>(std::move(identity.error()));
    }
    shared_.identity = *identity;
    shared_.settings = identity->settings();
    shared_.handshake.path = shared_.options.path;
    shared_.handshake.origins = shared_.options.allowed_origins;
    shared_.handshake.deflate = shared_.options.deflate;
    shared_.handshake.greeting = greeting(shared_.settings);
    if (shared_.options.tls) {
        auto tls = net::TlsContext::for_server(*shared_.options.tls);
        if (!tls) {
            return tl::unexpected<Error>(std::move(tls.error()));
        }
        shared_.tls = std::make_unique<net::TlsContext>(std::move(*tls));
    }
    auto address = listening_address(shared_.options.host);
    if (!address) {
        return tl::unexpected<Error>(std::move(address.error()));
    }
    ListenOptions options;
    options.address = std::move(*address);
    options.port = shared_.options.port;
    options.count = shared_.options.lanes;
    options.backlog = shared_.options.backlog;
    auto sockets = ListeningSockets::open(host(), options);
    if (!sockets) {
        return tl::unexpected<Error>(std::move(sockets.error()));
    }
    sockets_ = std::move(*sockets);
    warn_of_plain_text();
    return {};
}

void AgentGatewayConnection::warn_of_plain_text() const {
    if (!shared_.tls && !is_local(shared_.options.host)) {
        log().warning(
            "agents attach without TLS from other machines: whoever can read the network can read "
            "their certificates and use them; set 'ssl_cert' and 'ssl_key'");
    }
    if (shared_.settings.is_openagents_05) {
        log().warning(
            "identity.compatibility is openagents-0.5: agents are trusted to be who they say");
    }
}

Awaitable<void> AgentGatewayConnection::adopt() {
    struct Adopted {
        net::Descriptor socket;
        MovedSocket moved;
    };
    std::vector<std::vector<Adopted>> by_lane(lanes_.size());
    const auto sort = [&by_lane](std::intptr_t descriptor, std::string_view state) {
        net::Descriptor socket(static_cast<int>(descriptor));
        if (auto moved = read_moved_socket(state)) {
            by_lane[moved->lane % by_lane.size()].push_back({std::move(socket), std::move(*moved)});
        }
    };
    while (shared_.parked.adopt(lane(0), sort) != 0) {
    }
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        if (by_lane[index].empty()) {
            continue;
        }
        const auto take = [&, index]() -> Awaitable<void> {
            for (Adopted& each : by_lane[index]) {
                if (lanes_[index] != nullptr) {
                    lanes_[index]->adopt(std::move(each.socket), std::move(each.moved));
                }
            }
            co_return;
        };
        co_await boost::asio::co_spawn(lane(index).executor(), take(), use_awaitable);
    }
}

Awaitable<Result<void>> AgentGatewayConnection::connect() {
    if (auto prepared = prepare(); !prepared) {
        co_return prepared;
    }
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        // Hops to the lane, and back with the result.
        const auto begin = [this, index]() -> Awaitable<Result<void>> {
            if (lanes_[index] == nullptr) {
                co_return failure(ErrorClass::failed, "agent_gateway.lane_not_started",
                                  "Lane " + std::to_string(index) + " did not start.");
            }
            co_return lanes_[index]->listen(
                sockets_.descriptors_of(index, static_cast<std::uint32_t>(lanes_.size())));
        };
        Result<void> begun =
            co_await boost::asio::co_spawn(lane(index).executor(), begin(), use_awaitable);
        if (!begun) {
            static_cast<void>(co_await disconnect());
            co_return begun;
        }
    }
    co_await adopt();  // last: a connect that fails leaves them to the generation that goes on
    log().info([&] {
        return std::string("agents attach at ") + (shared_.tls ? "wss://" : "ws://") +
               sockets_.address();
    });
    co_return success();
}

Awaitable<Result<void>> AgentGatewayConnection::disconnect() {
    const auto deadline = operation_deadline() - left_for_closing;
    const bool replaced = is_being_replaced();
    // All of them stop before the first is waited for: they have the same time.
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        const auto begin = [this, index, replaced]() -> Awaitable<void> {
            if (lanes_[index] != nullptr) {
                lanes_[index]->begin_drain(replaced);
            }
            co_return;
        };
        co_await boost::asio::co_spawn(lane(index).executor(), begin(), use_awaitable);
    }
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        const auto drain = [this, index, deadline]() -> Awaitable<void> {
            if (lanes_[index] != nullptr) {
                co_await lanes_[index]->drain(deadline);
            }
        };
        co_await boost::asio::co_spawn(lane(index).executor(), drain(), use_awaitable);
    }
    sockets_.release();
    co_return success();
}

void AgentGatewayConnection::on_batch(Lane& lane, std::span<const TakenEnvelope> batch) {
    lanes_[lane.index()]->on_batch(batch);
}

void AgentGatewayConnection::on_cancel(Lane& lane, std::uint64_t token) {
    lanes_[lane.index()]->on_cancel(token);
}

void AgentGatewayConnection::on_timer(Lane& lane, std::uint64_t token) {
    if (token == GatewayLane::timer && lanes_[lane.index()] != nullptr) {
        lanes_[lane.index()]->on_timer();
    }
}

void AgentGatewayConnection::on_lane_start(Lane& lane) {
    lanes_[lane.index()] = std::make_unique<GatewayLane>(shared_, lane);
    shared_.lane_directory.add(lane, *lanes_[lane.index()]);
}

void AgentGatewayConnection::on_lane_stop(Lane& lane) {
    shared_.lane_directory.remove(lane);
    lanes_[lane.index()].reset();
}

void AgentGatewayConnection::on_identity_answer(Lane& lane, const IdentityAnswer& answer) {
    lanes_[lane.index()]->on_identity_answer(answer);
}

void AgentGatewayConnection::on_agent_ping(Lane& lane, std::uint64_t connection,
                                           std::uint64_t value) {
    lanes_[lane.index()]->on_agent_ping(connection, value);
}

void AgentGatewayConnection::on_session_end(Lane& lane, std::uint64_t connection, SessionEnd reason,
                                            std::string_view /*agent_id*/, std::string_view text) {
    lanes_[lane.index()]->on_session_end(connection, reason, text);
}

void AgentGatewayConnection::on_agent_changed(Lane& lane, AgentChange change,
                                              std::string_view agent_id, std::string_view payload,
                                              std::uint64_t missed) {
    lanes_[lane.index()]->on_agent_changed(change, agent_id, payload, missed);
}

}  // namespace patchbay::agent_gateway
