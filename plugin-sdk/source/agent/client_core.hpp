// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a client does, on its one thread. `Client` is the thread-safe front of it.
#pragma once

#include "agent/frames.hpp"
#include "agent/latch.hpp"
#include "agent/signing_key.hpp"
#include "agent/transport.hpp"

#include <patchbay/agent/client.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

namespace patchbay::agent {

class ClientCore : public std::enable_shared_from_this<ClientCore> {
  public:
    ClientCore(const Executor& executor, std::string agent_id, ClientOptions options);

    // Any thread.
    [[nodiscard]] ClientState state() const { return state_.load(); }
    [[nodiscard]] std::optional<Certificate> certificate() const;
    void on_message(std::function<void(const Message&)> handler);
    void on_event(std::function<void(const Event&)> handler);

    // The client's thread.
    Awaitable<Result<Network>> connect(std::string host, std::uint16_t port,
                                       ConnectOptions options);
    Awaitable<Result<Certificate>> claim(bool force);
    Awaitable<Result<bool>> validate(Certificate certificate);
    Awaitable<Result<Certificate>> renew();
    Awaitable<Result<void>> release();
    Awaitable<Result<std::vector<AgentInfo>>> list_agents();
    Awaitable<Result<std::string>> request_text(std::string command, std::string fields);
    Awaitable<Result<std::string>> send_direct(std::string target, std::string content);
    Awaitable<Result<std::string>> send_broadcast(std::string content);
    Awaitable<void> disconnect();

  private:
    /// A request without an answer yet. One that was given up stays for a while, so that its late
    /// answer is not taken for that of a later request of the same command.
    struct Pending {
        explicit Pending(const Executor& executor) : answered(executor) {}
        std::string command;
        std::string request_id;
        Latch answered;
        Result<Json> answer = Json();
        /// The whole frame, when it was refused.
        Json refusal = Json::object();
        std::optional<std::chrono::steady_clock::time_point> forget_at{};
    };
    /// One connection, from the first attempt to open it to its end.
    struct Session {
        Session(const Executor& executor, std::shared_ptr<Transport> by)
            : transport(std::move(by)),
              wake_writer(executor),
              write_limit(executor),
              drained(executor),
              ended(executor) {}
        std::shared_ptr<Transport> transport;
        std::deque<std::string> outgoing;
        std::size_t outgoing_bytes = 0;
        Timer wake_writer;
        Timer write_limit;
        /// Counts writes, so that a time limit that comes late hits no other one.
        std::uint64_t writes = 0;
        std::deque<std::shared_ptr<Pending>> pending;
        bool registered = false;
        /// By us: writes what is queued, then ends.
        bool closing = false;
        Latch drained;
        Latch ended;
    };
    using SessionPtr = std::shared_ptr<Session>;

    Awaitable<Result<Network>> attempt(bool force);
    Awaitable<void> open(SessionPtr session, std::shared_ptr<Latch> done,
                         std::shared_ptr<Result<void>> result);
    Awaitable<void> read(SessionPtr session);
    Awaitable<void> write(SessionPtr session);
    Awaitable<void> reconnect(std::uint64_t epoch);
    Awaitable<void> renew_in_background(SessionPtr session);
    /// A refusal is stored whole where `refusal` points to.
    Awaitable<Result<Json>> request(SessionPtr session, Json frame, std::chrono::milliseconds limit,
                                    Json* refusal = nullptr);
    /// Registers, with an answer to the server's challenge when it wants one.
    Awaitable<Result<Json>> introduce(SessionPtr session, Json frame);
    Awaitable<Result<Json>> request(Json frame);
    Awaitable<Result<Certificate>> request_certificate(Json frame);

    [[nodiscard]] Result<void> load_key();
    [[nodiscard]] Result<Json> registration(bool force);
    [[nodiscard]] Result<void> queue(Session& session, const Json& frame, bool first = false);
    [[nodiscard]] Result<std::string> send(const Json& message);
    void handle(Session& session, const std::string& text);
    void answer(Session& session, Json frame);
    void end(const SessionPtr& session, const Error& error);
    void lost(const Session& session, const Error& error);
    void plan_renewal();
    [[nodiscard]] Result<void> keep(Certificate certificate);
    [[nodiscard]] std::chrono::milliseconds pause(std::uint32_t attempt);
    void tell(const Message& message);
    void tell(const Event& event);
    [[nodiscard]] static tl::unexpected<Error> not_connected();
    // Apart from the coroutines: GCC 12 destroys braced temporaries there twice.
    [[nodiscard]] static Event event_of(
        EventKind kind, Error error = {},
        std::chrono::milliseconds pause = std::chrono::milliseconds(0));

    const Executor executor_;
    const std::string agent_id_;
    const ClientOptions options_;

    std::atomic<ClientState> state_{ClientState::disconnected};
    mutable std::mutex mutex_;
    std::optional<Certificate> certificate_;
    std::function<void(const Message&)> message_handler_;
    std::function<void(const Event&)> event_handler_;

    Endpoint endpoint_;
    ConnectOptions connect_options_;
    std::optional<SigningKey> key_;
    SessionPtr session_;
    Timer reconnect_timer_;
    Timer renewal_timer_;
    /// Changes with every connect and disconnect of the user: what an earlier one started ends.
    std::uint64_t epoch_ = 0;
    std::uint64_t next_request_ = 1;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace patchbay::agent
