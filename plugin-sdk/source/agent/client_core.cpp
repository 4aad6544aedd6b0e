// SPDX-License-Identifier: Apache-2.0
#include "agent/client_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

/// For the server's half of a disconnect.
constexpr milliseconds farewell_limit{5'000};

// Apart from the coroutines: GCC 12 destroys braced temporaries there twice.
Error connect_time_limit(const Endpoint& endpoint, milliseconds limit) {
    return {ErrorClass::overloaded, "agent.connect_time_limit",
            "No connection to " + endpoint.host + " within " + std::to_string(limit.count()) +
                " ms" + '.'};
}

Error lost_at_once() {
    return {ErrorClass::disconnected, "agent.lost",
            "The connection was lost right after the registration."};
}

/// Trying again cannot mend it.
bool is_final(const Error& error) {
    return error.code == "agent.certificate_refused" || error.code == "agent.refused" ||
           error.code == "agent.bad_tls" || error.code == "agent.key_required" ||
           error.code == "agent.key_refused" || error.code == "agent.bad_challenge";
}

}  // namespace

ClientCore::ClientCore(const Executor& executor, std::string agent_id, ClientOptions options)
    : executor_(executor),
      agent_id_(std::move(agent_id)),
      options_(std::move(options)),
      reconnect_timer_(executor),
      renewal_timer_(executor) {}

std::optional<Certificate> ClientCore::certificate() const {
    const std::lock_guard lock(mutex_);
    return certificate_;
}

void ClientCore::on_message(std::function<void(const Message&)> handler) {
    const std::lock_guard lock(mutex_);
    message_handler_ = std::move(handler);
}

void ClientCore::on_event(std::function<void(const Event&)> handler) {
    const std::lock_guard lock(mutex_);
    event_handler_ = std::move(handler);
}

tl::unexpected<Error> ClientCore::not_connected() {
    return failure(ErrorClass::disconnected, "agent.not_connected",
                   "The agent is not connected to a server.");
}

Event ClientCore::event_of(EventKind kind, Error error, milliseconds pause) {
    Event event;
    event.kind = kind;
    event.error = std::move(error);
    event.pause = pause;
    return event;
}

// ---- Connecting --------------------------------------------------------------------------------

Awaitable<Result<Network>> ClientCore::connect(std::string host, std::uint16_t port,
                                               ConnectOptions options) {
    if (state_.load() != ClientState::disconnected) {
        co_return failure(ErrorClass::invalid, "agent.connected",
                          "The agent is connected, or connecting, already.");
    }
    if (Result<void> loaded = load_key(); !loaded) {
        co_return tl::unexpected<Error>(loaded.error());
    }
    std::optional<Certificate> presented = options.certificate;
    if (!presented && !options_.certificate_file.empty()) {
        auto stored = CertificateFile(options_.certificate_file).load();
        if (!stored) {
            co_return tl::unexpected<Error>(stored.error());
        }
        presented = std::move(*stored);
    }
    if (presented && presented->agent_id != agent_id_) {
        co_return failure(ErrorClass::invalid, "agent.wrong_certificate",
                          "The certificate is that of `" + presented->agent_id +
                              "`, not of this agent, `" + agent_id_ + "`.");
    }
    if (presented) {
        const std::lock_guard lock(mutex_);
        certificate_ = std::move(presented);
    }
    endpoint_ = {std::move(host), port, options.path, options.tls};
    connect_options_ = std::move(options);
    const std::uint64_t epoch = ++epoch_;
    state_.store(ClientState::connecting);
    Result<Network> network = co_await attempt(connect_options_.force_reconnect);
    if (!network && epoch == epoch_) {
        state_.store(ClientState::disconnected);
    }
    co_return network;
}

Result<void> ClientCore::load_key() {
    key_.reset();
    if (options_.private_key_file.empty() && options_.private_key.empty()) {
        return {};
    }
    if (!options_.private_key_file.empty() && !options_.private_key.empty()) {
        return failure(ErrorClass::invalid, "agent.bad_key",
                       "Only one of `private_key_file` and `private_key` can be the agent's key.");
    }
    Result<SigningKey> key = options_.private_key.empty()
                                 ? SigningKey::load(options_.private_key_file)
                                 : SigningKey::from_pem(options_.private_key);
    if (!key) {
        return tl::unexpected<Error>(std::move(key.error()));
    }
    key_ = std::move(*key);
    return {};
}

