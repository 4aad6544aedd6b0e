// SPDX-License-Identifier: Apache-2.0
/// \file
/// What one lane of an http_server does: accepts clients, owns their sessions, hands their requests
/// to the multiplexer in batches, and brings the answers back. Lanes share nothing but what
/// `Shared` names.
#pragma once

#include "exchange.hpp"
#include "options.hpp"
#include "request_checker.hpp"
#include "response_writer.hpp"
#include "session.hpp"

#include <patchbay/async_connection.hpp>
#include <patchbay/net/acceptor.hpp>
#include <patchbay/net/connection_limits.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/net/readiness.hpp>
#include <patchbay/net/tls.hpp>
#include <patchbay/parked_connections.hpp>
#include <patchbay/request_dialogues.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_server {

/// Counters of the instance. Adding is cheap, and lanes add once per turn what happens often.
struct Counters {
    explicit Counters(const Host& host);
    Metric connections, connections_refused, requests, refused, answered, timeouts, late, overloads,
        open_connections;
};

/// What the lanes of one instance have in common. Immutable but for what locks itself.
struct Shared {
    Shared(const Host& host, Options read_options);
    const Host& host;
    Options options;
    net::Clock clock;
    Counters counters;
    net::ConnectionLimits limits;
    ParkedConnections parked;
    std::unique_ptr<net::TlsContext> tls;
    std::unique_ptr<RequestChecker> checker;
    std::unique_ptr<AccessLog> access_log;
    std::string own_host;  ///< "127.0.0.1:8000"
};

/// [lane]
class ServerLane {
  public:
    static constexpr std::uint64_t timer = 1;
    /// Requests that are delivered together.
    static constexpr std::size_t batch_bound = 64;

    ServerLane(Shared& shared, Lane& lane);
    ServerLane(const ServerLane&) = delete;
    ServerLane& operator=(const ServerLane&) = delete;
    ~ServerLane();

    // ---- For the connection ---------------------------------------------------------------------
    [[nodiscard]] Result<void> listen(const std::vector<std::intptr_t>& descriptors);
    /// Accepts nobody any more, and lets every session end after its answers, or, when another
    /// generation takes over, move there.
    void begin_drain(bool replaced);
    /// Takes over sessions of an earlier generation.
    void adopt();
    /// Ends the sessions that have stayed idle for a moment since then.
    [[nodiscard]] Awaitable<void> end_idle(std::chrono::steady_clock::time_point deadline);
    /// Waits for the others, and ends the rest at the deadline.
    [[nodiscard]] Awaitable<void> drain(std::chrono::steady_clock::time_point deadline);
    void on_batch(std::span<const TakenEnvelope> batch);
    void on_timer() noexcept;

    // ---- For its sessions -----------------------------------------------------------------------
    /// The first thing to do when a turn calls: looks at the clock, once per turn.
    void begin_turn();
    [[nodiscard]] Shared& shared() noexcept { return shared_; }
    [[nodiscard]] ResponseWriter& writer() noexcept { return writer_; }
    [[nodiscard]] RequestHead& head() noexcept { return head_; }
    [[nodiscard]] HeadLimits head_limits() const noexcept;
    [[nodiscard]] std::span<char> read_buffer() noexcept { return read_buffer_; }
    [[nodiscard]] bool is_draining() const noexcept { return draining_; }
    /// Its sessions move to another generation.
    [[nodiscard]] bool passes_on() const noexcept { return passes_on_; }
    /// The next generation gets the session's socket; false: it stays here.
    [[nodiscard]] bool pass_on(Session& session, std::string_view state);
    [[nodiscard]] net::DeadlineQueue& queue(Session::Phase phase) noexcept;
    [[nodiscard]] Exchange& new_exchange();
    void free_exchange(Exchange& exchange) noexcept;
    /// Hands the request on, or answers it: outside the specification, or no room.
    void send(Exchange& exchange, const RequestHead& head, std::string_view body);
    void expire(Exchange& exchange);
    void schedule_flush(Session& session);
    /// A buffer to write from, and back.
    [[nodiscard]] std::string take_buffer();
    void give_buffer(std::string buffer);
    /// These answers are with the kernel, or nobody wants them any more.
    void complete(std::vector<std::uint64_t>& tokens);
    void log(const LogRecord& record, unsigned status, std::size_t bytes);
    /// The session has closed; it lives until the end of the turn.
    void forget(Session& session);

  private:
    void add_client(net::Descriptor socket, const net::PeerAddress& client);
    void add_parked(net::Descriptor socket, std::string_view state);
    [[nodiscard]] Awaitable<void> wait_for_sessions(std::chrono::steady_clock::time_point deadline);
    void end_of_turn() noexcept;
    void finish();
    void deliver();
    void answer(const TakenEnvelope& envelope);
    [[nodiscard]] bool append_request(const Exchange& exchange, const RequestHead& head,
                                      std::string_view body, std::string_view reference);

    Shared& shared_;
    Lane& lane_;
    net::Deadlines deadlines_;
    net::DeadlineQueue& answer_time_;
    std::array<net::DeadlineQueue*, 9> phase_queues_{};
    net::ReadinessSet readiness_;
    RequestDialogues dialogues_;
    ResponseWriter writer_;
    std::uint32_t to_handle_ = 0;
    std::uint32_t protocol_handle_ = 0;

    std::list<net::Acceptor> acceptors_;
    std::list<Session> sessions_;
    std::list<Session> closed_;
    std::deque<Exchange> exchanges_;
    std::vector<Exchange*> free_exchanges_;
    std::vector<Session*> to_flush_;
    std::vector<Session*> flushing_;  ///< in the present round
    std::vector<std::string> buffers_;

    // The batch of requests, and the exchanges that they belong to (null: the client has gone).
    std::vector<patchbay_envelope> batch_;
    std::vector<Exchange*> batch_exchanges_;
    std::vector<patchbay_delivery> results_;
    std::vector<std::uint64_t> completed_;

    // Used again for every request.
    RequestHead head_;
    std::string url_;
    std::string method_;
    std::string headers_;
    std::string log_lines_;
    std::vector<char> read_buffer_;

    std::uint64_t new_requests_ = 0;
    std::uint64_t new_answers_ = 0;
    bool in_turn_ = false;
    bool draining_ = false;
    bool passes_on_ = false;
    std::chrono::steady_clock::time_point draining_since_{};
    Timer drained_;
};

}  // namespace patchbay::http_server
