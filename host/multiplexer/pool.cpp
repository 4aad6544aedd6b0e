// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace patchbay::multiplexer {

Pool::Pool(std::size_t bytes, std::size_t largest_payload)
    : bytes_(
          std::min(std::max(bytes, span_bytes) / span_bytes * span_bytes, (std::size_t{1} << 38U))),
      largest_payload_(
          std::min<std::size_t>(largest_payload, smallest_payload << (pool_classes - 1U))),
      span_limit_(bytes_ / span_bytes) {
    // Untouched pages cost nothing: the range is address space, not memory.
    void* range = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) {
        throw std::bad_alloc();
    }
    base_ = static_cast<unsigned char*>(range);
    try {
        spans_ = std::make_unique<Span[]>(span_limit_);
    } catch (...) {
        ::munmap(base_, bytes_);
        throw;
    }
}

Pool::~Pool() {
    for_each([](Node& node) { delete node.failure.load(std::memory_order_relaxed); });
    ::munmap(base_, bytes_);
}

Magazine* Pool::empty_magazine() noexcept {
    const std::lock_guard lock(magazine_mutex_);
    if (!empty_magazines_.empty()) {
        Magazine* magazine = empty_magazines_.back();
        empty_magazines_.pop_back();
        return magazine;
    }
    try {
        // Room for every magazine in both lists, so that giving one back never allocates.
        empty_magazines_.reserve(magazines_.size() + 1);
        magazines_.push_back(std::make_unique<Magazine>());
        return magazines_.back().get();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void Pool::recycle(Magazine* magazine) noexcept {
    const std::lock_guard lock(magazine_mutex_);
    empty_magazines_.push_back(magazine);
}

bool Pool::add_span(Depot& depot, std::uint32_t size_class) noexcept {
    const std::size_t payload = smallest_payload << size_class;
    const std::size_t block = payload + sizeof(Node);
    const std::size_t length = std::max<std::size_t>(1, (block + span_bytes - 1) / span_bytes);
    const std::lock_guard lock(span_mutex_);
    const std::size_t first = spans_used_.load(std::memory_order_relaxed);
    if (first + length > span_limit_) {
        return false;
    }
    Span info;
    info.first_place = static_cast<std::uint32_t>(first * places_per_span);
    info.places = static_cast<std::uint32_t>(block / sizeof(Node));
    info.reciprocal = static_cast<std::uint32_t>(((std::uint64_t{1} << 32U) / info.places) + 1U);
    info.count = static_cast<std::uint32_t>(length * span_bytes / block);
    info.length = static_cast<std::uint32_t>(length);
    for (std::size_t i = 0; i < length; ++i) {
        spans_[first + i] = info;
    }
    for (std::uint32_t i = 0; i < info.count; ++i) {
        // The memory is zero; only what must not be zero is written.
        auto* node = ::new (base_ + (std::size_t{info.first_place} + std::size_t{i} * info.places) *
                                        sizeof(Node)) Node;
        node->refs.store(0, std::memory_order_relaxed);
        node->owner.store(0, std::memory_order_relaxed);
        node->capacity = static_cast<std::uint32_t>(payload);
        node->failure.store(nullptr, std::memory_order_relaxed);
        node->holder.store(0, std::memory_order_relaxed);
        node->state.store(node_state::make(1, Phase::free), std::memory_order_relaxed);
    }
    depot.fresh_place = info.first_place;
    depot.fresh_count = info.count;
    spans_used_.store(first + length, std::memory_order_release);
    return true;
}

Node* Pool::refill(BlockCache::Class& entry, std::uint32_t size_class) noexcept {
    if (entry.spare != nullptr && entry.spare->count != 0) {
        std::swap(entry.loaded, entry.spare);
        return entry.loaded->nodes[--entry.loaded->count];
    }
    Depot& depot = depots_[size_class];
    const std::lock_guard lock(depot.mutex);
    if (!depot.full.empty()) {
        if (entry.loaded != nullptr) {
            recycle(entry.loaded);
        }
        entry.loaded = depot.full.back();
        depot.full.pop_back();
        return entry.loaded->nodes[--entry.loaded->count];
    }
    if (depot.fresh_count == 0 && !add_span(depot, size_class)) {
        exhausted_.fetch_add(1, std::memory_order_relaxed);
        return nullptr;
    }
    if (entry.loaded == nullptr && (entry.loaded = empty_magazine()) == nullptr) {
        return nullptr;
    }
    const std::uint32_t places = spans_[depot.fresh_place / places_per_span].places;
    const std::uint32_t wanted = limit(smallest_payload << size_class);
    while (entry.loaded->count < wanted && depot.fresh_count != 0) {
        entry.loaded->nodes[entry.loaded->count++] =
            reinterpret_cast<Node*>(base_ + std::size_t{depot.fresh_place} * sizeof(Node));
        depot.fresh_place += places;
        --depot.fresh_count;
    }
    return entry.loaded->nodes[--entry.loaded->count];
}

void Pool::spill(BlockCache::Class& entry, Node* node) noexcept {
    const std::uint32_t keep = limit(node->capacity);
    if (entry.spare != nullptr && entry.spare->count < keep) {
        std::swap(entry.loaded, entry.spare);
    } else {
        Magazine* fresh = empty_magazine();
        if (fresh == nullptr) {
            return;  // No memory for bookkeeping: the block stays unused until the end.
        }
        if (entry.spare != nullptr) {
            Depot& depot = depots_[class_of(node->capacity)];
            const std::lock_guard lock(depot.mutex);
            try {
                depot.full.push_back(entry.spare);
            } catch (const std::bad_alloc&) {
                recycle(fresh);
                return;
            }
        }
        entry.spare = entry.loaded;
        entry.loaded = fresh;
    }
    entry.loaded->nodes[entry.loaded->count++] = node;
}

void Pool::flush(BlockCache& cache) noexcept {
    for (std::uint32_t i = 0; i < pool_classes; ++i) {
        for (Magazine** slot : {&cache.classes[i].loaded, &cache.classes[i].spare}) {
            if (*slot == nullptr) {
                continue;
            }
            if ((*slot)->count == 0) {
                recycle(*slot);
            } else {
                const std::lock_guard lock(depots_[i].mutex);
                try {
                    depots_[i].full.push_back(*slot);
                } catch (const std::bad_alloc&) {
                    // The blocks stay unused until the end.
                }
            }
            *slot = nullptr;
        }
    }
}

}  // namespace patchbay::multiplexer
