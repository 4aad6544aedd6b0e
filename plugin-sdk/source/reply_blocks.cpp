// SPDX-License-Identifier: Apache-2.0
#include "reply_blocks.hpp"

#include <algorithm>
#include <bit>

namespace patchbay::detail {

patchbay_status ReplyBlocks::fetch(std::size_t size, patchbay_buffer* buffers,
                                   std::uint32_t& count) const {
    patchbay_array array{};
    array.struct_size = sizeof array;
    array.stride = sizeof(patchbay_buffer);
    array.count = count;
    array.items = buffers;
    const patchbay_status status = host_->allocate(host_, lane_, size, &array);
    count = status == PATCHBAY_OK ? array.count : 0;
    return count == 0 && status == PATCHBAY_OK ? patchbay_status{PATCHBAY_OVERLOADED} : status;
}

patchbay_buffer ReplyBlocks::take(std::size_t size, std::size_t expected, patchbay_status& status) {
    status = PATCHBAY_OK;
    const auto size_class =
        static_cast<std::size_t>(std::bit_width((std::max(size, smallest) - 1) / smallest));
    if (size_class >= classes) {
        patchbay_buffer buffer{};
        std::uint32_t count = 1;
        status = fetch(size, &buffer, count);
        return count == 0 ? patchbay_buffer{} : buffer;
    }
    Supply& supply = supplies_[size_class];
    if (supply.count == 0) {
        supply.count =
            static_cast<std::uint32_t>(std::clamp<std::size_t>(expected, 1, most_at_once));
        status = fetch(smallest << size_class, supply.buffers.data(), supply.count);
        if (supply.count == 0) {
            return {};
        }
    }
    any_unused_ = any_unused_ || supply.count > 1;
    return supply.buffers[--supply.count];
}

void ReplyBlocks::release_unused() {
    if (!any_unused_) {
        return;
    }
    any_unused_ = false;
    for (Supply& supply : supplies_) {
        std::array<patchbay_block*, most_at_once> blocks;  // NOLINT: the first `count` are written
        for (std::uint32_t i = 0; i < supply.count; ++i) {
            blocks[i] = supply.buffers[i].block;
        }
        if (supply.count != 0) {
            host_->release(host_, lane_, blocks.data(), supply.count);
        }
        supply.count = 0;
    }
}

}  // namespace patchbay::detail
