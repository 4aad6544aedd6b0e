// SPDX-License-Identifier: Apache-2.0
#include "server_lane.hpp"

#include <patchbay/protocols/http.hpp>

#include <boost/asio/redirect_error.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace patchbay::http_server {

namespace {

/// Buffers that are kept, and how large one may be to be kept.
constexpr std::size_t kept_buffers = 128;
constexpr std::size_t kept_buffer_size = std::size_t{64} << 10U;
constexpr std::size_t read_size = std::size_t{64} << 10U;
constexpr std::chrono::seconds lingering_time{2};
/// Quiet for that long, a client is not about to send a request.
constexpr std::chrono::milliseconds idle_time{200};

/// Names the form of the state that `Session::move_on` writes.
constexpr const char* parked_kind = "patchbay/http_server:session:1";

std::size_t per_lane(std::size_t all, std::uint32_t lanes) {
    return std::max<std::size_t>(all / std::max<std::uint32_t>(lanes, 1), 1);
}

}  // namespace

Counters::Counters(const Host& host)
    : connections(host.counter("connections", "Clients that were accepted")),
      connections_refused(host.counter("connections_refused", "Clients beyond a limit")),
      requests(host.counter("requests", "Requests that were read")),
      refused(host.counter("requests_refused", "Requests that break HTTP or a limit of it")),
      answered(host.counter("requests_answered", "Requests answered by a consumer")),
      timeouts(host.counter("requests_timed_out", "Requests that nobody answered in time")),
      late(host.counter("answers_late", "Answers for which nobody waited any more")),
      overloads(host.counter("requests_overloaded", "Requests for which there was no room")),
      open_connections(host.gauge("open_connections", "Clients that are connected")) {}

Shared::Shared(const Host& owner, Options read_options)
    : host(owner),
      options(std::move(read_options)),
      clock(owner),
      counters(owner),
      limits(options.limits.connections, options.limits.connections_per_address),
      parked(owner, parked_kind) {}

void Exchange::on_deadline() noexcept {
    lane_.expire(*this);
}

ServerLane::ServerLane(Shared& shared, Lane& lane)
    : shared_(shared),
      lane_(lane),
      deadlines_(lane, shared.clock, timer),
      answer_time_(deadlines_.queue(shared.options.limits.answer_time)),
      readiness_(lane.executor(), [this] { end_of_turn(); }),
      dialogues_(shared.host.component_id(), shared.options.target, protocols::http_dialogue_rules,
                 per_lane(shared.options.limits.pending_requests, shared.options.lanes)),
      writer_(shared.options.server_header,
              shared.options.compression.enabled ? shared.options.compression.minimum_size : 0),
      read_buffer_(read_size + shared.options.limits.header_size),
      drained_(lane.executor()) {
    const Limits& limits = shared.options.limits;
    using Phase = Session::Phase;
    const auto set = [&](Phase phase, std::chrono::nanoseconds time) {
        phase_queues_[static_cast<std::size_t>(phase)] = &deadlines_.queue(time);
    };
    set(Phase::handshake, limits.header_time);
    set(Phase::fresh, limits.header_time);
    set(Phase::header, limits.header_time);
    set(Phase::body, limits.body_time);
    set(Phase::idle, limits.idle_time);
    set(Phase::writing, limits.write_time);
    set(Phase::lingering, lingering_time);
    batch_.reserve(batch_bound);
    batch_exchanges_.reserve(batch_bound);
    results_.resize(batch_bound);
    if (const auto* handles = shared.host.extension<patchbay_handles>(PATCHBAY_HANDLES_EXTENSION)) {
        to_handle_ = handles->address(shared.host.abi(), to_abi_string(shared.options.target));
        protocol_handle_ =
            handles->protocol(shared.host.abi(), to_abi_string(protocols::http_protocol_id));
    }
    writer_.set_time(shared.clock.wall());
}

ServerLane::~ServerLane() {
    acceptors_.clear();
    while (!sessions_.empty()) {
        sessions_.front().abort();
    }
    closed_.clear();
    if (!completed_.empty()) {
        lane_.complete(completed_);
    }
}

