// SPDX-License-Identifier: Apache-2.0
/// \file
/// The asynchronous interface: a connection is four coroutines. Upstream documents them; what the
/// SDK adds is bounds, time limits and a place for every failure.
///
///   connect     sets up; called when the host connects the instance, again after a disconnect
///   send        handles one envelope that leaves towards the outside world
///   receive     gives one envelope from the outside world, or nothing ("call me again")
///   disconnect  tears down, after traffic has stopped
///
/// All four run on lane 0, hence never at the same time except where one awaits. What may fail
/// returns a Result; an exception is as good as a failure. A cancelled coroutine sees
/// `boost::asio::error::operation_aborted` at its next await.
#pragma once

#include <patchbay/agent_events.hpp>
#include <patchbay/awaitable.hpp>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/host.hpp>
#include <patchbay/lane.hpp>
#include <patchbay/state_schema.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace patchbay {

namespace detail {
class Instance;
}  // namespace detail

enum class ConnectionState : std::uint8_t { disconnected, connecting, connected, disconnecting };

class Connection {
  public:
    /// Runs on a thread of the host: reads options, opens and starts nothing, and touches no
    /// thread-locals with destructors. May throw, preferably ConfigError.
    explicit Connection(Host& host);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    /// Runs on a thread of the host, after all lanes and threads have ended.
    virtual ~Connection();

    // ---- The four coroutines [lane 0] -----------------------------------------------------------
    /// Cancelled when the host's time limit passes.
    [[nodiscard]] virtual Awaitable<Result<void>> connect();
    /// Called after the sends in progress ended or were cancelled.
    [[nodiscard]] virtual Awaitable<Result<void>> disconnect();
    /// One envelope; its views are valid until the coroutine ends, and its end completes it: done,
    /// or failed. Up to `max_in_flight` run at once, started in order. Cancelled when the host no
    /// longer wants it.
    [[nodiscard]] virtual Awaitable<Result<void>> send(TakenEnvelope envelope);
    /// Called again and again while connected, one call at a time, each result delivered. After
    /// exceptions, and when it gives nothing at once, calls are spaced out and the host is told.
    /// Not called while deliveries of earlier ones wait for room (`held_limit`). The default waits
    /// for ever: a connection may as well deliver by itself.
    [[nodiscard]] virtual Awaitable<std::optional<Envelope>> receive();

    // ---- Beneath them [lane] --------------------------------------------------------------------
    /// A batch taken from a lane's mailbox, for those who need the speed; each envelope is to be
    /// completed with `Lane::complete`, now or later. Must not throw (a batch that does is failed
    /// as a whole). The default starts `send` for each.
    virtual void on_batch(Lane& lane, std::span<const TakenEnvelope> batch);
    /// The host no longer wants the taken envelope `token`; completing it is still required. The
    /// default cancels its `send`.
    virtual void on_cancel(Lane& lane, std::uint64_t token);
    /// Receipt of a delivery with a receipt number of one's own.
    virtual void on_receipt(Lane& lane, std::uint64_t receipt, const Receipt& what);
    /// A destination that answered FULL to `try_deliver` has room.
    virtual void on_room(Lane& lane, std::uint32_t destination);
    virtual void on_timer(Lane& lane, std::uint64_t token);
    virtual void on_wake(Lane& lane);
    /// Connected, and deliveries are accepted from now on. [lane 0]
    virtual void on_connected();
    /// First and last thing on each lane's thread.
    virtual void on_lane_start(Lane& lane);
    virtual void on_lane_stop(Lane& lane);

    // ---- Of transports of agents (agent_identity.hpp) [lane] ------------------------------------
    /// Answer to a request of this lane to the identity subsystem.
    virtual void on_identity_answer(Lane& lane, const IdentityAnswer& answer);
    /// Ask the agent behind `connection` for a sign of life, and hand its answer, with `value`, to
    /// `AgentIdentity::pong`.
    virtual void on_agent_ping(Lane& lane, std::uint64_t connection, std::uint64_t value);
    /// The registration of `connection` has ended: close it. `text` is a sentence that tells why.
    virtual void on_session_end(Lane& lane, std::uint64_t connection, SessionEnd reason,
                                std::string_view agent_id, std::string_view text);
    /// To lanes that subscribed. `payload` is a JSON object with what a list tells about the agent;
    /// `missed` counts the changes that this lane missed before because it was slow.
    virtual void on_agent_changed(Lane& lane, AgentChange change, std::string_view agent_id,
                                  std::string_view payload, std::uint64_t missed);

    // ---- Services to dependents [lane 0] --------------------------------------------------------
    /// A dependent calls `method`. The result, or the failure, goes back to it.
    [[nodiscard]] virtual Awaitable<Result<std::string>> on_call(std::string method,
                                                                 std::string arguments);

