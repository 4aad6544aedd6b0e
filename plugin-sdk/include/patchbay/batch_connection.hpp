// SPDX-License-Identifier: Apache-2.0
/// \file
/// The interface for connections that handle envelopes as they come: the host drives them, batch by
/// batch. No loop, no thread, no coroutine, no Asio. Such a connection may run on the thread of
/// whoever delivers to it, which saves the hand-over to another thread; an echo, a filter or a
/// translator that answers from what it knows is made for it. One that waits for anything is not.
///
///     class Mirror : public patchbay::BatchConnection {
///       public:
///         using BatchConnection::BatchConnection;
///         void on_batch(patchbay::Batch& batch) override { ... batch.reply(i, size) ... }
///     };
///     PATCHBAY_REGISTER_BATCH_CONNECTION(Mirror, "Mirror", "me/mirror:0.1.0")
///
/// It has one lane, and the functions tagged [lane] are never called at the same time. A library
/// whose class is registered with PATCHBAY_CLASS_INLINE_OK (the default) must keep `on_batch` short
/// and free of waits, and must use no thread-locals with destructors: the host looks whether the
/// library imports what they need, and if so calls the class on its own thread only.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/batch.hpp>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/host.hpp>
#include <patchbay/plugin_entry.hpp>  // IWYU pragma: export
#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay {

namespace detail {
struct BatchInstance;
}  // namespace detail

class BatchConnection {
  public:
    /// Runs on a thread of the host: reads options and starts nothing. May throw, preferably
    /// ConfigError.
    explicit BatchConnection(Host& host);
    BatchConnection(const BatchConnection&) = delete;
    BatchConnection& operator=(const BatchConnection&) = delete;
    /// Runs on a thread of the host, after the lane has ended.
    virtual ~BatchConnection();

    // ---- What the host calls [lane]. An exception is as good as a failure. ----------------------
    /// May block up to the host's time limit.
    [[nodiscard]] virtual Result<void> connect();
    /// No batch comes any more. Complete what was kept; answers that found no room are given up
    /// after it.
    [[nodiscard]] virtual Result<void> disconnect();
    /// A batch that throws fails as a whole, except for the envelopes that were kept.
    virtual void on_batch(Batch& batch) = 0;
    /// The host no longer wants the kept envelope `token`; completing it is still required.
    virtual void on_cancel(std::uint64_t token);
    virtual void on_timer(std::uint64_t token);
    /// Somebody called `wake`.
    virtual void on_wake();
    /// A destination that answered FULL to `deliver` has room.
    virtual void on_room();
    /// Receipt of a delivery with a receipt number.
    virtual void on_receipt(std::uint64_t receipt, const Receipt& what);
    /// A dependent calls `method`. The default offers none: `call.unsupported`.
    [[nodiscard]] virtual Result<std::string> on_call(std::string_view method,
                                                      std::string_view arguments);

    /// Answers that may wait for room; the requests of more fail with `delivery.too_many_waiting`
    /// (class overloaded). Asked when the host connects.
    [[nodiscard]] virtual std::size_t held_limit() const;

    // ---- For the connection itself --------------------------------------------------------------
    [[nodiscard]] Host& host() const noexcept { return host_; }
    [[nodiscard]] const Config& config() const noexcept { return host_.config(); }
    [[nodiscard]] const Log& log() const noexcept { return host_.log(); }
    [[nodiscard]] Metric counter(std::string_view name, std::string_view help) const {
        return host_.counter(name, help);
    }

    /// Completes a kept envelope, exactly once: done, or failed with code and text. [any-thread]
    void complete(std::uint64_t token, const Result<void>& result = {}) const;
    /// Delivers one envelope of the connection's own now; its bytes are copied. Failures are those
    /// of `Lane::deliver`, and `delivery.full` (class overloaded): keep it until `on_room`. [lane]
    [[nodiscard]] Result<void> deliver(const Delivery& delivery) const;
    /// One `on_timer` with `token` after `delay`; setting a running token moves it. Not from
    /// `on_batch` of a class that may run on other threads. [lane]
    [[nodiscard]] Result<void> set_timer(std::uint64_t token, std::chrono::nanoseconds delay) const;
    void cancel_timer(std::uint64_t token) const;
    /// One `on_wake` soon. [any-thread]
    void wake() const;

  private:
    friend struct detail::BatchInstance;

    [[nodiscard]] patchbay_lane* lane() const;

    Host& host_;
    std::unique_ptr<detail::BatchTraffic> traffic_;
};

namespace detail {

using BatchFactory = std::unique_ptr<BatchConnection> (*)(Host&);

patchbay_status create_batch_instance(BatchFactory factory, const patchbay_host* host,
                                      const patchbay_instance_options* options,
                                      patchbay_created* created, patchbay_error* error) noexcept;
void PATCHBAY_CALL destroy_batch_instance(void* instance) noexcept;
patchbay_status PATCHBAY_CALL connect_batch_instance(void* instance, std::uint64_t token,
                                                     patchbay_error* error) noexcept;
patchbay_status PATCHBAY_CALL disconnect_batch_instance(void* instance, std::uint64_t token,
                                                        patchbay_error* error) noexcept;
void PATCHBAY_CALL run_batch(void* instance, patchbay_lane* lane, std::uint32_t index,
                             const patchbay_array* envelopes, patchbay_status* results) noexcept;
void PATCHBAY_CALL handle_batch_signals(void* instance, patchbay_lane* lane, std::uint32_t index,
                                        const patchbay_array* signals) noexcept;

template <class Type>
std::unique_ptr<BatchConnection> make_batch_connection(Host& host) {
    return std::make_unique<Type>(host);
}

template <class Type>
patchbay_status PATCHBAY_CALL create_batch_connection(const patchbay_host* host,
                                                      const patchbay_instance_options* options,
                                                      patchbay_created* created,
                                                      patchbay_error* error) noexcept {
    return create_batch_instance(&make_batch_connection<Type>, host, options, created, error);
}

}  // namespace detail

/// The table of connection class `Type`. `name` equals `class_name` of connection.yaml.
template <class Type>
[[nodiscard]] constexpr patchbay_class batch_connection_class(
    std::string_view name, std::uint32_t flags = PATCHBAY_CLASS_INLINE_OK) noexcept {
    return {static_cast<std::uint32_t>(sizeof(patchbay_class)),
            flags,
            {name.data(), name.size()},
            &detail::create_batch_connection<Type>,
            &detail::destroy_batch_instance,
            nullptr,
            &detail::connect_batch_instance,
            &detail::disconnect_batch_instance,
            &detail::run_batch,
            &detail::handle_batch_signals};
}

}  // namespace patchbay

/// The fourth argument, when given, are flags beside PATCHBAY_CLASS_INLINE_OK.
#define PATCHBAY_REGISTER_BATCH_CONNECTION(Type, name, public_id, ...)      \
    PATCHBAY_REGISTER_CONNECTIONS(public_id, "\"" name "\"",                \
                                  ::patchbay::batch_connection_class<Type>( \
                                      name, PATCHBAY_CLASS_INLINE_OK __VA_OPT__(|) __VA_ARGS__))
