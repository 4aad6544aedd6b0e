// SPDX-License-Identifier: Apache-2.0
/// \file
/// A generation of an instance: its lanes, and the payload blocks and tokens that its code holds.
#pragma once

#include <patchbay/abi.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchbay::multiplexer {

class Instance;
class Lane;

/// What a generation still held when it was destroyed.
struct Reclaimed {
    std::uint64_t blocks = 0;
    std::uint64_t block_bytes = 0;
    /// Taken envelopes that were never completed; they were settled "unknown".
    std::uint64_t tokens = 0;
    /// Envelopes that waited for this generation alone (answers by `reply_to`); dead letters now.
    std::uint64_t envelopes = 0;
};

/// Made by `Instance::attach`, freed by `Instance::detach`.
class Generation {
  public:
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;

    [[nodiscard]] Instance& instance() const noexcept;
    [[nodiscard]] std::uint32_t number() const noexcept;
    [[nodiscard]] std::uint32_t lane_count() const noexcept;
    /// Null when there is no such lane.
    [[nodiscard]] Lane* lane(std::uint32_t index) noexcept;

    // ---- The slots of patchbay_host, [any-thread] [no-block] ----

    patchbay_status allocate(std::size_t size, patchbay_array* buffers) noexcept;
    void retain(patchbay_block* block) noexcept;
    void release(patchbay_block* const* blocks, std::uint32_t count) noexcept;
    void complete(const std::uint64_t* tokens, std::uint32_t count, patchbay_status status,
                  const patchbay_error* error) noexcept;

    // ---- Extensions that are the multiplexer's: handles, dead letters ----

    /// 0: unknown address, or the bound of handles is reached.
    [[nodiscard]] std::uint32_t address_handle(std::string_view to) noexcept;
    [[nodiscard]] std::uint32_t protocol_handle(std::string_view protocol_id) noexcept;
    /// Input that never became an envelope. OVERLOADED when the sink did not keep it.
    patchbay_status malformed(patchbay_bytes raw, std::string_view code,
                              std::string_view text) noexcept;

    /// It has left its connection: what answers it, and would have waited for it alone, goes to
    /// the generation in service, now and later. Undone by `Instance::hand_over` to it.
    void end_answers();

    /// Envelopes that it took and completed, however.
    [[nodiscard]] std::uint64_t completed() const noexcept;
    /// Taken and not completed.
    [[nodiscard]] std::uint64_t in_flight() const noexcept;

  protected:
    Generation() = default;
    ~Generation() = default;
};

}  // namespace patchbay::multiplexer