HeadLimits ServerLane::head_limits() const noexcept {
    return {shared_.options.limits.header_size, shared_.options.limits.header_count};
}

net::DeadlineQueue& ServerLane::queue(Session::Phase phase) noexcept {
    return *phase_queues_[static_cast<std::size_t>(phase)];
}

// ---- Clients ------------------------------------------------------------------------------------

Result<void> ServerLane::listen(const std::vector<std::intptr_t>& descriptors) {
    draining_ = passes_on_ = false;
    for (const std::intptr_t descriptor : descriptors) {
        net::Acceptor& acceptor = acceptors_.emplace_back(
            readiness_, deadlines_, shared_.host.log(), static_cast<int>(descriptor),
            [this](net::Descriptor socket, const net::PeerAddress& peer) {
                add_client(std::move(socket), peer);
            });
        if (auto started = acceptor.start(); !started) {
            acceptors_.clear();
            return started;
        }
    }
    return {};
}

void ServerLane::add_client(net::Descriptor socket, const net::PeerAddress& client) {
    begin_turn();
    const bool exempt = client.is_unix() || is_trusted(client, shared_.options.trusted_proxies);
    if (shared_.limits.admit(client, exempt) != net::Admission::admitted) {
        shared_.counters.connections_refused.add();
        if (!shared_.tls) {
            std::string answer;
            ResponseRules rules;
            rules.keep_alive = false;
            writer_.append_own(answer, 503, "Service Unavailable", rules, "Retry-After: 1\r\n");
            static_cast<void>(::send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
        }
        return;
    }
    const int descriptor = socket.get();
    if (!client.is_unix()) {
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    net::TlsSession tls = shared_.tls ? shared_.tls->accept(descriptor) : nullptr;
    if (shared_.tls && !tls) {
        shared_.limits.release(client, exempt);
        return;
    }
    Session& session = sessions_.emplace_back(*this, net::Stream(std::move(socket), std::move(tls)),
                                              client, exempt);
    session.place = std::prev(sessions_.end());
    shared_.counters.connections.add();
    shared_.counters.open_connections.add(1);
    if (!readiness_.add(descriptor, session)) {
        session.abort();
    }
}

void ServerLane::add_parked(net::Descriptor socket, std::string_view state) {
    begin_turn();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return;  // the client has gone
    }
    const net::PeerAddress client = net::PeerAddress::of(address);
    const bool exempt = client.is_unix() || is_trusted(client, shared_.options.trusted_proxies);
    if (shared_.limits.admit(client, exempt) != net::Admission::admitted) {
        shared_.counters.connections_refused.add();
        return;
    }
    const int descriptor = socket.get();
    Session& session =
        sessions_.emplace_back(*this, net::Stream(std::move(socket)), client, exempt);
    session.place = std::prev(sessions_.end());
    shared_.counters.open_connections.add(1);
    if (!readiness_.add(descriptor, session)) {
        session.abort();
        return;
    }
    session.go_on(state);
    if (passes_on_ && !session.is_closed()) {
        session.move_on();
    }
}

void ServerLane::adopt() {
    static_cast<void>(
        shared_.parked.adopt(lane_, [this](std::intptr_t descriptor, std::string_view state) {
            add_parked(net::Descriptor(static_cast<int>(descriptor)), state);
        }));
    readiness_.request_turn();
}

bool ServerLane::pass_on(Session& session, std::string_view state) {
    const int descriptor = session.descriptor();
    // It may be adopted, and become another socket's number, as soon as it is parked.
    readiness_.remove(descriptor, session);
    if (shared_.parked.park(descriptor, state)) {
        return true;
    }
    if (!readiness_.add(descriptor, session)) {
        session.abort();
    }
    return false;
}

void ServerLane::forget(Session& session) {
    if (session.descriptor() >= 0) {
        readiness_.remove(session.descriptor(), session);
    }
    for (std::vector<Session*>* const list : {&to_flush_, &flushing_}) {
        std::replace(list->begin(), list->end(), &session, static_cast<Session*>(nullptr));
    }
    shared_.limits.release(session.client(), session.is_exempt());
    shared_.counters.open_connections.add(-1);
    closed_.splice(closed_.end(), sessions_, session.place);
    if (draining_ && sessions_.empty()) {
        drained_.cancel();
    }
    readiness_.request_turn();
}

void ServerLane::begin_drain(bool replaced) {
    draining_ = true;
    passes_on_ = replaced && shared_.parked.can_park();
    draining_since_ = std::chrono::steady_clock::now();
    acceptors_.clear();
    if (!passes_on_) {
        return;
    }
    begin_turn();
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        Session& session = *next++;
        session.move_on();
    }
    readiness_.request_turn();
}

