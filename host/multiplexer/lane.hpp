// SPDX-License-Identifier: Apache-2.0
/// \file
/// A lane of a generation: where a plugin meets the multiplexer. Each function is what the slot of
/// the same name in abi.h promises, so that the ABI's thunks are one line each. `Lane` objects are
/// made by `Instance::attach` and live as long as their generation.
#pragma once

#include "multiplexer/signal.hpp"

#include <patchbay/abi.h>

#include <cstdint>

namespace patchbay::multiplexer {

class Generation;
class Instance;
class Lane;

/// Runs `on_batch` of a lane that the host drives, for dispatch on the deliverer's thread (DESIGN
/// 9.5). The host sets it only for classes that may run there.
class InlineDispatch {
  public:
    InlineDispatch() = default;
    InlineDispatch(const InlineDispatch&) = delete;
    InlineDispatch& operator=(const InlineDispatch&) = delete;
    virtual ~InlineDispatch() = default;

    /// As `on_batch` of patchbay_class; `results` is preset to OK. Must not throw. Never called
    /// concurrently for one lane, nor while the lane's own thread is between `enter` and `leave`.
    virtual void on_batch(Lane& lane, const patchbay_array& envelopes,
                          patchbay_status* results) noexcept = 0;
};

class Lane {
  public:
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    [[nodiscard]] Instance& instance() const noexcept;
    [[nodiscard]] Generation& generation() const noexcept;
    [[nodiscard]] std::uint32_t index() const noexcept;
    /// What a plugin sees as `origin` of envelopes that this lane delivered.
    [[nodiscard]] patchbay_origin origin() const noexcept;

    /// The opaque pointer that plugins hold, and back.
    [[nodiscard]] patchbay_lane* handle() noexcept {
        return reinterpret_cast<patchbay_lane*>(this);
    }
    [[nodiscard]] static Lane& from(patchbay_lane* lane) noexcept {
        return *reinterpret_cast<Lane*>(lane);
    }

    /// For the room that runs the lane; the multiplexer does not look at it.
    void set_owner(void* owner) noexcept { owner_ = owner; }
    [[nodiscard]] void* owner() const noexcept { return owner_; }

    // ---- The slots of patchbay_host ----

    /// [any-thread] [no-block]
    patchbay_status deliver(const patchbay_array* envelopes, patchbay_array* results) noexcept;
    /// Gives nothing unless the instance is connected. [lane] [no-block]
    patchbay_status take(patchbay_array* envelopes) noexcept;
    /// [lane] [no-block]
    patchbay_status signals_take(patchbay_array* signals) noexcept;
    /// [lane] [no-block]
    bool sleep(std::uint32_t interest) noexcept;
    /// [any-thread] [no-block]
    [[nodiscard]] std::intptr_t descriptor() const noexcept;

    // ---- For the host ----

    /// Gives the lane a signal and wakes it. False: the bound on waiting signals is reached (never
    /// for STOP, CONNECT and DISCONNECT). [any-thread]
    bool post(Signal signal);
    /// One PATCHBAY_SIGNAL_WAKE, unless one is waiting already. [any-thread]
    void wake() noexcept;
    /// After `on_batch`: completes each envelope of a batch that `take` filled whose result is not
    /// PENDING. The array must be the one `take` filled, unchanged. [lane]
    void complete_batch(const patchbay_array& taken, const patchbay_status* results) noexcept;

    /// Allows dispatch on the deliverer's thread; null forbids it and waits for one in progress.
    /// While it is set the lane's own thread must take and run its batches between `enter` and
    /// `leave`. The dispatch must outlive the setting. [host-thread]
    void set_inline_dispatch(InlineDispatch* dispatch) noexcept;
    /// Keeps deliverers out of this lane; waits for one that is inside. [lane]
    void enter() noexcept;
    void leave() noexcept;

    [[nodiscard]] bool is_empty() const noexcept;

  protected:
    Lane() = default;
    ~Lane() = default;

  private:
    void* owner_ = nullptr;
};

}  // namespace patchbay::multiplexer
