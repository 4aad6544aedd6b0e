// SPDX-License-Identifier: Apache-2.0
#include "gateway_lane.hpp"

#include "frames/json_text.hpp"

#include <patchbay/text_hash.hpp>

#include <boost/asio/redirect_error.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

using websocket::CloseCode;

constexpr std::size_t kept_queues = 128;
constexpr std::size_t kept_queue_size = std::size_t{64} << 10U;
constexpr std::size_t read_size = std::size_t{128} << 10U;
constexpr std::chrono::seconds closing_time{2};

// A connection's number: its slot, its lane, and how many sockets the lane had before.
constexpr unsigned slot_bits = 24;
constexpr unsigned lane_bits = 6;
constexpr unsigned count_bits = 64 - slot_bits - lane_bits;
constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;

std::uint32_t slot_of(const AgentSocket& socket) noexcept {
    return static_cast<std::uint32_t>(socket.connection() & slot_mask);
}

/// Half of the time to disconnect, at most: what a socket has to finish before it moves.
constexpr std::chrono::seconds moving_time{2};

/// Where a lane begins to count its sockets. Generations follow each other in milliseconds, and
/// none may use the numbers of the one before it, whose sessions live on for a moment.
std::uint64_t first_count() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto count = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    return count & ((std::uint64_t{1} << (count_bits - 1)) - 1);
}

CloseCode close_code(SessionEnd reason) noexcept {
    switch (reason) {
        case SessionEnd::replaced:
            return CloseCode::replaced;
        case SessionEnd::timeout:
            return CloseCode::heartbeat_timeout;
        case SessionEnd::removed:
            break;
    }
    return CloseCode::policy;
}

}  // namespace

Counters::Counters(const Host& host)
    : sockets(host.counter("sockets", "Sockets that were accepted")),
      sockets_refused(host.counter("sockets_refused", "Sockets beyond a limit, or not upgraded")),
      open_sockets(host.gauge("open_sockets", "Sockets that are open")),
      agents(host.gauge("agents", "Agents that are registered here")),
      requests(host.counter("requests", "Requests of agents")),
      requests_refused(
          host.counter("requests_refused", "Requests that were answered with an error")),
      messages(host.counter("messages", "Messages of agents")),
      messages_refused(host.counter("messages_refused", "Messages that were not delivered")),
      delivered(host.counter("messages_delivered", "Messages handed to sockets of agents")),
      envelopes_in(host.counter("envelopes_in", "Envelopes that came for agents")),
      envelopes_out(host.counter("envelopes_out", "Envelopes that agents sent")),
      answers(host.counter("answers", "Envelopes that an agent answered")),
      unanswered(host.counter("unanswered", "Envelopes that an agent did not answer")),
      violations(host.counter("violations", "Sockets that broke the rules of WebSocket")),
      slow(host.counter("slow_consumers", "Frames that an agent was too slow for")),
      dead(host.counter("keepalive_failures", "Sockets that did not answer a WebSocket ping")) {}

Shared::Shared(const Host& owner, Options read_options)
    : host(owner),
      options(std::move(read_options)),
      clock(owner),
      counters(owner),
      limits(options.limits.sockets, options.limits.sockets_per_address),
      lane_directory(options.lanes),
      parked(owner, MovedSocket::kind) {}

GatewayLane::GatewayLane(Shared& shared, Lane& lane)
    : shared_(shared),
      lane_(lane),
      deadlines_(lane, shared.clock, timer),
      readiness_(lane.executor(), [this] { end_of_turn(); }),
      commands_(*this),
      routing_(*this),
      inbound_(*this),
      connections_(first_count()),
      read_buffer_(read_size + websocket::padding),
      read_ahead_(read_size),
      drained_(lane.executor()) {
    const Limits& limits = shared.options.limits;
    using Wait = AgentSocket::Wait;
    const auto set = [&](Wait what, std::chrono::nanoseconds time) {
        waits_[static_cast<std::size_t>(what)] = &deadlines_.queue(time);
    };
    set(Wait::handshake, limits.handshake_time);
    set(Wait::registration, limits.registration_time);
    set(Wait::keepalive, limits.keepalive);
    set(Wait::message, limits.message_time);
    set(Wait::writing, limits.write_time);
    set(Wait::closing, closing_time);
}

