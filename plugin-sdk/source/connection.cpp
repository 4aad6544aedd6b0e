// SPDX-License-Identifier: Apache-2.0
#include "instance.hpp"

#include <patchbay/async_connection.hpp>
#include <patchbay/public_id.hpp>

#include <string>
#include <utility>

namespace patchbay {

Connection::Connection(Host& host) : host_(&host), instance_(host.instance_) {}

Connection::~Connection() = default;

Awaitable<Result<void>> Connection::connect() {
    co_return success();
}

Awaitable<Result<void>> Connection::disconnect() {
    co_return success();
}

Awaitable<Result<void>> Connection::send(TakenEnvelope) {
    co_return failure(ErrorClass::unsupported, "connection.no_send",
                      "This connection sends nothing.");
}

Awaitable<std::optional<Envelope>> Connection::receive() {
    detail::Event never(executor());
    for (;;) {
        co_await never.wait();
    }
}

void Connection::on_batch(Lane& lane, std::span<const TakenEnvelope> batch) {
    for (const TakenEnvelope& envelope : batch) {
        instance_->lane(lane.index()).start_send(envelope);
    }
}

void Connection::on_cancel(Lane& lane, std::uint64_t token) {
    instance_->lane(lane.index()).tasks().cancel_token(detail::TaskKind::send, token);
}

void Connection::on_receipt(Lane&, std::uint64_t, const Receipt&) {}
void Connection::on_room(Lane&, std::uint32_t) {}
void Connection::on_timer(Lane&, std::uint64_t) {}
void Connection::on_wake(Lane&) {}
void Connection::on_identity_answer(Lane&, const IdentityAnswer&) {}
void Connection::on_agent_ping(Lane&, std::uint64_t, std::uint64_t) {}
void Connection::on_session_end(Lane&, std::uint64_t, SessionEnd, std::string_view,
                                std::string_view) {}
void Connection::on_agent_changed(Lane&, AgentChange, std::string_view, std::string_view,
                                  std::uint64_t) {}
void Connection::on_connected() {}
void Connection::on_lane_start(Lane&) {}
void Connection::on_lane_stop(Lane&) {}

void Connection::on_parked(Lane&) {}

std::optional<StateSchema> Connection::state_schema() const {
    return std::nullopt;
}

Awaitable<Result<std::string>> Connection::save_state() {
    co_return std::string();
}

Awaitable<Result<void>> Connection::load_state(std::uint32_t, std::string) {
    co_return success();
}

bool Connection::is_being_replaced() const noexcept {
    return instance_->is_being_replaced();
}

Awaitable<Result<std::string>> Connection::on_call(std::string method, std::string) {
    co_return failure(ErrorClass::unsupported, "call.unknown_method",
                      "There is no method '" + method + "' here.");
}

std::uint32_t Connection::max_in_flight() const {
    return 1;
}

std::uint32_t Connection::lane_count() const {
    return 1;
}

bool Connection::takes_while_disconnecting() const {
    return false;
}

std::uint32_t Connection::held_limit() const {
    return 256;
}

void Connection::malformed(std::string_view raw, std::string_view code,
                           std::string_view text) const {
    const auto kept = host_->malformed(raw, code, text);
    if (!kept) {
        log().error([&] {
            return std::string(code) + ": " + std::string(text) + " (" + to_string(kept.error()) +
                   ')';
        });
    }
}

ConnectionState Connection::state() const noexcept {
    return instance_->state();
}

Result<void> Connection::ensure_connected() const {
    if (!is_connected()) {
        return failure(ErrorClass::disconnected, "connection.not_connected",
                       "The connection '" + name() + "' is not connected.");
    }
    return {};
}

std::chrono::steady_clock::time_point Connection::operation_deadline() const noexcept {
    return instance_->operation_deadline();
}

void Connection::connection_lost(const Error& error) {
    instance_->lost();
    host_->connection_lost(error);
}

Lane& Connection::lane(std::uint32_t index) const noexcept {
    return instance_->lane(index < instance_->lane_count() ? index : 0).lane();
}

Awaitable<Result<void>> Connection::deliver(Delivery delivery) const {
    return lane().deliver(delivery);
}

Awaitable<Result<Receipt>> Connection::deliver_for_receipt(Delivery delivery) const {
    return lane().deliver_for_receipt(delivery);
}

Awaitable<Result<std::string>> Connection::call(std::string_view dependency,
                                                std::string_view method,
                                                std::string_view arguments) const {
    return lane().call(dependency, method, arguments);
}

void Connection::spawn(std::string_view name, Awaitable<void> coroutine) const {
    lane().spawn(name, std::move(coroutine));
}

namespace {
constexpr std::string_view not_mine_code = "envelope.not_mine";
}  // namespace

tl::unexpected<Error> not_mine() {
    return failure(ErrorClass::unsupported, std::string(not_mine_code),
                   "The envelope continues a dialogue that is not held here.");
}

Result<void> ensure_external(const EnvelopeView& envelope) {
    for (const std::string_view party : {envelope.to, envelope.sender}) {
        if (is_public_id(party)) {
            return failure(ErrorClass::invalid, "envelope.not_for_outside",
                           "'" + std::string(party) +
                               "' is a component of the host; envelopes to or from components "
                               "are not carried outside.");
        }
    }
    return {};
}

// ---- Lane ---------------------------------------------------------------------------------------

std::uint32_t Lane::index() const noexcept {
    return core_->index();
}

Executor Lane::executor() const noexcept {
    return core_->context().get_executor();
}

boost::asio::io_context& Lane::context() const noexcept {
    return core_->context();
}

patchbay_lane* Lane::abi() const noexcept {
    return core_->abi();
}

void Lane::spawn(std::string_view name, Awaitable<void> coroutine) {
    core_->tasks().start(detail::TaskKind::spawned, 0, std::string(name), std::move(coroutine));
}

Awaitable<Result<void>> Lane::deliver(Delivery delivery) {
    return core_->deliver(delivery);
}

Awaitable<Result<Receipt>> Lane::deliver_for_receipt(Delivery delivery) {
    return core_->deliver_for_receipt(delivery);
}

bool Lane::post(const Delivery& delivery) {
    return core_->post(delivery) != detail::LaneCore::Posted::held_full;
}

patchbay_status Lane::try_deliver(std::span<const patchbay_envelope> envelopes,
                                  std::span<patchbay_delivery> results) {
    if (results.size() < envelopes.size()) {
        return PATCHBAY_INVALID;
    }
    return core_->try_deliver(envelopes.data(), envelopes.size(), results.data());
}

Result<void> Lane::deliver_blocking(const Delivery& delivery) {
    return core_->deliver_blocking(delivery);
}

void Lane::complete(std::uint64_t token, const Result<void>& result) {
    if (result) {
        core_->complete(&token, 1, PATCHBAY_OK, nullptr);
        return;
    }
    if (result.error().code == not_mine_code) {
        complete_not_mine(token);
        return;
    }
    const patchbay_error error = to_abi_error(result.error());
    core_->complete(&token, 1, error.status, &error);
}

void Lane::complete(std::span<const std::uint64_t> tokens) {
    if (!tokens.empty()) {
        core_->complete(tokens.data(), static_cast<std::uint32_t>(tokens.size()), PATCHBAY_OK,
                        nullptr);
    }
}

void Lane::complete_not_mine(std::uint64_t token) {
    core_->complete(&token, 1, PATCHBAY_NOT_MINE, nullptr);
}

std::uint32_t Lane::in_flight() const noexcept {
    return core_->in_flight();
}

Awaitable<Result<std::string>> Lane::call(std::string_view dependency, std::string_view method,
                                          std::string_view arguments) {
    return core_->call(dependency, method, arguments);
}

Result<std::string> Lane::call_blocking(std::string_view dependency, std::string_view method,
                                        std::string_view arguments) {
    return core_->call_blocking(dependency, method, arguments);
}

Result<void> Lane::set_timer(std::uint64_t token, std::chrono::nanoseconds delay) {
    return core_->set_timer(token, delay);
}

void Lane::cancel_timer(std::uint64_t token) {
    core_->cancel_timer(token);
}

void Lane::wake() {
    core_->wake();
}

void Lane::end_sleep() noexcept {
    core_->end_sleep();
}

}  // namespace patchbay
