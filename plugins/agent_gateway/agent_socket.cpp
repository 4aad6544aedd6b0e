// SPDX-License-Identifier: Apache-2.0
#include "agent_socket.hpp"

#include "gateway_lane.hpp"
#include "websocket/handshake.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

using websocket::CloseCode;
using websocket::Event;
using websocket::EventKind;
using websocket::Opcode;

/// Answers that an agent does not take yet; more hold up the reading of its requests.
constexpr std::size_t reading_bound = std::size_t{1} << 20U;
/// Of a message, before the socket is somebody's.
constexpr std::size_t stranger_bound = std::size_t{256} << 10U;
/// Control frames are not sent into a queue that does not move.
constexpr std::size_t control_bound = std::size_t{64} << 10U;
/// The begin of a message that was kept, beside which there is room to receive ahead.
constexpr std::size_t kept_bound = std::size_t{4} << 10U;
/// Of an agent that sends faster than it is read, before the others have their turn.
constexpr int reads_per_turn = 8;

}  // namespace

AgentSocket::AgentSocket(GatewayLane& lane, net::Stream stream, const net::PeerAddress& peer,
                         std::uint64_t connection)
    : lane_(lane),
      stream_(std::move(stream)),
      peer_(peer),
      connection_(connection),
      phase_(stream_.is_tls() ? Phase::tls : Phase::head) {
    wait_for(Wait::handshake);
}

AgentSocket::~AgentSocket() = default;

bool AgentSocket::admit_request(std::uint32_t second, std::uint32_t limit) noexcept {
    if (second != second_) {
        second_ = second;
        requests_ = 0;
    }
    ++requests_;
    return limit == 0 || requests_ <= limit;
}

void AgentSocket::register_as(std::string agent_id, std::uint64_t session) {
    agent_id_ = std::move(agent_id);
    session_ = session;
    update_wait();
}

// ---- Time limits --------------------------------------------------------------------------------

void AgentSocket::wait_for(Wait what) {
    // The time of a wait does not start anew with every byte.
    if (wait_ == what) {
        return;
    }
    wait_ = what;
    if (what == Wait::none) {
        cancel();
    } else {
        lane_.queue(what).start(*this);
    }
}

void AgentSocket::update_wait() {
    if (phase_ != Phase::open) {
        return;
    }
    if (!is_registered() && lane_.queue(Wait::registration).limit().count() != 0) {
        wait_for(Wait::registration);
    } else if (outgoing_) {
        wait_for(Wait::writing);
    } else if (reader_.has_begun()) {
        wait_for(Wait::message);
    } else {
        wait_for(Wait::keepalive);
    }
}

void AgentSocket::on_deadline() noexcept {
    const Wait what = std::exchange(wait_, Wait::none);
    try {
        if (what == Wait::keepalive) {
            on_keepalive();
        } else if (what == Wait::registration) {
            close(CloseCode::policy, "not registered in time");
        } else if (what == Wait::message) {
            close(CloseCode::policy, "a message did not arrive in time");
        } else {
            if (what == Wait::writing) {
                lane_.note_slow(*this);
            }
            abort();
        }
    } catch (...) {
        abort();
    }
}

void AgentSocket::on_keepalive() {
    if (pinged_ && !heard_ && !paused_) {
        lane_.note_dead(*this);
        abort();
        return;
    }
    pinged_ = !heard_;
    if (pinged_) {
        append(Opcode::ping, {});
    }
    heard_ = false;
    update_wait();
}

// ---- Reading ------------------------------------------------------------------------------------

void AgentSocket::on_ready(net::ReadyFor what) noexcept {
    try {
        lane_.begin_turn();
        if (has_received) {
            lane_.read_ahead().handle();  // what came before comes first
        }
        readable_ = readable_ || what.reading;
        ended_ = ended_ || what.ended;
        if (phase_ == Phase::tls) {
            step_handshake();
        }
        if (phase_ == Phase::closed || phase_ == Phase::tls) {
            return;
        }
        if (what.writing && outgoing_ && !write_out()) {
            return;
        }
        if (what.broken && (paused_ || outgoing_)) {
            abort();
            return;
        }
        if (may_receive_ahead()) {
            receive_ahead();
            return;
        }
        read();
        if (lane_.passes_on()) {
            move_on();
        }
    } catch (...) {
        abort();  // out of memory: this agent goes, the others stay
    }
}