Result<Json> ClientCore::registration(bool force) {
    Result<Json> metadata = object_of(connect_options_.metadata, "metadata");
    if (!metadata) {
        return metadata;
    }
    Json frame = {{"command", "register_agent"}, {"metadata", std::move(*metadata)}};
    // An expired certificate is worse than none.
    if (const auto mine = certificate(); mine && !mine->is_expired(system_clock::now())) {
        Result<Json> presented = object_of(mine->json, "certificate");
        if (!presented) {
            return presented;
        }
        frame["certificate"] = std::move(*presented);
    }
    if (force) {
        frame["force_reconnect"] = true;
    }
    return frame;
}

Awaitable<Result<Network>> ClientCore::attempt(bool force) {
    Result<Json> frame = registration(force);
    if (!frame) {
        co_return tl::unexpected<Error>(frame.error());
    }
    TransportLimits limits;
    limits.handshake = options_.connect_limit;
    limits.idle = options_.idle_limit;
    limits.frame_bytes = options_.frame_bytes;
    auto transport = make_transport(executor_, endpoint_, limits);
    if (!transport) {
        co_return tl::unexpected<Error>(transport.error());
    }
    const auto session = std::make_shared<Session>(executor_, std::move(*transport));
    session_ = session;
    const auto give_up = [this, &session](Error error) {
        session->transport->abort();
        if (session_ == session) {
            session_.reset();
        }
        return tl::unexpected<Error>(std::move(error));
    };
    const auto opened = std::make_shared<Latch>(executor_);
    const auto result = std::make_shared<Result<void>>();
    boost::asio::co_spawn(executor_, open(session, opened, result), boost::asio::detached);
    const bool in_time = co_await opened->wait(options_.connect_limit);
    if (!in_time) {
        co_return give_up(connect_time_limit(endpoint_, options_.connect_limit));
    }
    if (!*result) {
        co_return give_up(result->error());
    }
    if (session->closing) {
        co_return give_up(Error(not_connected().value()));
    }
    boost::asio::co_spawn(executor_, read(session), boost::asio::detached);
    boost::asio::co_spawn(executor_, write(session), boost::asio::detached);
    Json wanted = std::move(*frame);
    Result<Json> answer = co_await introduce(session, std::move(wanted));
    if (!answer) {
        if (session->ended.is_set()) {
            co_return give_up(answer.error());
        }
        session->closing = true;
        session->wake_writer.cancel();
        co_await session->transport->close(close_normal);
        co_return give_up(answer.error());
    }
    session->registered = true;
    if (session->ended.is_set() || session->closing) {
        co_return give_up(lost_at_once());
    }
    state_.store(ClientState::connected);
    plan_renewal();
    tell(event_of(EventKind::connected));
    co_return network_of(*answer);
}

Awaitable<Result<Json>> ClientCore::introduce(SessionPtr session, Json frame) {
    const auto self = shared_from_this();
    Json refusal;
    Json first = frame;
    Result<Json> answer =
        co_await request(session, std::move(first), options_.register_limit, &refusal);
    if (answer || !key_ || answer.error().code != "agent.key_required") {
        co_return answer;
    }
    Result<Json> proof = key_->answer(refusal, agent_id_);
    if (!proof) {
        co_return proof;
    }
    frame["proof"] = std::move(*proof);
    co_return co_await request(session, std::move(frame), options_.register_limit);
}

Awaitable<void> ClientCore::open(SessionPtr session, std::shared_ptr<Latch> done,
                                 std::shared_ptr<Result<void>> result) {
    const auto self = shared_from_this();
    *result = co_await session->transport->open();
    done->set();
}

