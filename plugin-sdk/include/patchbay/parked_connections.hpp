// SPDX-License-Identifier: Apache-2.0
/// \file
/// Established connections that move from the generation that a reload ends to the one that takes
/// over, so that clients notice nothing (`patchbay.sockets/1`). The old one parks those of which it
/// has nothing left to do, the new one adopts them:
///
///     ParkedConnections parked{host, "my_server/1"};           // member, made by the constructor
///     if (parked.can_park()) parked.park(socket, state);       // while is_being_replaced()
///     parked.adopt(lane, [&](int socket, std::string_view state) { ... });  // in on_parked
#pragma once

#include <patchbay/host.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace patchbay {

class Lane;

class ParkedConnections {
  public:
    /// Says that this generation adopts connections of that kind: the name of the form that the
    /// state has. To be changed whenever the form is. Only in the constructor of a connection.
    ParkedConnections(const Host& host, std::string kind);

    /// Another generation adopts what this one parks. [any-thread]
    [[nodiscard]] bool can_park() const noexcept;
    /// True: the socket is the host's now, and must not be closed; nothing waits on it any more.
    /// False: it stays where it is, because nobody would adopt it, or too many wait already.
    /// [any-thread] [no-block]
    [[nodiscard]] bool park(std::intptr_t descriptor, std::string_view state) const noexcept;

    /// Whose the socket is from then on, and the state, valid during the call. Must not throw.
    using Adopter = std::function<void(std::intptr_t descriptor, std::string_view state)>;
    /// Calls `adopter` for the connections that wait, a bounded number at a time, and says for how
    /// many; when more are left, `on_parked` follows. [lane]
    std::size_t adopt(Lane& lane, const Adopter& adopter) const;

  private:
    const patchbay_host* host_;
    /// Null: the host is older than this extension.
    const patchbay_sockets* table_;
    std::string kind_;
};

}  // namespace patchbay