void AgentSocket::step_handshake() {
    const net::IoResult result = stream_.handshake();
    if (result.state == net::IoState::done) {
        phase_ = Phase::head;
        readable_ = true;  // input may have come together with the handshake's last message
    } else if (result.state == net::IoState::closed || result.state == net::IoState::failed) {
        refuse_handshake();
    }
}

void AgentSocket::refuse_handshake() {
    if (stream_.peer_spoke_http()) {
        const std::string answer = websocket::tls_wanted();
        static_cast<void>(::send(stream_.descriptor(), answer.data(), answer.size(), MSG_NOSIGNAL));
    }
    lane_.note_refused(*this, stream_.failure_text());
    abort();
}

void AgentSocket::read() {
    for (int reads = 0; readable_ && may_read(); ++reads) {
        if (reads == reads_per_turn) {
            lane_.schedule_flush(*this);  // which goes on reading
            break;
        }
        const std::span<char> received = receive(lane_.read_buffer());
        if (received.empty()) {
            break;
        }
        consume(received);
    }
    update_wait();
}

bool AgentSocket::may_read() const noexcept {
    return phase_ != Phase::closed && phase_ != Phase::answered && !paused_ &&
           (!outgoing_ || outgoing_->size() <= reading_bound);
}

std::span<char> AgentSocket::receive(std::span<char> buffer) {
    const std::size_t kept = kept_.size();
    if (kept >= buffer.size()) {
        abort();  // cannot be: what is kept was read from such a buffer
        return {};
    }
    const net::IoResult result = stream_.read_some(buffer.data() + kept, buffer.size() - kept);
    if (result.state != net::IoState::done) {
        // TLS may have to write first, and hold input that the system does not tell of again.
        readable_ = result.state == net::IoState::want_write;
        if (result.state == net::IoState::closed || result.state == net::IoState::failed) {
            abort();
        }
        return {};
    }
    // The end of the stream is no news to wait for: it may have been told with the last bytes.
    readable_ = !result.drained || ended_;
    heard_ = true;
    std::memcpy(buffer.data(), kept_.data(), kept);
    kept_ = std::string();
    return buffer.first(kept + result.size);
}

bool AgentSocket::may_receive_ahead() const noexcept {
    return phase_ == Phase::open && readable_ && may_read() && !ended_ && !discarding_ &&
           !lane_.passes_on() && !stream_.is_tls() && kept_.size() <= kept_bound;
}

void AgentSocket::receive_ahead() {
    const std::span<char> received = receive(lane_.read_ahead().room());
    if (!received.empty()) {
        lane_.read_ahead().add(*this, received);
    }
}

void AgentSocket::handle_received(std::span<char> bytes) {
    consume(bytes);
    if (is_closed()) {
        return;
    }
    if (readable_) {
        lane_.schedule_flush(*this);  // which goes on reading
    }
    update_wait();
    if (lane_.passes_on()) {
        move_on();
    }
}

void AgentSocket::resume() {
    if (!std::exchange(paused_, false)) {
        return;
    }
    take_kept();
    read();
}

void AgentSocket::take_kept() {
    if (kept_.empty() || phase_ == Phase::closed) {
        return;
    }
    const std::span<char> buffer = lane_.read_buffer();
    const std::size_t size = kept_.size();
    std::memcpy(buffer.data(), kept_.data(), size);
    kept_ = std::string();
    consume(buffer.first(size));
}