GatewayLane::~GatewayLane() {
    acceptors_.clear();
    while (!sockets_.empty()) {
        sockets_.front().abort();
    }
    closed_.clear();
    inbound_.give_up();
    if (!completed_.empty()) {
        lane_.complete(completed_);
    }
}

std::span<char> GatewayLane::read_buffer() noexcept {
    return std::span(read_buffer_).first(read_size);
}

net::DeadlineQueue& GatewayLane::queue(AgentSocket::Wait what) noexcept {
    return *waits_[static_cast<std::size_t>(what)];
}

std::uint32_t GatewayLane::second() const noexcept {
    return static_cast<std::uint32_t>(deadlines_.now() / std::chrono::seconds(1));
}

std::int64_t GatewayLane::wall_ms() const noexcept {
    return shared_.clock.wall() / std::chrono::milliseconds(1);
}

// ---- Sockets ------------------------------------------------------------------------------------

Result<void> GatewayLane::listen(const std::vector<std::intptr_t>& descriptors) {
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

std::uint64_t GatewayLane::new_connection() {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.push_back(nullptr);
        free_slots_.reserve(slots_.size());  // so that giving one back never fails
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    ++connections_;
    return (((connections_ << lane_bits) | lane_.index()) << slot_bits) | slot;
}

void GatewayLane::add_client(net::Descriptor socket, const net::PeerAddress& peer) {
    begin_turn();
    if (shared_.limits.admit(peer, peer.is_unix()) != net::Admission::admitted) {
        shared_.counters.sockets_refused.add();
        if (!shared_.tls) {
            constexpr std::string_view answer =
                "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
                "Connection: close\r\n\r\n";
            static_cast<void>(::send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
        }
        return;
    }
    const int descriptor = socket.get();
    if (!peer.is_unix()) {
        const int on = 1;
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    net::TlsSession tls = shared_.tls ? shared_.tls->accept(descriptor) : nullptr;
    if (shared_.tls && !tls) {
        shared_.limits.release(peer, peer.is_unix());
        return;
    }
    AgentSocket& added = add_socket(net::Stream(std::move(socket), std::move(tls)), peer);
    shared_.counters.sockets.add();
    if (!readiness_.add(descriptor, added)) {
        added.abort();
    }
}

AgentSocket& GatewayLane::add_socket(net::Stream stream, const net::PeerAddress& peer) {
    const std::uint64_t connection = new_connection();
    AgentSocket& added = sockets_.emplace_back(*this, std::move(stream), peer, connection);
    added.place = std::prev(sockets_.end());
    slots_[connection & slot_mask] = &added;
    shared_.counters.open_sockets.add(1);
    return added;
}

void GatewayLane::adopt(net::Descriptor socket, MovedSocket moved) {
    begin_turn();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        identity().unregister(moved.session);
        return;  // the agent has gone
    }
    const net::PeerAddress peer = net::PeerAddress::of(address);
    if (shared_.limits.admit(peer, peer.is_unix()) != net::Admission::admitted) {
        shared_.counters.sockets_refused.add();
        identity().unregister(moved.session);
        return;
    }
    const int descriptor = socket.get();
    AgentSocket& added = add_socket(net::Stream(std::move(socket)), peer);
    const std::uint64_t session = moved.session;
    const bool wants_presence = moved.wants_presence;
    std::string agent_id = moved.agent_id;
    added.go_on(std::move(moved));
    const bool gone = session != 0 && !identity().move(lane_, session, added.connection());
    if (session != 0 && !gone) {
        bind(added, std::move(agent_id), session);
        want_presence(added, wants_presence);
    }
    if (!readiness_.add(descriptor, added)) {
        added.abort();
    } else if (gone) {
        added.close(CloseCode::restart, "the session ended during a reload");
    }
    readiness_.request_turn();
}

bool GatewayLane::pass_on(AgentSocket& socket, const MovedSocket& moved) {
    const int descriptor = socket.descriptor();
    // It may be adopted, and become another socket's number, as soon as it is parked.
    readiness_.remove(descriptor, socket);
    if (shared_.parked.park(descriptor, to_state(moved))) {
        forget_agent(socket);
        return true;
    }
    if (!readiness_.add(descriptor, socket)) {
        socket.abort();
    }
    return false;
}

AgentSocket* GatewayLane::find_agent(std::string_view agent_id) const {
    const std::uint32_t slot = agents_.find(TextHash()(agent_id), [&](std::uint32_t candidate) {
        return slots_[candidate]->agent_id() == agent_id;
    });
    return slot == SlotIndex::none ? nullptr : slots_[slot];
}

AgentSocket* GatewayLane::find_connection(std::uint64_t connection) const {
    const std::uint64_t slot = connection & slot_mask;
    AgentSocket* const socket = slot < slots_.size() ? slots_[slot] : nullptr;
    return socket != nullptr && socket->connection() == connection ? socket : nullptr;
}

void GatewayLane::bind(AgentSocket& socket, std::string agent_id, std::uint64_t session) {
    AgentSocket* const other = find_agent(agent_id);
    if (other == &socket) {
        socket.renew_session(session);
        return;
    }
    if (other != nullptr) {
        // The host has ended that session; its signal is on the way.
        other->forget_session();
        make_unfindable(*other);
        other->close(CloseCode::replaced, "replaced by a newer connection");
    }
    make_unfindable(socket);
    socket.register_as(std::move(agent_id), session);
    make_findable(socket);
}

void GatewayLane::make_findable(AgentSocket& socket) {
    agents_.insert(slot_of(socket), TextHash()(socket.agent_id()));
    socket.is_findable = true;
    shared_.counters.agents.add(1);
}

void GatewayLane::make_unfindable(AgentSocket& socket) noexcept {
    if (std::exchange(socket.is_findable, false)) {
        agents_.erase(slot_of(socket));
        shared_.counters.agents.add(-1);
    }
}

void GatewayLane::forget_agent(AgentSocket& socket) noexcept {
    want_presence(socket, false);
    inbound_.agent_left(socket);
    make_unfindable(socket);
}

void GatewayLane::release_agent(AgentSocket& socket) noexcept {
    forget_agent(socket);
    if (socket.is_registered()) {
        identity().unregister(socket.session());
        socket.forget_session();
    }
}

void GatewayLane::forget(AgentSocket& socket) noexcept {
    if (socket.descriptor() >= 0) {
        readiness_.remove(socket.descriptor(), socket);
    }
    for (std::vector<AgentSocket*>* const list : {&to_flush_, &flushing_}) {
        std::replace(list->begin(), list->end(), &socket, static_cast<AgentSocket*>(nullptr));
    }
    read_ahead_.forget(socket);
    const std::uint32_t slot = slot_of(socket);
    slots_[slot] = nullptr;
    free_slots_.push_back(slot);
    shared_.limits.release(socket.peer(), socket.peer().is_unix());
    shared_.counters.open_sockets.add(-1);
    closed_.splice(closed_.end(), sockets_, socket.place);
    if (draining_ && sockets_.empty()) {
        drained_.cancel();
    }
    readiness_.request_turn();
}

void GatewayLane::want_presence(AgentSocket& socket, bool wanted) {
    if (std::exchange(socket.wants_presence, wanted) == wanted) {
        return;
    }
    presence_wanted_ += wanted ? 1 : static_cast<std::size_t>(-1);
    if (presence_wanted_ <= 1 && (wanted || presence_wanted_ == 0)) {
        static_cast<void>(identity().subscribe(lane_, wanted));
    }
}

void GatewayLane::begin_drain(bool replaced) {
    begin_turn();
    draining_ = true;
    replaced_ = replaced;
    passes_on_ = replaced && shared_.parked.can_park();
    acceptors_.clear();
    if (passes_on_) {
        for (auto next = sockets_.begin(); next != sockets_.end();) {
            AgentSocket& socket = *next++;
            if (socket.is_tls()) {
                socket.close(CloseCode::restart, "the gateway is reloaded");
            } else {
                socket.move_on();
            }
        }
    } else {
        say_goodbye();
    }
    end_of_turn();
}

void GatewayLane::say_goodbye() {
    for (auto next = sockets_.begin(); next != sockets_.end();) {
        AgentSocket& socket = *next++;
        if (replaced_) {
            socket.close(CloseCode::restart, "the gateway is reloaded");
        } else {
            socket.close(CloseCode::going_away, "the host shuts down");
        }
    }
}

Awaitable<void> GatewayLane::drain(std::chrono::steady_clock::time_point deadline) {
    if (passes_on_) {
        const auto now = std::chrono::steady_clock::now();
        const auto half =
            now + std::max((deadline - now) / 2, std::chrono::steady_clock::duration());
        co_await wait_for_sockets(std::min(half, now + moving_time));
        begin_turn();
        passes_on_ = false;
        say_goodbye();
        end_of_turn();
    }
    co_await wait_for_sockets(deadline);
    while (!sockets_.empty()) {
        sockets_.front().abort();
    }
    inbound_.give_up();
    finish();
}

Awaitable<void> GatewayLane::wait_for_sockets(std::chrono::steady_clock::time_point deadline) {
    while (!sockets_.empty() && std::chrono::steady_clock::now() < deadline) {
        drained_.expires_at(deadline);
        boost::system::error_code ignored;
        co_await drained_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
    }
}

// ---- What the host says -------------------------------------------------------------------------

void GatewayLane::on_batch(std::span<const TakenEnvelope> batch) {
    begin_turn();
    shared_.counters.envelopes_in.add(static_cast<std::int64_t>(batch.size()));
    for (const TakenEnvelope& envelope : batch) {
        inbound_.take(envelope);
    }
    end_of_turn();
}

void GatewayLane::on_cancel(std::uint64_t token) {
    begin_turn();
    inbound_.cancel(token);
    end_of_turn();
}

void GatewayLane::on_timer() noexcept {
    begin_turn();
    deadlines_.on_timer();
    end_of_turn();
}

void GatewayLane::on_identity_answer(const IdentityAnswer& answer) {
    begin_turn();
    commands_.on_identity_answer(answer);
    end_of_turn();
}

void GatewayLane::on_agent_ping(std::uint64_t connection, std::uint64_t value) {
    begin_turn();
    if (AgentSocket* const socket = find_connection(connection)) {
        commands_.ping(*socket, value);
    }
    end_of_turn();
}

void GatewayLane::on_session_end(std::uint64_t connection, SessionEnd reason,
                                 std::string_view text) {
    begin_turn();
    AgentSocket* const socket = find_connection(connection);
    if (socket != nullptr && socket->is_registered()) {
        shared_.host.log().info([&] {
            return "the session of agent '" + socket->agent_id() +
                   "' has ended: " + std::string(text);
        });
        socket->forget_session();
        socket->close(close_code(reason), text);
    }
    end_of_turn();
}

void GatewayLane::on_agent_changed(AgentChange change, std::string_view agent_id,
                                   std::string_view payload, std::uint64_t missed) {
    begin_turn();
    const std::string frame = Commands::presence_frame(change, agent_id, payload, missed);
    std::vector<AgentSocket*> wanted;  // sending may end a socket
    each_agent([&](AgentSocket& socket) {
        if (socket.wants_presence) {
            wanted.push_back(&socket);
        }
    });
    for (AgentSocket* const socket : wanted) {
        static_cast<void>(socket->send_text(frame));
    }
    end_of_turn();
}

// ---- Frames -------------------------------------------------------------------------------------

void GatewayLane::on_message(AgentSocket& socket, std::string_view payload, bool is_text) {
    if (!is_text && socket.speaks_envelopes()) {
        if (socket.is_registered()) {
            identity().touch(socket.session());
            routing_.on_envelopes(socket, payload);
        } else {
            refuse_stranger(socket);
        }
        return;
    }
    FrameProblem problem;
    std::optional<ClientFrame> frame = frames_.read(payload, problem);
    if (!frame) {
        if (admits_nonsense(socket)) {
            Commands::refuse(socket, "invalid_frame", problem.code, problem.text);
        }
    } else if (frame->kind == FrameKind::message) {
        routing_.on_message(socket, *frame, payload);
    } else {
        commands_.handle(socket, *frame);
    }
    frames_.trim();
}

/// Frames that mean nothing are limited like requests.
bool GatewayLane::admits_nonsense(AgentSocket& socket) {
    shared_.counters.requests_refused.add();
    if (socket.admit_request(second(), shared_.options.limits.requests_per_second)) {
        return true;
    }
    socket.close(CloseCode::policy, "too many frames that are refused");
    return false;
}

void GatewayLane::refuse_stranger(AgentSocket& socket) {
    if (admits_nonsense(socket)) {
        Commands::refuse(socket, "send_message", "not_registered", "Not registered");
    }
}

const std::string* GatewayLane::deflated(std::string_view message) {
    const bool gained =
        deflater_.deflate(message, deflated_).has_value() && deflated_.size() < message.size();
    return gained ? &deflated_ : nullptr;
}

// ---- Turns --------------------------------------------------------------------------------------

void GatewayLane::begin_turn() {
    if (!in_turn_) {
        in_turn_ = true;
        deadlines_.refresh();
    }
}

void GatewayLane::end_of_turn() noexcept {
    try {
        read_ahead_.handle();
        finish();
    } catch (...) {
        shared_.host.log().error(
            [] { return describe_current_exception("the end of a turn").message; });
    }
    in_turn_ = false;
}

void GatewayLane::finish() {
    // Writing may make room to read further frames; what they bring is for the next round, or an
    // agent that is quick enough would keep the lane for itself.
    constexpr int rounds = 8;
    for (int round = 0; round < rounds && (routing_.has_batch() || !to_flush_.empty()); ++round) {
        routing_.deliver();
        flushing_.swap(to_flush_);
        for (std::size_t i = 0; i < flushing_.size(); ++i) {
            if (AgentSocket* socket = flushing_[i]) {
                socket->flush_scheduled = false;
                socket->flush();
            }
        }
        flushing_.clear();
    }
    if (routing_.has_batch() || !to_flush_.empty()) {
        readiness_.request_turn();
    }
    if (!completed_.empty()) {
        lane_.complete(completed_);
        completed_.clear();
    }
    routing_.count();
    closed_.clear();
}

void GatewayLane::schedule_flush(AgentSocket& socket) {
    if (!socket.flush_scheduled && !socket.is_closed()) {
        socket.flush_scheduled = true;
        to_flush_.push_back(&socket);
        if (!in_turn_) {
            readiness_.request_turn();
        }
    }
}

std::unique_ptr<SendQueue> GatewayLane::take_queue() {
    if (queues_.empty()) {
        return std::make_unique<SendQueue>();
    }
    std::unique_ptr<SendQueue> queue = std::move(queues_.back());
    queues_.pop_back();
    return queue;
}

void GatewayLane::give_queue(std::unique_ptr<SendQueue> queue) {
    if (queues_.size() < kept_queues && queue->capacity() <= kept_queue_size) {
        queue->clear();
        queues_.push_back(std::move(queue));
    }
}

// ---- Notes --------------------------------------------------------------------------------------

void GatewayLane::note_refused(const AgentSocket& socket, std::string_view why) {
    shared_.counters.sockets_refused.add();
    shared_.host.log().debug([&] {
        return socket.peer().text_with_port() +
               " is not upgraded to WebSocket: " + std::string(why);
    });
}

void GatewayLane::note_violation(const AgentSocket& socket, std::string_view why) {
    shared_.counters.violations.add();
    shared_.host.log().info([&] {
        return "the socket of " + socket.peer().text_with_port() +
               (socket.is_registered() ? " (agent '" + socket.agent_id() + "')" : "") +
               " is closed: " + std::string(why);
    });
}

void GatewayLane::note_slow(const AgentSocket& socket) {
    shared_.counters.slow.add();
    shared_.host.log().warning([&] {
        return "agent '" + socket.agent_id() + "' at " + socket.peer().text_with_port() +
               " does not read what is sent to it";
    });
}

void GatewayLane::note_dead(const AgentSocket& socket) {
    shared_.counters.dead.add();
    shared_.host.log().info([&] {
        return "Connection timeout during ping: " + socket.peer().text_with_port() +
               (socket.is_registered() ? " (agent '" + socket.agent_id() + "')" : "") +
               " did not answer a WebSocket ping; is the network up, and is the agent alive?";
    });
}

}  // namespace patchbay::agent_gateway
