// SPDX-License-Identifier: Apache-2.0
#include "listener.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

/// Per turn and socket, so that those who are connected get their turn too.
constexpr int accepts_per_turn = 64;
/// After the system had no descriptors or no memory left.
constexpr std::chrono::milliseconds pause{250};

}  // namespace

Result<void> GatewayLane::Listener::start() {
    auto added = lane_.readiness_.add_listener(descriptor_, *this);
    listening_ = added.has_value();
    return added;
}

void GatewayLane::Listener::stop() noexcept {
    if (std::exchange(listening_, false)) {
        lane_.readiness_.remove(descriptor_, *this);
    }
    cancel();
}

void GatewayLane::Listener::on_ready(net::ReadyFor /*what*/) noexcept {
    try {
        for (int i = 0; i < accepts_per_turn && accept_one(); ++i) {
        }
    } catch (...) {
        lane_.shared_.host.log().error(
            [] { return describe_current_exception("accepting an agent").message; });
    }
}

bool GatewayLane::Listener::accept_one() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    net::Descriptor socket(::accept4(descriptor_, reinterpret_cast<sockaddr*>(&address), &size,
                                     SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        lane_.add_client(std::move(socket), PeerAddress::of(address));
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        lane_.shared_.host.log().warning([error = errno] {
            return "no agents are accepted for a moment: " + std::generic_category().message(error);
        });
        stop();
        lane_.deadlines_.queue(pause).start(*this);
        return false;
    }
    return errno == EINTR || errno == ECONNABORTED;
}

void GatewayLane::Listener::on_deadline() noexcept {
    if (auto started = start(); !started) {
        lane_.shared_.host.log().error([&] { return to_string(started.error()); });
    }
}

}  // namespace patchbay::agent_gateway
