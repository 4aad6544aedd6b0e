// SPDX-License-Identifier: Apache-2.0
#include "send_queue.hpp"

namespace patchbay::agent_gateway {

namespace {

/// Written bytes beyond it are taken out, so that a client that always reads, but never to the end,
/// does not make the queue grow.
constexpr std::size_t compact_at = std::size_t{256} << 10U;

}  // namespace

void SendQueue::frame_ends() {
    ends_.push_back(bytes_.size());
}

void SendQueue::wrote(std::size_t size) {
    written_ += size;
    while (written_frames_ < ends_.size() && ends_[written_frames_] <= written_) {
        ++written_frames_;
    }
    if (empty()) {
        clear();
    } else if (written_ >= compact_at && written_ >= bytes_.size() / 2) {
        compact();
    }
}

void SendQueue::compact() {
    bytes_.erase(0, written_);
    ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(written_frames_));
    for (std::size_t& end : ends_) {
        end -= written_;
    }
    written_ = 0;
    written_frames_ = 0;
}

void SendQueue::clear() noexcept {
    bytes_.clear();
    ends_.clear();
    written_ = 0;
    written_frames_ = 0;
}

}  // namespace patchbay::agent_gateway