Awaitable<void> ServerLane::end_idle(std::chrono::steady_clock::time_point deadline) {
    // A client that has just connected, or just been answered, may be about to send: what it sends
    // is answered, as its last request.
    const auto idle_from = std::min(deadline, draining_since_ + idle_time);
    co_await wait_for_sessions(idle_from);
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        Session& session = *next++;
        session.end_if_idle();
    }
}

Awaitable<void> ServerLane::drain(std::chrono::steady_clock::time_point deadline) {
    co_await wait_for_sessions(deadline);
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        Session& session = *next++;
        session.end();
    }
    finish();
}

Awaitable<void> ServerLane::wait_for_sessions(std::chrono::steady_clock::time_point deadline) {
    while (!sessions_.empty() && std::chrono::steady_clock::now() < deadline) {
        drained_.expires_at(deadline);
        boost::system::error_code ignored;
        co_await drained_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
    }
}

// ---- Turns --------------------------------------------------------------------------------------

void ServerLane::begin_turn() {
    if (!in_turn_) {
        in_turn_ = true;
        deadlines_.refresh();
        writer_.set_time(shared_.clock.wall());
    }
}

void ServerLane::on_timer() noexcept {
    begin_turn();
    deadlines_.on_timer();
    end_of_turn();
}

void ServerLane::end_of_turn() noexcept {
    try {
        finish();
    } catch (...) {
        shared_.host.log().error(
            [] { return describe_current_exception("the end of a turn").message; });
    }
    in_turn_ = false;
}

void ServerLane::finish() {
    // Writing may make room to read further requests; what they bring is for the next round, or a
    // client that is quick enough would keep the lane for itself.
    constexpr int rounds = 8;
    for (int round = 0; round < rounds && (!batch_.empty() || !to_flush_.empty()); ++round) {
        deliver();
        flushing_.swap(to_flush_);
        for (std::size_t i = 0; i < flushing_.size(); ++i) {
            if (Session* session = flushing_[i]) {
                session->flush_scheduled = false;
                session->flush();
            }
        }
        flushing_.clear();
    }
    if (!batch_.empty() || !to_flush_.empty()) {
        readiness_.request_turn();
    }
    if (!completed_.empty()) {
        lane_.complete(completed_);
        completed_.clear();
    }
    if (new_requests_ != 0) {
        shared_.counters.requests.add(static_cast<std::int64_t>(std::exchange(new_requests_, 0)));
    }
    if (new_answers_ != 0) {
        shared_.counters.answered.add(static_cast<std::int64_t>(std::exchange(new_answers_, 0)));
    }
    if (!log_lines_.empty() && shared_.access_log) {
        shared_.access_log->write(log_lines_);
    }
    closed_.clear();
}

void ServerLane::schedule_flush(Session& session) {
    if (!session.flush_scheduled && !session.is_closed()) {
        session.flush_scheduled = true;
        to_flush_.push_back(&session);
    }
}

std::string ServerLane::take_buffer() {
    if (buffers_.empty()) {
        return {};
    }
    std::string buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
}

void ServerLane::give_buffer(std::string buffer) {
    if (buffers_.size() < kept_buffers && buffer.capacity() <= kept_buffer_size) {
        buffer.clear();
        buffers_.push_back(std::move(buffer));
    }
}

void ServerLane::complete(std::vector<std::uint64_t>& tokens) {
    completed_.insert(completed_.end(), tokens.begin(), tokens.end());
    tokens.clear();
}

void ServerLane::log(const LogRecord& record, unsigned status, std::size_t bytes) {
    append_log_line(log_lines_, shared_.options.access_log.format, record, status, bytes,
                    shared_.clock.wall());
}

}  // namespace patchbay::http_server
