// SPDX-License-Identifier: Apache-2.0
/// \file
/// Thousands of sockets on one lane, most of them idle. An Asio socket with a pending operation
/// costs about a kilobyte; here a socket costs the object that its owner has anyway, because the
/// set calls the object when the socket is ready and keeps nothing but its address.
///
/// The set is an epoll instance inside the lane's io_context: one turn of the lane collects what is
/// ready, calls each object, and then `end_of_turn` once, which is the moment to hand over in one
/// batch what the turn brought. Linux only.
#pragma once

#include <patchbay/awaitable.hpp>
#include <patchbay/net/descriptor.hpp>
#include <patchbay/result.hpp>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace patchbay::net {

/// What a socket is ready for.
struct ReadyFor {
    bool reading = false;  ///< also: the peer has closed its side, or an error waits
    bool writing = false;
    bool broken = false;  ///< error, or both sides are closed
    bool ended = false;   ///< the peer has closed its side; what it sent before can still be read
};

/// Whom to call. Must be removed from its set before it goes. [lane]
class Readiness {
  public:
    Readiness() = default;
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    /// Must not throw.
    virtual void on_ready(ReadyFor what) noexcept = 0;

  protected:
    ~Readiness() = default;
};

/// [lane], all of it.
class ReadinessSet {
  public:
    /// Throws std::system_error when the system has no descriptors left. `end_of_turn` must not
    /// throw.
    ReadinessSet(const Executor& executor, std::function<void()> end_of_turn);
    ReadinessSet(const ReadinessSet&) = delete;
    ReadinessSet& operator=(const ReadinessSet&) = delete;
    ~ReadinessSet();

    /// Calls `who` whenever `descriptor` becomes ready (edge-triggered: read and write until the
    /// system would block, or remember that there is more). Fails with `readiness.not_added`.
    [[nodiscard]] Result<void> add(int descriptor, Readiness& who);
    /// For listening sockets: `who` is called as long as there is something to read, on one of the
    /// lanes that watch the same socket.
    [[nodiscard]] Result<void> add_listener(int descriptor, Readiness& who);
    /// `who` is not called any more, not even for what this turn has collected. The descriptor must
    /// still be open.
    void remove(int descriptor, const Readiness& who) noexcept;
    /// Calls `end_of_turn` soon, also when nothing becomes ready.
    void request_turn();

  private:
    struct Event {
        Readiness* who;
        ReadyFor what;
    };

    [[nodiscard]] Result<void> control(int descriptor, std::uint32_t events, Readiness& who);
    void arm();
    void turn();

    std::function<void()> end_of_turn_;
    Descriptor epoll_;
    boost::asio::posix::basic_stream_descriptor<Executor> waiting_;
    std::vector<Event> events_;
    bool requested_ = false;
    /// Tells what is still in the io_context whether this set is there.
    std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace patchbay::net
