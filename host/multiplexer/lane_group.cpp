// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/lane_group.hpp"

#include "multiplexer/core.hpp"

namespace patchbay::multiplexer {

LaneGroup::LaneGroup() : core_(std::make_unique<Core>()) {}

LaneGroup::~LaneGroup() {
    for (LaneCore* lane : core_->lanes) {
        if (lane != nullptr) {
            lane->group.store(nullptr, std::memory_order_release);
        }
    }
}

bool LaneGroup::add(Lane& lane) {
    for (std::uint32_t slot = 0; slot < capacity; ++slot) {
        if (core_->lanes[slot] == nullptr) {
            LaneCore& added = core_of(lane);
            core_->lanes[slot] = &added;
            added.group_slot.store(slot, std::memory_order_relaxed);
            added.group.store(core_.get(), std::memory_order_release);
            // What arrived before is not lost.
            std::atomic_thread_fence(std::memory_order_seq_cst);
            core_->mark(std::uint64_t{1} << slot);
            return true;
        }
    }
    return false;
}

void LaneGroup::remove(Lane& lane) noexcept {
    LaneCore& removed = core_of(lane);
    if (removed.group.load(std::memory_order_relaxed) == core_.get()) {
        core_->lanes[removed.group_slot.load(std::memory_order_relaxed)] = nullptr;
        removed.group.store(nullptr, std::memory_order_release);
    }
}

std::uint64_t LaneGroup::ready() noexcept {
    if (core_->slept) {
        core_->slept = false;
        if (core_->sleeping.exchange(0, std::memory_order_acq_rel) == 0) {
            core_->event.lower();  // somebody woke us
        }
    }
    if (core_->ready.load(std::memory_order_relaxed) == 0) {
        return 0;
    }
    // The fence pairs with the deliverer's: either it sees the bit cleared and sets it again, or
    // the takes that follow see its envelope.
    const std::uint64_t slots = core_->ready.exchange(0, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return slots;
}

void LaneGroup::again(std::uint32_t slot) noexcept {
    core_->ready.fetch_or(std::uint64_t{1} << slot, std::memory_order_relaxed);
}

Lane* LaneGroup::lane(std::uint32_t slot) const noexcept {
    return slot < capacity ? core_->lanes[slot] : nullptr;
}

bool LaneGroup::sleep() noexcept {
    static_cast<void>(core_->event.descriptor());
    core_->slept = true;
    core_->sleeping.store(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (core_->ready.load(std::memory_order_seq_cst) == 0) {
        return true;
    }
    return false;
}

std::intptr_t LaneGroup::descriptor() const noexcept {
    return core_->event.descriptor();
}

void LaneGroup::wake() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    core_->wake_sleeper();
}

}  // namespace patchbay::multiplexer
