// SPDX-License-Identifier: Apache-2.0
/// \file
/// Blocks of the host for the answers of one batch: the first answer of a size fetches blocks for
/// all that may follow in one call, and what was not used goes back at the end of the batch.
#pragma once

#include <patchbay/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace patchbay::detail {

/// [lane]
class ReplyBlocks {
  public:
    explicit ReplyBlocks(const patchbay_host* host) : host_(host) {}

    void start(patchbay_lane* lane) noexcept { lane_ = lane; }

    /// A block of at least `size` bytes with one reference, or one without `block` when the host
    /// gave none; `status` then tells why. `expected`: answers that may still come, this included.
    [[nodiscard]] patchbay_buffer take(std::size_t size, std::size_t expected,
                                       patchbay_status& status);
    /// Gives back what `take` fetched in advance.
    void release_unused();

    void release(patchbay_block* block) const { host_->release(host_, lane_, &block, 1); }

  private:
    static constexpr std::size_t smallest = 128;
    static constexpr std::size_t classes = 6;  ///< up to 4 KiB; larger ones come one by one
    static constexpr std::size_t most_at_once = 64;

    patchbay_status fetch(std::size_t size, patchbay_buffer* buffers, std::uint32_t& count) const;

    const patchbay_host* host_;
    patchbay_lane* lane_ = nullptr;
    struct Supply {
        std::array<patchbay_buffer, most_at_once> buffers;
        std::uint32_t count = 0;
    };
    std::array<Supply, classes> supplies_{};
    bool any_unused_ = false;
};

}  // namespace patchbay::detail