void ClientCore::end(const SessionPtr& session, const Error& error) {
    if (session->ended.is_set()) {
        return;
    }
    session->ended.set();
    session->wake_writer.cancel();
    session->transport->abort();
    for (const std::shared_ptr<Pending>& pending : std::exchange(session->pending, {})) {
        pending->answer = tl::unexpected<Error>(error);
        pending->answered.set();
    }
    if (session_ == session && session->registered && !session->closing) {
        session_.reset();
        lost(*session, error);
    }
}

void ClientCore::lost(const Session& session, const Error& error) {
    renewal_timer_.cancel();
    tell(event_of(EventKind::lost, error));
    if (session.transport->close_reason().code == close_replaced) {
        state_.store(ClientState::disconnected);
        tell(event_of(EventKind::replaced, error));
        return;
    }
    if (!options_.reconnect.enabled) {
        state_.store(ClientState::disconnected);
        tell(event_of(EventKind::stopped, error));
        return;
    }
    state_.store(ClientState::waiting);
    boost::asio::co_spawn(executor_, reconnect(epoch_), boost::asio::detached);
}

milliseconds ClientCore::pause(std::uint32_t attempt) {
    const Reconnect& rule = options_.reconnect;
    constexpr std::uint32_t most_doublings = 20;
    const double grown = static_cast<double>(rule.first.count()) *
                         static_cast<double>(1U << std::min(attempt, most_doublings));
    const double bounded = std::min(grown, static_cast<double>(rule.longest.count()));
    const double jitter = std::clamp(rule.jitter, 0.0, 1.0);
    std::uniform_real_distribution<double> part(1.0 - jitter, 1.0);
    return milliseconds(static_cast<std::int64_t>(bounded * part(random_)));
}

Awaitable<void> ClientCore::reconnect(std::uint64_t epoch) {
    const auto self = shared_from_this();
    for (std::uint32_t number = 0; epoch == epoch_; ++number) {
        state_.store(ClientState::waiting);
        const milliseconds wait = pause(number);
        tell(event_of(EventKind::waiting, Error(), wait));
        boost::system::error_code ignored;
        reconnect_timer_.expires_after(wait);
        co_await reconnect_timer_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
        if (epoch != epoch_) {
            co_return;
        }
        state_.store(ClientState::connecting);
        const Result<Network> network = co_await attempt(false);
        if (network || epoch != epoch_) {
            co_return;
        }
        if (is_final(network.error())) {
            state_.store(ClientState::disconnected);
            tell(event_of(EventKind::stopped, network.error()));
            co_return;
        }
    }
}

Awaitable<void> ClientCore::disconnect() {
    const auto self = shared_from_this();
    ++epoch_;
    reconnect_timer_.cancel();
    renewal_timer_.cancel();
    const SessionPtr session = session_;
    if (session != nullptr) {
        session->closing = true;
        session->wake_writer.cancel();
        if (session->registered && !session->ended.is_set()) {
            co_await session->drained.wait(farewell_limit);
            const auto closed = std::make_shared<Latch>(executor_);
            boost::asio::co_spawn(
                executor_,
                [](SessionPtr one, std::shared_ptr<Latch> done) -> Awaitable<void> {
                    co_await one->transport->close(close_normal);
                    done->set();
                }(session, closed),
                boost::asio::detached);
            co_await closed->wait(farewell_limit);
        }
        session->transport->abort();
        if (session_ == session) {
            session_.reset();
        }
    }
    state_.store(ClientState::disconnected);
}

// ---- Handlers ----------------------------------------------------------------------------------

void ClientCore::tell(const Message& message) {
    std::function<void(const Message&)> handler;
    {
        const std::lock_guard lock(mutex_);
        handler = message_handler_;
    }
    if (handler) {
        try {
            handler(message);
        } catch (...) {
            tell(Event{EventKind::bad_handler,
                       {ErrorClass::failed,
                        "agent.handler",
                        "An exception left the handler of messages.",
                        {}}});
        }
    }
}

void ClientCore::tell(const Event& event) {
    std::function<void(const Event&)> handler;
    {
        const std::lock_guard lock(mutex_);
        handler = event_handler_;
    }
    if (handler) {
        try {
            handler(event);
        } catch (...) {  // there is nobody left to tell
        }
    }
}

}  // namespace patchbay::agent
