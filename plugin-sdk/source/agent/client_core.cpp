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

tl::unexpected<Error> not_connected() {
    return failure(ErrorClass::disconnected, "agent.not_connected",
                   "The agent is not connected to a server.");
}

std::string limit_text(milliseconds limit) {
    return std::to_string(limit.count()) + " ms";
}

// Apart from the coroutines: GCC 12 destroys braced temporaries there twice.
Error connect_time_limit(const Endpoint& endpoint, milliseconds limit) {
    return {ErrorClass::overloaded, "agent.connect_time_limit",
            "No connection to " + endpoint.host + " within " + limit_text(limit) + '.'};
}

Json request_for(const char* command) {
    return {{"command", command}};
}

Error lost_at_once() {
    return {ErrorClass::disconnected, "agent.lost",
            "The connection was lost right after the registration."};
}

Event event_of(EventKind kind, Error error = {}, milliseconds pause = milliseconds(0)) {
    Event event;
    event.kind = kind;
    event.error = std::move(error);
    event.pause = pause;
    return event;
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

// ---- Frames ------------------------------------------------------------------------------------

Result<void> ClientCore::queue(Session& session, const Json& frame, bool first) {
    if (session.ended.is_set() || session.closing) {
        return not_connected();
    }
    std::string text = to_text(frame);
    if (session.outgoing.size() >= options_.queue_frames ||
        session.outgoing_bytes + text.size() > options_.queue_bytes) {
        return failure(ErrorClass::overloaded, "agent.queue_full",
                       "The server takes frames more slowly than the agent makes them: " +
                           std::to_string(session.outgoing.size()) + " wait.");
    }
    session.outgoing_bytes += text.size();
    if (first) {
        session.outgoing.push_front(std::move(text));
    } else {
        session.outgoing.push_back(std::move(text));
    }
    session.wake_writer.cancel();
    return {};
}

Awaitable<void> ClientCore::write(SessionPtr session) {
    const auto self = shared_from_this();
    while (!session->ended.is_set()) {
        if (session->outgoing.empty()) {
            if (session->closing) {
                break;
            }
            boost::system::error_code ignored;
            session->wake_writer.expires_at(steady_clock::time_point::max());
            co_await session->wake_writer.async_wait(
                boost::asio::redirect_error(use_awaitable, ignored));
            continue;
        }
        const std::string text = std::move(session->outgoing.front());
        session->outgoing.pop_front();
        session->outgoing_bytes -= text.size();
        const std::uint64_t number = ++session->writes;
        session->write_limit.expires_after(options_.write_limit);
        session->write_limit.async_wait([session, number](const boost::system::error_code& error) {
            if (!error && session->writes == number) {
                session->transport->abort();
            }
        });
        const Result<void> written = co_await session->transport->write(text);
        ++session->writes;
        session->write_limit.cancel();
        if (!written) {
            end(session, written.error());
        }
    }
    session->drained.set();
}

Awaitable<void> ClientCore::read(SessionPtr session) {
    const auto self = shared_from_this();
    while (!session->ended.is_set()) {
        const Result<std::string> text = co_await session->transport->read();
        if (!text) {
            end(session, text.error());
            break;
        }
        handle(*session, *text);
    }
}

void ClientCore::handle(Session& session, const std::string& text) {
    Json frame = Json::parse(text, nullptr, false);
    if (!frame.is_object()) {
        return;  // not for us; a client outlives what a server should not have sent
    }
    const Json type = frame.value("type", Json());
    if (type == "system_response") {
        answer(session, std::move(frame));
    } else if (type == "system_request" && frame.value("command", Json()) == "ping_agent") {
        // Before what waits: the server counts the seconds.
        (void)queue(session, pong_for(frame, agent_id_), true);
    } else if (type == "message") {
        if (const auto message = message_of(frame)) {
            tell(*message);
        }
    }
}

void ClientCore::answer(Session& session, Json frame) {
    const Json command = frame.value("command", Json());
    if (command == "send_message" && frame.value("success", Json()) == false) {
        const Json message = frame.value("message_id", Json());
        tell(Event{EventKind::undelivered,
                   refusal_of(frame),
                   {},
                   message.is_string() ? message.get<std::string>() : std::string()});
        return;
    }
    const Json id = frame.value("request_id", Json());
    // OpenAgents' server names no request: its answers come in the order of the requests.
    const auto found =
        std::find_if(session.pending.begin(), session.pending.end(), [&](const auto& pending) {
            return id.is_string() ? pending->request_id == id.template get<std::string>()
                                  : command == pending->command;
        });
    if (found == session.pending.end()) {
        return;
    }
    const std::shared_ptr<Pending> pending = *found;
    session.pending.erase(found);
    if (frame.value("success", Json()) == true) {
        pending->answer = std::move(frame);
    } else {
        pending->answer = tl::unexpected<Error>(refusal_of(frame));
        pending->refusal = std::move(frame);
    }
    pending->answered.set();
}

Awaitable<Result<Json>> ClientCore::request(SessionPtr session, Json frame, milliseconds limit,
                                            Json* refusal) {
    const auto now = steady_clock::now();
    std::erase_if(session->pending,
                  [now](const auto& one) { return one->forget_at && *one->forget_at <= now; });
    if (session->pending.size() >= options_.requests) {
        co_return failure(ErrorClass::overloaded, "agent.too_many_requests",
                          std::to_string(session->pending.size()) +
                              " requests wait for an answer of the server.");
    }
    const auto pending = std::make_shared<Pending>(executor_);
    pending->command = frame.at("command").get<std::string>();
    pending->request_id = 'r' + std::to_string(next_request_++);
    frame["type"] = "system_request";
    frame["agent_id"] = agent_id_;
    frame["request_id"] = pending->request_id;
    if (Result<void> queued = queue(*session, frame); !queued) {
        co_return tl::unexpected<Error>(queued.error());
    }
    session->pending.push_back(pending);
    const bool answered = co_await pending->answered.wait(limit);
    if (!answered) {
        pending->forget_at = steady_clock::now() + limit;
        co_return failure(ErrorClass::overloaded, "agent.request_time_limit",
                          "The server did not answer `" + pending->command + "` within " +
                              limit_text(limit) + '.');
    }
    if (refusal != nullptr) {
        *refusal = std::move(pending->refusal);
    }
    co_return std::move(pending->answer);
}

Awaitable<Result<Json>> ClientCore::request(Json frame) {
    const auto self = shared_from_this();
    const SessionPtr session = session_;
    if (session == nullptr || !session->registered) {
        co_return not_connected();
    }
    co_return co_await request(session, std::move(frame), options_.request_limit);
}

Result<std::string> ClientCore::send(const Json& message) {
    if (session_ == nullptr || !session_->registered) {
        return not_connected();
    }
    if (Result<void> queued = queue(*session_, message); !queued) {
        return tl::unexpected<Error>(std::move(queued.error()));
    }
    return message.at("data").at("message_id").get<std::string>();
}

// ---- Operations --------------------------------------------------------------------------------

Result<void> ClientCore::keep(Certificate certificate) {
    if (!options_.certificate_file.empty()) {
        // First the disk: the server may hold the old one for void as soon as the new one is used.
        if (auto saved = CertificateFile(options_.certificate_file).save(certificate); !saved) {
            const std::lock_guard lock(mutex_);
            certificate_ = std::move(certificate);
            return saved;
        }
    }
    {
        const std::lock_guard lock(mutex_);
        certificate_ = std::move(certificate);
    }
    return {};
}

Awaitable<Result<Certificate>> ClientCore::request_certificate(Json frame) {
    const auto self = shared_from_this();
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    Result<Certificate> certificate =
        Certificate::parse(to_text(answer->value("certificate", Json())));
    if (!certificate) {
        co_return certificate;
    }
    if (certificate->agent_id != agent_id_) {
        co_return failure(ErrorClass::failed, "agent.wrong_certificate",
                          "The server sent a certificate of `" + certificate->agent_id +
                              "`, not of this agent, `" + agent_id_ + "`.");
    }
    const Result<void> kept = keep(*certificate);
    plan_renewal();
    if (!kept) {
        co_return tl::unexpected<Error>(kept.error());
    }
    co_return certificate;
}

Awaitable<Result<Certificate>> ClientCore::claim(bool force) {
    const auto self = shared_from_this();
    Json frame = {{"command", "claim_agent_id"}, {"force", force}};
    if (const auto mine = certificate(); force && mine) {
        Json proof = Json::parse(mine->json, nullptr, false);
        if (proof.is_object()) {
            frame["certificate"] = std::move(proof);
        }
    }
    if (key_) {
        Result<std::string> public_key = key_->public_key();
        if (!public_key) {
            co_return tl::unexpected<Error>(public_key.error());
        }
        frame["public_key"] = std::move(*public_key);
    }
    co_return co_await request_certificate(std::move(frame));
}

Awaitable<Result<Certificate>> ClientCore::renew() {
    Json frame = request_for("renew_certificate");
    return request_certificate(std::move(frame));
}

Awaitable<Result<bool>> ClientCore::validate(Certificate certificate) {
    const auto self = shared_from_this();
    Result<Json> presented = object_of(certificate.json, "certificate");
    if (!presented) {
        co_return tl::unexpected<Error>(presented.error());
    }
    Json frame = request_for("validate_certificate");
    frame["certificate"] = std::move(*presented);
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    co_return answer->value("valid", Json()) == true;
}

Awaitable<Result<void>> ClientCore::release() {
    const auto self = shared_from_this();
    Json frame = request_for("release_agent_id");
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    renewal_timer_.cancel();
    {
        const std::lock_guard lock(mutex_);
        certificate_.reset();
    }
    if (options_.certificate_file.empty()) {
        co_return success();
    }
    co_return CertificateFile(options_.certificate_file).remove();
}

Awaitable<Result<std::vector<AgentInfo>>> ClientCore::list_agents() {
    const auto self = shared_from_this();
    Json frame = request_for("list_agents");
    const Result<Json> answer = co_await request(std::move(frame));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    co_return agents_of(*answer);
}

Awaitable<Result<std::string>> ClientCore::request_text(std::string command, std::string fields) {
    const auto self = shared_from_this();
    Result<Json> frame = object_of(fields, "fields of the request");
    if (!frame) {
        co_return tl::unexpected<Error>(frame.error());
    }
    (*frame)["command"] = std::move(command);
    Json wanted = std::move(*frame);
    const Result<Json> answer = co_await request(std::move(wanted));
    if (!answer) {
        co_return tl::unexpected<Error>(answer.error());
    }
    co_return to_text(*answer);
}

Awaitable<Result<std::string>> ClientCore::send_direct(std::string target, std::string content) {
    Result<Json> object = object_of(content, "content of a message");
    if (!object) {
        co_return tl::unexpected<Error>(object.error());
    }
    co_return send(direct_message(agent_id_, target, std::move(*object)));
}

Awaitable<Result<std::string>> ClientCore::send_broadcast(std::string content) {
    Result<Json> object = object_of(content, "content of a message");
    if (!object) {
        co_return tl::unexpected<Error>(object.error());
    }
    co_return send(broadcast_message(agent_id_, std::move(*object)));
}

// ---- Renewal -----------------------------------------------------------------------------------

void ClientCore::plan_renewal() {
    renewal_timer_.cancel();
    const auto mine = certificate();
    if (!options_.renew || !mine || session_ == nullptr) {
        return;
    }
    const auto now = system_clock::now();
    if (mine->is_expired(now)) {
        return;
    }
    const auto wait = std::max(mine->renewal_time() - now, system_clock::duration::zero());
    renewal_timer_.expires_after(std::chrono::duration_cast<steady_clock::duration>(wait));
    renewal_timer_.async_wait(
        [weak = weak_from_this(), session = session_](const boost::system::error_code& error) {
            const auto self = weak.lock();
            if (!error && self != nullptr && self->session_ == session) {
                boost::asio::co_spawn(self->executor_, self->renew_in_background(session),
                                      boost::asio::detached);
            }
        });
}

Awaitable<void> ClientCore::renew_in_background(SessionPtr session) {
    const auto self = shared_from_this();
    const Result<Certificate> renewed = co_await renew();
    if (renewed) {
        tell(event_of(EventKind::renewed));
        co_return;
    }
    tell(event_of(EventKind::not_renewed, renewed.error()));
    const auto mine = certificate();
    const auto now = system_clock::now();
    if (session_ != session || !mine || mine->is_expired(now)) {
        co_return;
    }
    // Again after a tenth of what is left, but not in a hurry.
    constexpr std::chrono::seconds shortest{1};
    const auto left = std::chrono::duration<double>(mine->expires_at) - now.time_since_epoch();
    renewal_timer_.expires_after(std::max<steady_clock::duration>(
        shortest, std::chrono::duration_cast<steady_clock::duration>(left / 10)));
    renewal_timer_.async_wait(
        [weak = weak_from_this(), session](const boost::system::error_code& error) {
            const auto again = weak.lock();
            if (!error && again != nullptr && again->session_ == session) {
                boost::asio::co_spawn(again->executor_, again->renew_in_background(session),
                                      boost::asio::detached);
            }
        });
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
