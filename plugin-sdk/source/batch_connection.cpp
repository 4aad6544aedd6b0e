// SPDX-License-Identifier: Apache-2.0
#include "batch_traffic.hpp"

#include <patchbay/batch_connection.hpp>

#include <algorithm>
#include <string>

namespace patchbay {

BatchConnection::BatchConnection(Host& host)
    : host_(host), traffic_(std::make_unique<detail::BatchTraffic>(host.abi())) {}

BatchConnection::~BatchConnection() = default;

Result<void> BatchConnection::connect() {
    return {};
}

Result<void> BatchConnection::disconnect() {
    return {};
}

void BatchConnection::on_cancel(std::uint64_t /*token*/) {}

void BatchConnection::on_timer(std::uint64_t /*token*/) {}

void BatchConnection::on_wake() {}

void BatchConnection::on_room() {}

void BatchConnection::on_receipt(std::uint64_t /*receipt*/, const Receipt& /*what*/) {}

Result<std::string> BatchConnection::on_call(std::string_view /*method*/,
                                             std::string_view /*arguments*/) {
    return failure(ErrorClass::unsupported, "call.unsupported", "The connection offers no calls.");
}

std::size_t BatchConnection::held_limit() const {
    return 65536;
}

void BatchConnection::complete(std::uint64_t token, const Result<void>& result) const {
    traffic_->complete(token, result);
}

patchbay_lane* BatchConnection::lane() const {
    return host_.abi()->lane(host_.abi(), 0);
}

Result<void> BatchConnection::deliver(const Delivery& delivery) const {
    const patchbay_envelope envelope = delivery.to_abi();
    detail::Answer answer;
    answer.status = detail::deliver_batch(host_.abi(), lane(), &envelope, 1, &answer.delivery);
    return answer.result();
}

Result<void> BatchConnection::set_timer(std::uint64_t token, std::chrono::nanoseconds delay) const {
    const auto* timers = host_.extension<patchbay_timers>(PATCHBAY_TIMERS_EXTENSION);
    if (timers == nullptr) {
        return failure(ErrorClass::unsupported, "host.no_extension",
                       "The host does not offer " PATCHBAY_TIMERS_EXTENSION ".");
    }
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 0));
    if (timers->set(lane(), token, nanoseconds) != PATCHBAY_OK) {
        return failure(ErrorClass::overloaded, "timer.refused",
                       "The host did not set the timer: too many run, or another thread asked.");
    }
    return {};
}

void BatchConnection::cancel_timer(std::uint64_t token) const {
    if (const auto* timers = host_.extension<patchbay_timers>(PATCHBAY_TIMERS_EXTENSION)) {
        timers->cancel(lane(), token);
    }
}

void BatchConnection::wake() const {
    if (const auto* table = host_.extension<patchbay_wake>(PATCHBAY_WAKE_EXTENSION)) {
        table->wake(lane());
    }
}

}  // namespace patchbay