void AgentSocket::consume(std::span<char> bytes) {
    if (phase_ == Phase::head) {
        consume_head(bytes);
    }
    while ((phase_ == Phase::open || phase_ == Phase::closing) && !discarding_) {
        if (paused_) {
            kept_.assign(bytes.data(), bytes.size());
            return;
        }
        const Event event = reader_.next(bytes, reader_rules(), lane_.reader_support());
        if (event.kind == EventKind::need_more) {
            kept_.assign(bytes.data(), bytes.size());
            return;
        }
        if (!consume_event(event)) {
            return;
        }
    }
}

void AgentSocket::consume_head(std::span<char>& bytes) {
    websocket::Handshake handshake =
        websocket::read_handshake({bytes.data(), bytes.size()}, lane_.handshake_rules());
    if (handshake.state == websocket::HandshakeState::incomplete) {
        kept_.assign(bytes.data(), bytes.size());
        return;
    }
    outgoing().bytes() += handshake.response;
    outgoing().frame_ends();
    lane_.schedule_flush(*this);
    if (handshake.state == websocket::HandshakeState::answered) {
        lane_.note_refused(*this, handshake.why);
        phase_ = Phase::answered;
        return;
    }
    phase_ = Phase::open;
    envelopes_ = handshake.envelopes;
    deflate_ = handshake.deflate;
    bytes = bytes.subspan(handshake.size);
    update_wait();
}

websocket::ReaderRules AgentSocket::reader_rules() const noexcept {
    const std::size_t limit = lane_.shared().options.limits.message_size;
    return {is_registered() ? limit : std::min(limit, stranger_bound), deflate_};
}

/// False when nothing more is to be read.
bool AgentSocket::consume_event(const Event& event) {
    switch (event.kind) {
        case EventKind::message:
            if (phase_ == Phase::open) {
                lane_.on_message(*this, event.payload, event.is_text);
            }
            return true;
        case EventKind::ping:
            if (phase_ == Phase::open && (!outgoing_ || outgoing_->size() < control_bound)) {
                append(Opcode::pong, event.payload);
            }
            return true;
        case EventKind::pong:
            return true;
        case EventKind::close:
            on_peer_close(event);
            return false;
        case EventKind::violation:
            if (phase_ == Phase::closing) {
                abort();
                return false;
            }
            lane_.note_violation(*this, event.why);
            close(event.code, event.why);
            // What follows cannot be understood: it is not known where a frame begins.
            discarding_ = true;
            return false;
        case EventKind::need_more:
            break;
    }
    return false;
}

void AgentSocket::on_peer_close(const Event& event) {
    if (phase_ == Phase::open) {
        close(event.code == CloseCode::no_status ? CloseCode::normal : event.code, {});
    }
    // Both sides have said it; the server is the one to end the connection.
    if (outgoing_) {
        phase_ = Phase::answered;
        lane_.schedule_flush(*this);
    } else {
        abort();
    }
}

// ---- Writing ------------------------------------------------------------------------------------

SendQueue& AgentSocket::outgoing() {
    if (!outgoing_) {
        outgoing_ = lane_.take_queue();
    }
    return *outgoing_;
}

bool AgentSocket::has_room(std::size_t size) const noexcept {
    const Limits& limits = lane_.shared().options.limits;
    return !outgoing_ || (outgoing_->size() + size <= limits.queue_bytes &&
                          outgoing_->frames() < limits.queue_frames);
}

Sent AgentSocket::send_text(std::string_view text) {
    return send(Opcode::text, text);
}

Sent AgentSocket::send_binary(std::string_view bytes) {
    return send(Opcode::binary, bytes);
}

Sent AgentSocket::send(Opcode opcode, std::string_view payload) {
    if (phase_ != Phase::open) {
        return Sent::closed;
    }
    if (!has_room(payload.size())) {
        // What was collected in this turn was not tried yet.
        if (!write_out()) {
            return Sent::closed;
        }
        if (!has_room(payload.size())) {
            lane_.note_slow(*this);
            if (lane_.shared().options.slow_consumer == SlowConsumer::drop) {
                return Sent::dropped;
            }
            abort();
            return Sent::closed;
        }
    }
    const Options& options = lane_.shared().options;
    if (deflate_ && payload.size() >= options.deflate_minimum_size) {
        if (const std::string* packed = lane_.deflated(payload)) {
            append(opcode, *packed, true);
            return Sent::queued;
        }
    }
    append(opcode, payload);
    return Sent::queued;
}