    // ---- Reload ---------------------------------------------------------------------------------
    /// The schema of the state that `save_state` saves, when there is one. Asked once, after
    /// construction.
    [[nodiscard]] virtual std::optional<StateSchema> state_schema() const;
    /// What the next generation has to know to go on. No envelope is taken any more, and the sends
    /// in progress have ended. A class whose generations overlap is connected meanwhile, any other
    /// has disconnected. It changes nothing: this generation goes on when the next one cannot.
    /// [lane 0]
    [[nodiscard]] virtual Awaitable<Result<std::string>> save_state();
    /// Continues what an earlier generation saved in that schema, one of those that `state_schema`
    /// names, before the first envelope; a failure leaves the old generation in service. A class
    /// whose generations overlap is connected already, any other is not. [lane 0]
    [[nodiscard]] virtual Awaitable<Result<void>> load_state(std::uint32_t version,
                                                             std::string state);
    /// Connections of an earlier generation wait: `ParkedConnections::adopt`. [lane]
    virtual void on_parked(Lane& lane);
    /// The `disconnect` in progress ends this generation only: another one of the instance takes
    /// over. [lane 0]
    [[nodiscard]] bool is_being_replaced() const noexcept;

    // ---- Choices of the class, asked once after construction ------------------------------------
    /// Uncompleted envelopes per lane at most; the operator's `max_in_flight` overrides it.
    [[nodiscard]] virtual std::uint32_t max_in_flight() const;
    /// Lanes wanted; at most the operator's limit are made.
    [[nodiscard]] virtual std::uint32_t lane_count() const;
    /// Whether the mailbox is still taken while the connection disconnects, as by a server that
    /// waits for the answers to its clients' last requests.
    [[nodiscard]] virtual bool takes_while_disconnecting() const;
    /// Deliveries of `receive` and `post` that may wait for room, per lane.
    [[nodiscard]] virtual std::uint32_t held_limit() const;

    // ---- For the connection itself --------------------------------------------------------------
    [[nodiscard]] Host& host() const noexcept { return *host_; }
    /// Instance's name in the host configuration.
    [[nodiscard]] const std::string& name() const noexcept { return host_->name(); }
    [[nodiscard]] const std::string& component_id() const noexcept { return host_->component_id(); }
    [[nodiscard]] const std::string& data_folder() const noexcept { return host_->data_folder(); }
    [[nodiscard]] const Config& config() const noexcept { return host_->config(); }
    [[nodiscard]] const Log& log() const noexcept { return host_->log(); }
    [[nodiscard]] const KeyValue& key_value() const noexcept { return host_->key_value(); }
    [[nodiscard]] Metric counter(std::string_view name, std::string_view help) const {
        return host_->counter(name, help);
    }
    [[nodiscard]] Metric gauge(std::string_view name, std::string_view help) const {
        return host_->gauge(name, help);
    }
    /// Puts input that could not become an envelope among the dead letters. [any-thread]
    void malformed(std::string_view raw, std::string_view code, std::string_view text) const;

    /// [any-thread]
    [[nodiscard]] ConnectionState state() const noexcept;
    [[nodiscard]] bool is_connected() const noexcept {
        return state() == ConnectionState::connected;
    }
    /// `connection.not_connected` (class disconnected) unless connected. [any-thread]
    [[nodiscard]] Result<void> ensure_connected() const;
    /// When the host's limit for the running `connect` or `disconnect` passes.
    [[nodiscard]] std::chrono::steady_clock::time_point operation_deadline() const noexcept;
    /// Reports that the established connection broke. `receive` is not called again until the next
    /// connect; the host decides about it. [any-thread]
    void connection_lost(const Error& error);

    /// Lane `index`; lane 0 always exists.
    [[nodiscard]] Lane& lane(std::uint32_t index = 0) const noexcept;
    /// Executor of lane 0.
    [[nodiscard]] Executor executor() const noexcept { return lane().executor(); }
    /// See Lane; these are those of lane 0.
    [[nodiscard]] Awaitable<Result<void>> deliver(Delivery delivery) const;
    [[nodiscard]] Awaitable<Result<Receipt>> deliver_for_receipt(Delivery delivery) const;
    /// Delivers the answer to `request` and waits for room; the views must live until then.
    [[nodiscard]] Awaitable<Result<void>> reply(const TakenEnvelope& request,
                                                const EnvelopeView& answer) const {
        return deliver(Delivery::reply(request, answer));
    }
    [[nodiscard]] Awaitable<Result<std::string>> call(std::string_view dependency,
                                                      std::string_view method,
                                                      std::string_view arguments) const;
    void spawn(std::string_view name, Awaitable<void> coroutine) const;

  private:
    Host* host_;
    detail::Instance* instance_;
};

/// For `co_return not_mine()` in `send`: the envelope continues a dialogue that this generation
/// does not hold, and the host asks the older ones. The code is `envelope.not_mine`.
[[nodiscard]] tl::unexpected<Error> not_mine();

/// `envelope.not_for_outside` when `to` or `sender` is a public id: such envelopes are between
/// components of one host and must not be carried outside.
[[nodiscard]] Result<void> ensure_external(const EnvelopeView& envelope);

}  // namespace patchbay
