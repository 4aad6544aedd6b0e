// SPDX-License-Identifier: Apache-2.0
/// \file
/// Established connections between two objects of one instance, which are numbered from 1 (abi.h,
/// `patchbay.sockets/1`): the one that ends parks them, the other adopts them. Meanwhile they
/// belong to the host.
#pragma once

#include <patchbay/abi.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// Thread-safe. The destructor closes what nobody adopted.
class ParkedSockets {
  public:
    static constexpr std::size_t most_sockets = 65'536;
    static constexpr std::size_t most_state_bytes = std::size_t{64} << 20U;

    /// Tells a lane of an object that sockets wait. Called with a lock held: it must not call
    /// back.
    using Notify = std::function<void(std::uint32_t lane)>;
    struct Socket {
        std::intptr_t descriptor = 0;
        std::string state;
    };

    ParkedSockets() = default;
    ParkedSockets(const ParkedSockets&) = delete;
    ParkedSockets& operator=(const ParkedSockets&) = delete;
    ~ParkedSockets();

    /// The object adopts connections of that kind, once `open` said that it is in service.
    void accept(std::uint32_t object, std::string_view kind);
    /// It is in service: its lanes are told, in turn, of what waits for it now and later.
    void open(std::uint32_t object, std::uint32_t lanes, Notify notify);
    /// It ends: it is told nothing more. What waits for it goes to another object that accepts
    /// the kind, or is closed.
    void end(std::uint32_t object);
    /// Closes everything that waits.
    void close();

    /// OK: the socket is the host's now, or, with -1, would be. Otherwise a status of
    /// `patchbay_sockets.park`.
    [[nodiscard]] patchbay_status park(std::uint32_t object, std::intptr_t descriptor,
                                       std::string_view kind, std::string_view state);
    /// At most `room` of those that wait for the object, the oldest first, for a lane of it.
    [[nodiscard]] std::vector<Socket> adopt(std::uint32_t object, std::uint32_t lane,
                                            std::size_t room);
    [[nodiscard]] std::size_t waiting() const;

  private:
    struct Adopter {
        std::string kind;
        std::vector<bool> told{};  ///< by lane: a signal is on its way
        std::uint32_t next_lane = 0;
        Notify notify{};
        std::deque<Socket> waiting{};
    };

    /// The newest object but that one which accepts the kind; null when there is none.
    Adopter* other_than(std::uint32_t object, std::string_view kind);
    /// Tells one more lane when there is something and one that was not told.
    static void tell(Adopter& adopter);
    void close_all(std::deque<Socket>& sockets);

    mutable std::mutex mutex_;
    std::map<std::uint32_t, Adopter> adopters_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace patchbay::plugins