void AgentSocket::append(Opcode opcode, std::string_view payload, bool compressed) {
    SendQueue& out = outgoing();
    websocket::append_frame_head(out.bytes(), opcode, payload.size(), compressed);
    out.bytes() += payload;
    out.frame_ends();
    lane_.schedule_flush(*this);
}

void AgentSocket::flush() {
    if (phase_ == Phase::closed || phase_ == Phase::tls) {
        return;
    }
    if (outgoing_ && !write_out()) {
        return;
    }
    if (phase_ == Phase::answered && !outgoing_) {
        stream_.shut_down();
        abort();
        return;
    }
    if (discarding_ && !outgoing_) {
        stream_.shut_down();  // and what still comes is read, or it would destroy the close frame
    }
    if (readable_) {
        read();
    } else {
        update_wait();
    }
    if (lane_.passes_on()) {
        move_on();
    }
}

/// False when the socket has ended.
bool AgentSocket::write_out() {
    if (!outgoing_) {
        return true;
    }
    bool progressed = false;
    while (!outgoing_->empty()) {
        const std::string_view rest = outgoing_->rest();
        const net::IoResult result = stream_.write_some(rest.data(), rest.size());
        if (result.state == net::IoState::want_write || result.state == net::IoState::want_read) {
            if (progressed && wait_ == Wait::writing) {
                lane_.queue(Wait::writing).start(*this);
            }
            update_wait();
            return true;
        }
        if (result.state != net::IoState::done) {
            abort();
            return false;
        }
        progressed = true;
        outgoing_->wrote(result.size);
    }
    lane_.give_queue(std::move(outgoing_));
    outgoing_ = nullptr;
    update_wait();
    return true;
}

// ---- To another generation ----------------------------------------------------------------------

bool AgentSocket::move_on() {
    const bool between_frames =
        phase_ == Phase::open && !outgoing_ && !reader_.has_begun() && !paused_ && !discarding_;
    if (!between_frames || stream_.is_tls()) {
        return false;
    }
    MovedSocket moved{lane_.lane().index(), session_, agent_id_, envelopes_, deflate_,
                      wants_presence,       kept_};
    if (!is_registered()) {
        moved.agent_id.clear();
    }
    if (!lane_.pass_on(*this, moved)) {
        return false;
    }
    static_cast<void>(stream_.release());
    session_ = 0;  // the next generation's
    phase_ = Phase::closed;
    wait_ = Wait::none;
    cancel();
    lane_.forget(*this);
    return true;
}

void AgentSocket::go_on(MovedSocket moved) {
    phase_ = Phase::open;
    envelopes_ = moved.speaks_envelopes;
    deflate_ = moved.deflates;
    kept_ = std::move(moved.kept);
    update_wait();
}

// ---- The end ------------------------------------------------------------------------------------

void AgentSocket::close(CloseCode code, std::string_view reason) {
    if (phase_ != Phase::open) {
        // Before the handshake is over there is nobody to tell.
        if (phase_ != Phase::closing && phase_ != Phase::answered) {
            abort();
        }
        return;
    }
    lane_.release_agent(*this);
    websocket::append_close(outgoing().bytes(), code, reason);
    outgoing().frame_ends();
    phase_ = Phase::closing;
    paused_ = false;
    wait_for(Wait::closing);
    lane_.schedule_flush(*this);
}

void AgentSocket::abort() noexcept {
    if (phase_ == Phase::closed) {
        return;
    }
    phase_ = Phase::closed;
    wait_ = Wait::none;
    cancel();
    lane_.release_agent(*this);
    lane_.forget(*this);
    stream_.close();
    outgoing_.reset();
}

}  // namespace patchbay::agent_gateway
