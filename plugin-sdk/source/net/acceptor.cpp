// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/acceptor.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace patchbay::net {

namespace {

/// Per turn, so that those who are connected get their turn too.
constexpr int accepts_per_turn = 64;
/// After the system had no descriptors or no memory left.
constexpr std::chrono::milliseconds pause{250};

}  // namespace

Acceptor::Acceptor(ReadinessSet& readiness, Deadlines& deadlines, const Log& log, int descriptor,
                   Accepted accepted)
    : readiness_(readiness),
      deadlines_(deadlines),
      log_(log),
      descriptor_(descriptor),
      accepted_(std::move(accepted)) {}

Result<void> Acceptor::start() {
    auto added = readiness_.add_listener(descriptor_, *this);
    listening_ = added.has_value();
    return added;
}

void Acceptor::stop() noexcept {
    if (std::exchange(listening_, false)) {
        readiness_.remove(descriptor_, *this);
    }
    cancel();
}

void Acceptor::on_ready(ReadyFor /*what*/) noexcept {
    try {
        for (int i = 0; i < accepts_per_turn && accept_one(); ++i) {
        }
    } catch (...) {
        log_.error([] { return describe_current_exception("accepting a client").message; });
    }
}

bool Acceptor::accept_one() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor socket(::accept4(descriptor_, reinterpret_cast<sockaddr*>(&address), &size,
                                SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        accepted_(std::move(socket), PeerAddress::of(address));
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log_.warning([error = errno] {
            return "no clients are accepted for a moment: " +
                   std::generic_category().message(error);
        });
        stop();
        deadlines_.queue(pause).start(*this);
        return false;
    }
    return errno == EINTR || errno == ECONNABORTED;
}

void Acceptor::on_deadline() noexcept {
    if (auto started = start(); !started) {
        log_.error([&] { return to_string(started.error()); });
    }
}

}  // namespace patchbay::net
