// SPDX-License-Identifier: Apache-2.0
/// \file
/// What one lane of an agent_gateway does: accepts agents, owns their sockets, and knows which of
/// them is whose. What they ask for is handled by `Commands`, what they say to each other by
/// `Routing`, and envelopes that come for them by `Inbound`. Lanes share nothing but what `Shared`
/// names.
#pragma once

#include "agent_socket.hpp"
#include "commands.hpp"
#include "frames/client_frame.hpp"
#include "inbound.hpp"
#include "lane_directory.hpp"
#include "options.hpp"
#include "read_ahead.hpp"
#include "routing.hpp"
#include "websocket/handshake.hpp"

#include <patchbay/agent_identity.hpp>
#include <patchbay/async_connection.hpp>
#include <patchbay/net/acceptor.hpp>
#include <patchbay/net/connection_limits.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/net/readiness.hpp>
#include <patchbay/net/tls.hpp>
#include <patchbay/parked_connections.hpp>
#include <patchbay/slot_index.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent_gateway {

/// Counters of the instance.
struct Counters {
    explicit Counters(const Host& host);
    Metric sockets, sockets_refused, open_sockets, agents, requests, requests_refused, messages,
        messages_refused, delivered, envelopes_in, envelopes_out, answers, unanswered, violations,
        slow, dead;
};

/// What the lanes of one instance have in common. Immutable but for what locks itself.
struct Shared {
    Shared(const Host& host, Options read_options);
    const Host& host;
    Options options;
    net::Clock clock;
    Counters counters;
    net::ConnectionLimits limits;
    std::unique_ptr<net::TlsContext> tls;
    std::optional<AgentIdentity> identity;  ///< set by `connect`
    IdentitySettings settings;
    websocket::HandshakeRules handshake;
    LaneDirectory lane_directory;
    ParkedConnections parked;
};

/// [lane]
class GatewayLane {
  public:
    static constexpr std::uint64_t timer = 1;

    GatewayLane(Shared& shared, Lane& lane);
    GatewayLane(const GatewayLane&) = delete;
    GatewayLane& operator=(const GatewayLane&) = delete;
    ~GatewayLane();

    // ---- For the connection ---------------------------------------------------------------------
    [[nodiscard]] Result<void> listen(const std::vector<std::intptr_t>& descriptors);
    /// Accepts nobody any more. When another generation takes over, the sockets move there as soon
    /// as they can; else it says goodbye to everybody.
    void begin_drain(bool replaced);
    /// Waits until they are gone, says goodbye to those that could not move in time, and ends the
    /// rest at the deadline.
    [[nodiscard]] Awaitable<void> drain(std::chrono::steady_clock::time_point deadline);
    /// A socket that moves here from an earlier generation.
    void adopt(net::Descriptor socket, MovedSocket moved);
    void on_batch(std::span<const TakenEnvelope> batch);
    void on_cancel(std::uint64_t token);
    void on_timer() noexcept;
    void on_identity_answer(const IdentityAnswer& answer);
    void on_agent_ping(std::uint64_t connection, std::uint64_t value);
    void on_session_end(std::uint64_t connection, SessionEnd reason, std::string_view text);
    void on_agent_changed(AgentChange change, std::string_view agent_id, std::string_view payload,
                          std::uint64_t missed);

    // ---- For its parts --------------------------------------------------------------------------
    [[nodiscard]] Shared& shared() noexcept { return shared_; }
    [[nodiscard]] Lane& lane() noexcept { return lane_; }
    [[nodiscard]] const AgentIdentity& identity() const noexcept { return *shared_.identity; }
    [[nodiscard]] net::Deadlines& deadlines() noexcept { return deadlines_; }
    [[nodiscard]] FrameReader& frames() noexcept { return frames_; }
    [[nodiscard]] Routing& routing() noexcept { return routing_; }
    [[nodiscard]] Inbound& inbound() noexcept { return inbound_; }
    /// Null when that agent is not on this lane, or that socket has gone.
    [[nodiscard]] AgentSocket* find_agent(std::string_view agent_id) const;
    [[nodiscard]] AgentSocket* find_connection(std::uint64_t connection) const;
    /// `each(socket)` for every registered one.
    template <class Function>
    void each_agent(Function each) {
        for (AgentSocket& socket : sockets_) {
            if (socket.is_findable) {
                each(socket);
            }
        }
    }
    /// That socket is that agent's from now on.
    void bind(AgentSocket& socket, std::string agent_id, std::uint64_t session);
    void want_presence(AgentSocket& socket, bool wanted);
    void complete_later(std::uint64_t token) { completed_.push_back(token); }
    void request_turn() { readiness_.request_turn(); }
    /// Seconds since some moment, for limits of rates.
    [[nodiscard]] std::uint32_t second() const noexcept;
    [[nodiscard]] std::int64_t wall_ms() const noexcept;

