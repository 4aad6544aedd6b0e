// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the host calls of a batch connection: the C functions behind its table, and the end of
/// every exception.
#include "batch_traffic.hpp"

#include <patchbay/batch_connection.hpp>

#include <algorithm>
#include <cstring>
#include <string>

namespace patchbay::detail {

/// The host's `instance` of a batch connection.
struct BatchInstance {
    BatchInstance(const patchbay_host* abi, const patchbay_instance_options& options,
                  BatchFactory factory)
        : host(abi, options), connection(factory(host)) {}

    [[nodiscard]] BatchTraffic& traffic() const noexcept { return *connection->traffic_; }

    void handle(const patchbay_signal& signal);
    void answer_call(const patchbay_signal& signal);

    /// Runs a function of the connection; an exception becomes a failure.
    template <class Function>
    [[nodiscard]] patchbay_status guarded(std::string_view where, patchbay_error* error,
                                          Function function) noexcept {
        Result<void> result;
        try {
            result = function();
        } catch (...) {
            result = tl::unexpected<Error>(describe_current_exception(where));
        }
        if (result) {
            return PATCHBAY_OK;
        }
        const patchbay_error caught = to_abi_error(result.error());
        return patchbay_error_set(error, caught.status, caught.code, caught.text);
    }

    void report(const Error& error) noexcept {
        try {
            host.log().error(to_string(error));
        } catch (...) {  // no memory even for the text
        }
    }

    Host host;
    std::unique_ptr<BatchConnection> connection;
};

namespace {

BatchInstance& instance_of(void* instance) noexcept {
    return *static_cast<BatchInstance*>(instance);
}

Receipt receipt_of(const patchbay_signal& signal) {
    Receipt receipt;
    receipt.kind = signal.value <= PATCHBAY_RECEIPT_UNKNOWN ? static_cast<ReceiptKind>(signal.value)
                                                            : ReceiptKind::unknown;
    receipt.status = signal.status;
    receipt.code = std::string(to_view(signal.name));
    return receipt;
}

}  // namespace

void BatchInstance::handle(const patchbay_signal& signal) {
    switch (signal.kind) {
        case PATCHBAY_SIGNAL_CANCEL:
            if (!traffic().cancel(signal.token)) {
                connection->on_cancel(signal.token);
            }
            break;
        case PATCHBAY_SIGNAL_ROOM:
            traffic().room(static_cast<std::uint32_t>(signal.value));
            connection->on_room();
            break;
        case PATCHBAY_SIGNAL_RECEIPT:
            connection->on_receipt(signal.token, receipt_of(signal));
            break;
        case PATCHBAY_SIGNAL_TIMER:
            connection->on_timer(signal.token);
            break;
        case PATCHBAY_SIGNAL_WAKE:
            connection->on_wake();
            break;
        case PATCHBAY_SIGNAL_CALL:
            answer_call(signal);
            break;
        default:  // later hosts have more kinds
            break;
    }
}

void BatchInstance::answer_call(const patchbay_signal& signal) {
    Result<std::string> result;
    try {
        result = connection->on_call(to_view(signal.name), to_view(signal.payload));
    } catch (...) {
        result = tl::unexpected<Error>(describe_current_exception("on_call"));
    }
    const auto* calls = host.extension<patchbay_calls>(PATCHBAY_CALLS_EXTENSION);
    if (calls == nullptr) {
        return;
    }
    if (result) {
        calls->call_complete(host.abi(), signal.token, PATCHBAY_OK, to_abi_bytes(*result), nullptr);
        return;
    }
    const patchbay_error error = to_abi_error(result.error());
    calls->call_complete(host.abi(), signal.token, error.status, {}, &error);
}

patchbay_status create_batch_instance(BatchFactory factory, const patchbay_host* host,
                                      const patchbay_instance_options* options,
                                      patchbay_created* created, patchbay_error* error) noexcept {
    try {
        auto instance = std::make_unique<BatchInstance>(host, *options, factory);
        created->lane_count = 1;
        created->instance = instance.release();
        return PATCHBAY_OK;
    } catch (...) {
        const patchbay_error caught = to_abi_error(describe_current_exception("the constructor"));
        return patchbay_error_set(error, caught.status, caught.code, caught.text);
    }
}

void PATCHBAY_CALL destroy_batch_instance(void* instance) noexcept {
    delete static_cast<BatchInstance*>(instance);
}

patchbay_status PATCHBAY_CALL connect_batch_instance(void* instance, std::uint64_t /*token*/,
                                                     patchbay_error* error) noexcept {
    BatchInstance& self = instance_of(instance);
    return self.guarded("connect", error, [&] {
        self.traffic().limit_held(self.connection->held_limit());
        return self.connection->connect();
    });
}

patchbay_status PATCHBAY_CALL disconnect_batch_instance(void* instance, std::uint64_t /*token*/,
                                                        patchbay_error* error) noexcept {
    BatchInstance& self = instance_of(instance);
    const patchbay_status status =
        self.guarded("disconnect", error, [&] { return self.connection->disconnect(); });
    const patchbay_status given_up = self.guarded("disconnect", error, [&]() -> Result<void> {
        self.traffic().give_up();
        return {};
    });
    return status != PATCHBAY_OK ? status : given_up;
}

void PATCHBAY_CALL run_batch(void* instance, patchbay_lane* lane, std::uint32_t /*index*/,
                             const patchbay_array* envelopes, patchbay_status* results) noexcept {
    BatchInstance& self = instance_of(instance);
    BatchTraffic& traffic = self.traffic();
    try {
        traffic.begin(lane, *envelopes, results);
        Batch batch(traffic, *envelopes);
        self.connection->on_batch(batch);
        traffic.finish();
    } catch (...) {
        const Error error = describe_current_exception("on_batch");
        traffic.abandon(*envelopes, results, error);
        self.report(error);
    }
}

void PATCHBAY_CALL handle_batch_signals(void* instance, patchbay_lane* lane,
                                        std::uint32_t /*index*/,
                                        const patchbay_array* signals) noexcept {
    BatchInstance& self = instance_of(instance);
    self.traffic().use(lane);
    for (std::uint32_t i = 0; i < signals->count; ++i) {
        patchbay_signal signal{};
        std::memcpy(&signal, patchbay_array_at(signals, i),
                    std::min<std::size_t>(signals->stride, sizeof signal));
        try {
            self.handle(signal);
        } catch (...) {
            self.report(describe_current_exception("a signal"));
        }
    }
}

}  // namespace patchbay::detail
