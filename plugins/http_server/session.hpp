// SPDX-License-Identifier: Apache-2.0
/// \file
/// One client's connection, as a plain object: reads requests, keeps the order of answers, writes
/// them. An idle one has no buffers; what it reads with and writes from is its lane's.
#pragma once

#include "client_address.hpp"
#include "exchange.hpp"
#include "incoming_request.hpp"

#include <patchbay/net/readiness.hpp>
#include <patchbay/net/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_server {

/// [lane]
class Session final : public net::Readiness, public net::Deadline {
  public:
    Session(ServerLane& lane, net::Stream stream, const net::PeerAddress& client, bool exempt);
    ~Session() = default;

    void on_ready(net::ReadyFor what) noexcept override;
    /// The time of the present phase is up.
    void on_deadline() noexcept override;

    /// The consumer's answer to an exchange of this session, `token` that of its envelope.
    void answer(Exchange& exchange, const protocols::HttpResponseView& response,
                std::uint64_t token);
    /// The server's own.
    void answer_own(Exchange& exchange, unsigned status, std::string_view phrase,
                    std::string_view extra = {});
    /// Writes what waits to be written, and goes on reading when that was held up by it.
    void flush();
    /// Goes on with what an earlier generation left; `state` as `move_on` writes it.
    void go_on(std::string_view state);
    /// Of a lane whose sessions move to another generation: moves it unless it is in the middle of
    /// a request, an answer, or TLS. True when it went.
    bool move_on();
    /// Of a lane that drains: ends it unless answers are in progress.
    void end_if_idle();
    /// Ends it now, answering what waits with 500.
    void end();

    [[nodiscard]] const net::PeerAddress& client() const noexcept { return client_; }
    [[nodiscard]] bool is_exempt() const noexcept { return exempt_; }
    [[nodiscard]] bool is_closed() const noexcept { return phase_ == Phase::closed; }
    [[nodiscard]] int descriptor() const noexcept { return stream_.descriptor(); }

    /// Of the lane: place in its list, and whether it stands among those to be flushed.
    std::list<Session>::iterator place{};
    bool flush_scheduled = false;

  private:
    friend class ServerLane;

    /// What it waits for; each phase has a time limit.
    enum class Phase : std::uint8_t {
        handshake,
        fresh,    ///< connected, nothing received
        idle,     ///< between requests
        header,   ///< part of a head is there
        body,     ///< part of a body is there
        waiting,  ///< for answers; the exchanges have their own limit
        writing,  ///< the client does not take what was written; begins anew whenever it does
        lingering,
        closed,
    };

    void set_phase(Phase phase);
    void update_phase();
    void step_handshake();
    void read();
    void consume(std::string_view bytes);
    /// One request, or its begin; false when no more can be read for now.
    bool consume_one(std::string_view& bytes);
    void begin_body(const RequestHead& head, std::string_view& bytes);
    void submit(const RequestHead& head, std::string_view body);
    void refuse(const Refusal& refusal);
    Exchange& queue_exchange(const RequestHead* head);
    void end_with(Exchange& exchange) noexcept;
    void settle_front(Exchange& exchange);
    void note_answer(const Exchange& exchange, unsigned status, std::size_t bytes);
    [[nodiscard]] bool is_paused() const noexcept;
    /// The answer in progress is the last one, because the lane drains and cannot pass it on.
    [[nodiscard]] bool ends_with_drain() const noexcept;
    [[nodiscard]] bool write_out();
    void wait_to_write(bool has_progressed);
    void resume();
    void on_input_closed(bool broken);
    void linger();
    void discard_input();
    void abort();

    ServerLane& lane_;
    net::Stream stream_;
    net::PeerAddress client_;
    bool exempt_;
    Phase phase_;
    bool readable_ = false;
    bool ended_ = false;  ///< the client has closed its side, which reading will tell
    bool input_closed_ = false;
    bool last_request_ = false;     ///< what follows is not read any more
    bool awaits_continue_ = false;  ///< 100 (Continue) is due once the earlier answers are out
    std::uint32_t waiting_ = 0;     ///< exchanges in the queue
    Exchange* front_ = nullptr;
    Exchange* back_ = nullptr;
    std::unique_ptr<IncomingRequest> incoming_;
    std::string leftover_;  ///< begin of a request
    std::string output_;
    std::size_t written_ = 0;
    std::vector<std::uint64_t> tokens_;  ///< of the answers that came since the last writing
};

}  // namespace patchbay::http_server