    // ---- For its sockets ------------------------------------------------------------------------
    /// The first thing to do when a turn calls: looks at the clock, once per turn.
    void begin_turn();
    void on_message(AgentSocket& socket, std::string_view payload, bool is_text);
    /// A message of a socket that is nobody's.
    void refuse_stranger(AgentSocket& socket);
    [[nodiscard]] const websocket::HandshakeRules& handshake_rules() const noexcept {
        return shared_.handshake;
    }
    [[nodiscard]] websocket::ReaderSupport& reader_support() noexcept { return reader_support_; }
    /// Behind it, the reader's padding may be read.
    [[nodiscard]] std::span<char> read_buffer() noexcept;
    [[nodiscard]] ReadAhead& read_ahead() noexcept { return read_ahead_; }
    [[nodiscard]] net::DeadlineQueue& queue(AgentSocket::Wait what) noexcept;
    [[nodiscard]] std::unique_ptr<SendQueue> take_queue();
    void give_queue(std::unique_ptr<SendQueue> queue);
    /// The payload of a compressed frame, valid until the next call; null when it gains nothing.
    [[nodiscard]] const std::string* deflated(std::string_view message);
    void schedule_flush(AgentSocket& socket);
    /// Its sockets move to another generation.
    [[nodiscard]] bool passes_on() const noexcept { return passes_on_; }
    /// The next generation gets the socket, and its session; false: it stays here.
    [[nodiscard]] bool pass_on(AgentSocket& socket, const MovedSocket& moved);
    /// The socket is nobody's any more; the host is told.
    void release_agent(AgentSocket& socket) noexcept;
    /// The socket has closed; it lives until the end of the turn.
    void forget(AgentSocket& socket) noexcept;
    void note_refused(const AgentSocket& socket, std::string_view why);
    void note_violation(const AgentSocket& socket, std::string_view why);
    void note_slow(const AgentSocket& socket);
    void note_dead(const AgentSocket& socket);

  private:
    void add_client(net::Descriptor socket, const net::PeerAddress& peer);
    AgentSocket& add_socket(net::Stream stream, const net::PeerAddress& peer);
    [[nodiscard]] Awaitable<void> wait_for_sockets(std::chrono::steady_clock::time_point deadline);
    void say_goodbye();
    void make_findable(AgentSocket& socket);
    void make_unfindable(AgentSocket& socket) noexcept;
    void forget_agent(AgentSocket& socket) noexcept;
    void end_of_turn() noexcept;
    void finish();
    [[nodiscard]] std::uint64_t new_connection();
    [[nodiscard]] bool admits_nonsense(AgentSocket& socket);

    Shared& shared_;
    Lane& lane_;
    net::Deadlines deadlines_;
    std::array<net::DeadlineQueue*, 7> waits_{};
    net::ReadinessSet readiness_;
    FrameReader frames_;
    websocket::ReaderSupport reader_support_;
    websocket::MessageDeflater deflater_;
    std::string deflated_;
    Commands commands_;
    Routing routing_;
    Inbound inbound_;

    std::list<net::Acceptor> acceptors_;
    std::list<AgentSocket> sockets_;
    std::list<AgentSocket> closed_;
    /// By the lower bits of a connection's number, which the rest makes unique.
    std::vector<AgentSocket*> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::uint64_t connections_;
    SlotIndex agents_;  ///< slots of sockets that are an agent's, by its id
    std::vector<AgentSocket*> to_flush_;
    std::vector<AgentSocket*> flushing_;  ///< in the present round
    std::vector<std::unique_ptr<SendQueue>> queues_;
    std::vector<std::uint64_t> completed_;
    std::vector<char> read_buffer_;
    ReadAhead read_ahead_;
    std::size_t presence_wanted_ = 0;
    bool in_turn_ = false;
    bool draining_ = false;
    bool passes_on_ = false;
    bool replaced_ = false;
    Timer drained_;
};

}  // namespace patchbay::agent_gateway
