// SPDX-License-Identifier: Apache-2.0
/// \file
/// One agent's WebSocket, as a plain object: it reads frames and hands messages to its lane, and
/// writes what waits to be written. An idle one has no buffers and no coroutine; what it reads with
/// is its lane's.
#pragma once

#include "moved_socket.hpp"
#include "send_queue.hpp"
#include "websocket/close_code.hpp"
#include "websocket/frame.hpp"
#include "websocket/message_reader.hpp"

#include <patchbay/net/deadlines.hpp>
#include <patchbay/net/peer_address.hpp>
#include <patchbay/net/readiness.hpp>
#include <patchbay/net/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

class GatewayLane;

/// What became of a frame that was to be sent.
enum class Sent : std::uint8_t {
    queued,
    dropped,  ///< the socket does not read, and the policy is to drop
    closed,   ///< the socket is not open (any more)
};

/// [lane]
class AgentSocket final : public net::Readiness, public net::Deadline {
  public:
    /// What a deadline stands for; each has a time limit.
    enum class Wait : std::uint8_t {
        handshake,     ///< TLS's and WebSocket's
        registration,  ///< open, and nobody's yet
        keepalive,     ///< registered and idle
        message,       ///< part of a message is there
        writing,       ///< the agent does not take what was written
        closing,       ///< the close frame is out
        none,
    };

    AgentSocket(GatewayLane& lane, net::Stream stream, const net::PeerAddress& peer,
                std::uint64_t connection);
    ~AgentSocket();

    void on_ready(net::ReadyFor what) noexcept override;
    void on_deadline() noexcept override;

    /// One message. Within the bounds of the queue, or by the policy for slow consumers.
    Sent send_text(std::string_view text);
    Sent send_binary(std::string_view bytes);
    /// Says why it ends, and waits a moment for the agent's own close frame.
    void close(websocket::CloseCode code, std::string_view reason);
    /// Ends it now.
    void abort() noexcept;
    /// Of a lane whose sockets move to another generation: moves it when it stands between two
    /// frames and nothing waits to be written. True when it went.
    bool move_on();
    /// It is a socket that moved here.
    void go_on(MovedSocket moved);
    /// What it received before is handled now: see ReadAhead.
    void handle_received(std::span<char> bytes);
    /// Writes what waits to be written, and goes on reading when that was held up.
    void flush();

    /// Frames of this socket are handled one at a time: none until `resume`, which is to be called
    /// when the answer to the present one has been sent.
    void pause() noexcept { paused_ = true; }
    /// Within the handling of the frame that paused it.
    void unpause() noexcept { paused_ = false; }
    void resume();

    /// It is that agent's socket from here on.
    void register_as(std::string agent_id, std::uint64_t session);
    /// It was registered once more.
    void renew_session(std::uint64_t session) noexcept { session_ = session; }
    /// The host has ended the session, or is being told.
    void forget_session() noexcept { session_ = 0; }
    [[nodiscard]] bool is_registered() const noexcept { return session_ != 0; }
    [[nodiscard]] const std::string& agent_id() const noexcept { return agent_id_; }
    [[nodiscard]] std::uint64_t session() const noexcept { return session_; }

    [[nodiscard]] std::uint64_t connection() const noexcept { return connection_; }
    [[nodiscard]] const net::PeerAddress& peer() const noexcept { return peer_; }
    [[nodiscard]] bool is_tls() const noexcept { return stream_.is_tls(); }
    [[nodiscard]] bool is_open() const noexcept { return phase_ == Phase::open; }
    [[nodiscard]] bool is_closed() const noexcept { return phase_ == Phase::closed; }
    [[nodiscard]] int descriptor() const noexcept { return stream_.descriptor(); }
    /// The agent speaks the subprotocol of envelopes.
    [[nodiscard]] bool speaks_envelopes() const noexcept { return envelopes_; }
    /// One more request in this second; false beyond `limit` (0 = none).
    [[nodiscard]] bool admit_request(std::uint32_t second, std::uint32_t limit) noexcept;

    /// Of the lane.
    std::list<AgentSocket>::iterator place{};
    std::uint32_t waiting_answers = 0;
    bool flush_scheduled = false;
    bool wants_presence = false;
    bool is_findable = false;   ///< by its agent's id
    bool has_received = false;  ///< what is not handled yet

  private:
    enum class Phase : std::uint8_t { tls, head, open, answered, closing, closed };

    void step_handshake();
    void refuse_handshake();
    void read();
    [[nodiscard]] bool may_read() const noexcept;
    [[nodiscard]] bool may_receive_ahead() const noexcept;
    void receive_ahead();
    /// One read behind what was kept; nothing when there is nothing (any more), or it has ended.
    [[nodiscard]] std::span<char> receive(std::span<char> buffer);
    void take_kept();
    void consume(std::span<char> bytes);
    void consume_head(std::span<char>& bytes);
    [[nodiscard]] bool consume_event(const websocket::Event& event);
    [[nodiscard]] websocket::ReaderRules reader_rules() const noexcept;
    void on_peer_close(const websocket::Event& event);
    void on_keepalive();
    Sent send(websocket::Opcode opcode, std::string_view payload);
    void append(websocket::Opcode opcode, std::string_view payload, bool compressed = false);
    [[nodiscard]] bool has_room(std::size_t size) const noexcept;
    [[nodiscard]] SendQueue& outgoing();
    [[nodiscard]] bool write_out();
    void wait_for(Wait what);
    void update_wait();

    GatewayLane& lane_;
    net::Stream stream_;
    net::PeerAddress peer_;
    std::uint64_t connection_;
    std::uint64_t session_ = 0;
    std::string agent_id_;
    std::string kept_;  ///< begin of the head, or of a frame's; or frames that wait for `resume`
    websocket::MessageReader reader_;
    std::unique_ptr<SendQueue> outgoing_;
    std::uint32_t second_ = 0;
    std::uint32_t requests_ = 0;  ///< in that second
    Phase phase_;
    Wait wait_ = Wait::none;
    bool readable_ = false;
    bool ended_ = false;  ///< the agent has closed its side, which reading will tell
    bool paused_ = false;
    bool discarding_ = false;  ///< it broke the rules: what it sends is not looked at any more
    bool envelopes_ = false;
    bool deflate_ = false;
    bool heard_ = false;   ///< something came since the last look
    bool pinged_ = false;  ///< and nothing came since the ping
};

}  // namespace patchbay::agent_gateway
