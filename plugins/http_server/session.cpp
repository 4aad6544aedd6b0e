// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include "server_lane.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace patchbay::http_server {

namespace {

/// Answers that the client does not take yet; more hold up the reading of requests.
constexpr std::size_t output_bound = std::size_t{256} << 10U;
/// First byte of the state of a session that moves: whether it has had a request. The begin of the
/// next one follows.
constexpr char fresh_mark = 'f';
constexpr char used_mark = 'u';
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Session::Session(ServerLane& lane, net::Stream stream, const net::PeerAddress& client, bool exempt)
    : lane_(lane),
      stream_(std::move(stream)),
      client_(client),
      exempt_(exempt),
      phase_(Phase::closed) {
    set_phase(stream_.is_tls() ? Phase::handshake : Phase::fresh);
}

// ---- Phases -------------------------------------------------------------------------------------

void Session::set_phase(Phase phase) {
    // The time of a phase does not start anew with every byte.
    if (phase_ == phase) {
        return;
    }
    phase_ = phase;
    if (phase == Phase::closed || phase == Phase::waiting) {
        cancel();
    } else {
        lane_.queue(phase).start(*this);
    }
}

void Session::update_phase() {
    if (phase_ == Phase::closed || phase_ == Phase::lingering || phase_ == Phase::handshake) {
        return;
    }
    if (written_ < output_.size()) {
        set_phase(Phase::writing);
    } else if (incoming_) {
        set_phase(Phase::body);
    } else if (front_ != nullptr) {
        set_phase(Phase::waiting);
    } else if (!leftover_.empty()) {
        set_phase(Phase::header);
    } else if (phase_ != Phase::fresh) {
        set_phase(Phase::idle);
    }
}

void Session::on_deadline() noexcept {
    try {
        const Phase phase = phase_;
        if (phase == Phase::header || phase == Phase::body) {
            refuse({408, "Request Timeout", "it did not arrive in time"});
            flush();
        } else {
            abort();
        }
    } catch (...) {
        abort();
    }
}

void Session::on_ready(net::ReadyFor what) noexcept {
    try {
        lane_.begin_turn();
        readable_ = readable_ || what.reading;
        ended_ = ended_ || what.ended;
        if (phase_ == Phase::handshake) {
            step_handshake();
        }
        if (phase_ == Phase::lingering) {
            discard_input();
            return;
        }
        if (phase_ == Phase::closed || phase_ == Phase::handshake) {
            return;
        }
        if (what.writing && written_ < output_.size() && !write_out()) {
            return;
        }
        if (what.broken && front_ != nullptr) {
            on_input_closed(true);
            return;
        }
        read();
    } catch (...) {
        abort();  // out of memory: this client goes, the others stay
    }
}

void Session::step_handshake() {
    const net::IoResult result = stream_.handshake();
    if (result.state == net::IoState::done) {
        set_phase(Phase::fresh);
        readable_ = true;  // input may have come together with the handshake's last message
    } else if (result.state == net::IoState::closed || result.state == net::IoState::failed) {
        abort();
    }
}

// ---- Reading ------------------------------------------------------------------------------------

bool Session::is_paused() const noexcept {
    return last_request_ || awaits_continue_ ||
           waiting_ >= lane_.shared().options.limits.pipelined_requests ||
           output_.size() - written_ > output_bound;
}

void Session::read() {
    while (readable_ && !is_paused() && phase_ != Phase::closed) {
        const std::span<char> buffer = lane_.read_buffer();
        const std::size_t kept = leftover_.size();
        const net::IoResult result = stream_.read_some(buffer.data() + kept, buffer.size() - kept);
        if (result.state != net::IoState::done) {
            // TLS may have to write first, and hold input that the system does not tell of again.
            readable_ = result.state == net::IoState::want_write;
            if (result.state == net::IoState::closed) {
                on_input_closed(false);
            } else if (result.state == net::IoState::failed) {
                abort();
            }
            break;
        }
        // The end of the stream is no news to wait for: it may have been told with the last bytes.
        readable_ = !result.drained || ended_;
        std::memcpy(buffer.data(), leftover_.data(), kept);
        leftover_ = std::string();
        consume({buffer.data(), kept + result.size});
    }
    update_phase();
}

void Session::consume(std::string_view bytes) {
    while (!bytes.empty() && phase_ != Phase::closed && !last_request_) {
        if (!consume_one(bytes)) {
            break;
        }
    }
}

bool Session::consume_one(std::string_view& bytes) {
    if (incoming_) {
        const IncomingRequest::Fed fed = incoming_->feed(bytes);
        bytes.remove_prefix(fed.consumed);
        if (fed.state == IncomingRequest::State::incomplete) {
            leftover_ = bytes;
            return false;
        }
        const std::unique_ptr<IncomingRequest> whole = std::move(incoming_);
        if (fed.state == IncomingRequest::State::refused) {
            refuse(whole->refusal());
            return false;
        }
        submit(whole->head(), whole->body());
        return true;
    }
    if (is_paused()) {
        leftover_ = bytes;
        return false;
    }
    bytes.remove_prefix(leading_line_breaks(bytes));
    if (bytes.empty()) {
        return false;
    }
    RequestHead& head = lane_.head();
    Refusal refusal;
    switch (read_head(bytes, lane_.head_limits(), head, refusal)) {
        case HeadState::incomplete:
            leftover_ = bytes;
            return false;
        case HeadState::refused:
            refuse(refusal);
            return false;
        case HeadState::complete:
            break;
    }
    if (head.content_length >= lane_.shared().options.limits.body_size) {
        refuse({413, "Request Entity Too Large", "the body is too large"});
        return false;
    }
    const std::string_view rest = bytes.substr(head.size);
    if (!head.chunked && head.content_length <= rest.size()) {
        const auto length = static_cast<std::size_t>(head.content_length);
        submit(head, rest.substr(0, length));
        bytes = rest.substr(length);
        return true;
    }
    begin_body(head, bytes);
    return !awaits_continue_;
}

void Session::begin_body(const RequestHead& head, std::string_view& bytes) {
    if (head.expects_continue && head.version == 11 && bytes.size() == head.size) {
        if (front_ != nullptr) {
            // Earlier answers come first; the request is looked at again when they are out.
            leftover_ = bytes;
            awaits_continue_ = true;
            return;
        }
        output_ += continue_line;
        lane_.schedule_flush(*this);
    }
    incoming_ = std::make_unique<IncomingRequest>(bytes.substr(0, head.size), lane_.head_limits(),
                                                  lane_.shared().options.limits.body_size);
    bytes.remove_prefix(head.size);
}

void Session::resume() {
    if (phase_ == Phase::closed || phase_ == Phase::lingering) {
        return;
    }
    if (awaits_continue_ && front_ == nullptr) {
        awaits_continue_ = false;
    }
    if (!leftover_.empty() && !incoming_ && !is_paused()) {
        const std::string bytes = std::exchange(leftover_, std::string());
        consume(bytes);
    }
    read();
}

void Session::on_input_closed(bool broken) {
    input_closed_ = true;
    incoming_.reset();
    leftover_ = std::string();
    // A client may close its side and still read. Without a limit for the answer it is taken for
    // gone, or its request would wait for ever.
    const bool bounded = lane_.shared().options.limits.answer_time.count() != 0;
    const bool nothing_to_say = front_ == nullptr && written_ == output_.size();
    if (broken || nothing_to_say || (front_ != nullptr && !bounded)) {
        abort();
    } else {
        last_request_ = true;
    }
}

// ---- Requests and answers -----------------------------------------------------------------------

Exchange& Session::queue_exchange(const RequestHead* head) {
    Exchange& exchange = lane_.new_exchange();
    exchange.session = this;
    exchange.rules = {};
    if (head != nullptr) {
        exchange.rules = {head->is_head(), head->keep_alive && !ends_with_drain(), head->version,
                          head->accepts_gzip};
    }
    (back_ != nullptr ? back_->next : front_) = &exchange;
    back_ = &exchange;
    ++waiting_;
    return exchange;
}

void Session::submit(const RequestHead& head, std::string_view body) {
    Exchange& exchange = queue_exchange(&head);
    last_request_ = last_request_ || !exchange.rules.keep_alive;
    lane_.send(exchange, head, body);
}

void Session::refuse(const Refusal& refusal) {
    lane_.shared().counters.refused.add();
    lane_.shared().host.log().debug([&] {
        return "a request of " + client_.text() + " is refused with " +
               std::to_string(refusal.status) + ": " + std::string(refusal.why);
    });
    incoming_.reset();
    leftover_ = std::string();
    last_request_ = true;
    Exchange& exchange = queue_exchange(nullptr);
    exchange.rules.keep_alive = false;
    if (lane_.shared().access_log) {
        exchange.record = std::make_unique<LogRecord>(
            LogRecord{client_.text(), "-", "-", "", "", "", 11, lane_.shared().clock.wall()});
    }
    answer_own(exchange, refusal.status, refusal.phrase);
}

void Session::answer(Exchange& exchange, const protocols::HttpResponseView& response,
                     std::uint64_t token) {
    end_with(exchange);
    std::string& out = &exchange == front_ ? output_ : exchange.early;
    if (&exchange == front_ && out.empty() && out.capacity() < 64) {
        out = lane_.take_buffer();
    }
    const std::size_t before = out.size();
    auto status = static_cast<unsigned>(response.status_code);
    if (!lane_.writer().append(out, response, exchange.rules)) {
        lane_.shared().host.log().warning([&] {
            return "the answer to a request has status " + std::to_string(response.status_code) +
                   ", which HTTP does not know; the client gets 500";
        });
        status = 500;
        lane_.writer().append_own(out, status, "Server Error", exchange.rules);
    }
    tokens_.push_back(token);
    note_answer(exchange, status, out.size() - before);
    settle_front(exchange);
}

void Session::answer_own(Exchange& exchange, unsigned status, std::string_view phrase,
                         std::string_view extra) {
    end_with(exchange);
    std::string& out = &exchange == front_ ? output_ : exchange.early;
    const std::size_t before = out.size();
    lane_.writer().append_own(out, status, phrase, exchange.rules, extra);
    note_answer(exchange, status, out.size() - before);
    settle_front(exchange);
}

/// Before its answer is written: whether it is the last one of a session that drains.
void Session::end_with(Exchange& exchange) noexcept {
    if (ends_with_drain() && &exchange == back_ && !incoming_ && leftover_.empty()) {
        exchange.rules.keep_alive = false;
        last_request_ = true;
    }
}

void Session::note_answer(const Exchange& exchange, unsigned status, std::size_t bytes) {
    if (exchange.record) {
        lane_.log(*exchange.record, status, bytes);
    }
}

/// The exchange has its answer; what is at the front of the queue and answered goes out.
void Session::settle_front(Exchange& exchange) {
    exchange.answered = true;
    while (front_ != nullptr && front_->answered) {
        Exchange& done = *front_;
        output_ += done.early;
        last_request_ = last_request_ || !done.rules.keep_alive;
        front_ = done.next;
        --waiting_;
        lane_.free_exchange(done);
    }
    if (front_ == nullptr) {
        back_ = nullptr;
    }
    lane_.schedule_flush(*this);
}

// ---- Writing ------------------------------------------------------------------------------------

void Session::flush() {
    if (phase_ == Phase::closed || phase_ == Phase::lingering || !write_out()) {
        return;
    }
    resume();
}

/// False when the session has ended.
bool Session::write_out() {
    const std::size_t before = written_;
    while (written_ < output_.size()) {
        const net::IoResult result =
            stream_.write_some(output_.data() + written_, output_.size() - written_);
        if (result.state == net::IoState::want_write || result.state == net::IoState::want_read) {
            // The consumer has done its part, and a slow client must not tie up what the lane may
            // hold in its hands.
            lane_.complete(tokens_);
            wait_to_write(written_ != before);
            return true;
        }
        if (result.state != net::IoState::done) {
            abort();
            return false;
        }
        written_ += result.size;
    }
    lane_.complete(tokens_);
    if (output_.capacity() >= 64) {
        lane_.give_buffer(std::move(output_));
    }
    output_ = std::string();
    written_ = 0;
    const bool drained = ends_with_drain() && !incoming_ && leftover_.empty();
    if ((last_request_ || drained) && front_ == nullptr) {
        linger();
        return false;
    }
    if (lane_.passes_on() && move_on()) {
        return false;
    }
    if (phase_ == Phase::writing) {
        set_phase(Phase::idle);
    }
    update_phase();
    return true;
}

void Session::wait_to_write(bool has_progressed) {
    if (phase_ == Phase::writing && has_progressed) {
        lane_.queue(Phase::writing).start(*this);
    }
    set_phase(Phase::writing);
    // What a client takes all the time, but never to the end, must not stay.
    if (written_ >= output_bound) {
        output_.erase(0, written_);
        written_ = 0;
    }
}

// ---- The end ------------------------------------------------------------------------------------

bool Session::ends_with_drain() const noexcept {
    return lane_.is_draining() && (!lane_.passes_on() || stream_.is_tls());
}

bool Session::move_on() {
    const bool busy = front_ != nullptr || written_ != output_.size() || incoming_ ||
                      awaits_continue_ || last_request_ || input_closed_;
    if (busy || stream_.is_tls() || phase_ == Phase::closed || phase_ == Phase::lingering) {
        return false;
    }
    std::string state(1, phase_ == Phase::fresh ? fresh_mark : used_mark);
    state += leftover_;
    if (!lane_.pass_on(*this, state)) {
        return false;
    }
    static_cast<void>(stream_.release());
    set_phase(Phase::closed);
    lane_.forget(*this);
    return true;
}

void Session::go_on(std::string_view state) {
    if (!state.starts_with(fresh_mark)) {
        set_phase(Phase::idle);
    }
    leftover_ = state.substr(std::min<std::size_t>(state.size(), 1));
    resume();
}

void Session::end_if_idle() {
    if (front_ == nullptr && written_ == output_.size() && !incoming_ && leftover_.empty()) {
        abort();
    }
}

void Session::end() {
    while (front_ != nullptr && phase_ != Phase::closed) {
        Exchange& exchange = *front_;
        exchange.rules.keep_alive = false;
        answer_own(exchange, 500, "Server terminated unexpectedly.");
    }
    if (phase_ != Phase::closed && phase_ != Phase::lingering) {
        static_cast<void>(write_out());
    }
    abort();
}

/// Everything is said. The client is told so, and has a moment to read it: closing at once, with
/// input unread, would destroy the answer on its way.
void Session::linger() {
    stream_.shut_down();
    if (input_closed_) {
        abort();
        return;
    }
    set_phase(Phase::lingering);
    discard_input();
}

void Session::discard_input() {
    constexpr int reads = 16;
    for (int i = 0; i < reads; ++i) {
        const std::span<char> buffer = lane_.read_buffer();
        const net::IoResult result = stream_.read_some(buffer.data(), buffer.size());
        if (result.state == net::IoState::want_read) {
            return;
        }
        if (result.state != net::IoState::done) {
            abort();
            return;
        }
    }
    abort();  // it goes on sending
}

void Session::abort() {
    if (phase_ == Phase::closed) {
        return;
    }
    set_phase(Phase::closed);
    while (front_ != nullptr) {
        Exchange& exchange = *front_;
        front_ = exchange.next;
        lane_.free_exchange(exchange);
    }
    back_ = nullptr;
    lane_.complete(tokens_);
    lane_.forget(*this);
    stream_.close();
    incoming_.reset();
}

}  // namespace patchbay::http_server
