// SPDX-License-Identifier: Apache-2.0
/// \file
/// Payload blocks: one range of address space, cut into spans of one size class each. Because all
/// blocks lie in one range on multiples of 128 bytes, a token or a block pointer from a plugin can
/// be checked before it is used. Threads keep blocks in magazines and exchange whole magazines with
/// the depot, so that a block costs no lock and no shared cache line.
#pragma once

#include "multiplexer/node.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::multiplexer {

/// Payload sizes 128 << class.
inline constexpr std::uint32_t pool_classes = 20;
inline constexpr std::uint32_t magazine_capacity = 64;

struct Magazine {
    std::uint32_t count = 0;
    std::array<Node*, magazine_capacity> nodes;
};

/// A thread's blocks. Two magazines per class, so that allocating and freeing around a boundary
/// does not go to the depot each time.
struct BlockCache {
    struct Class {
        Magazine* loaded = nullptr;
        Magazine* spare = nullptr;
    };
    std::array<Class, pool_classes> classes{};
};

class Pool {
  public:
    /// Reserves the address space; throws std::bad_alloc when the system refuses.
    Pool(std::size_t bytes, std::size_t largest_payload);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();

    /// The class whose payload holds `size` bytes; `pool_classes` when none does.
    [[nodiscard]] std::uint32_t class_of(std::size_t size) const noexcept {
        if (size <= smallest_payload) {
            return 0;
        }
        if (size > largest_payload_) {
            return pool_classes;
        }
        return 64U - static_cast<std::uint32_t>(__builtin_clzll(size - 1)) - 7U;
    }
    /// A block with state `free` and unset references; null when the pool is exhausted.
    [[nodiscard]] Node* allocate(BlockCache& cache, std::uint32_t size_class) noexcept {
        BlockCache::Class& entry = cache.classes[size_class];
        if (entry.loaded != nullptr && entry.loaded->count != 0) {
            return entry.loaded->nodes[--entry.loaded->count];
        }
        return refill(entry, size_class);
    }
    /// Gives a block back; nobody refers to it.
    void free(BlockCache& cache, Node* node) noexcept {
        BlockCache::Class& entry = cache.classes[class_of(node->capacity)];
        if (entry.loaded != nullptr && entry.loaded->count < limit(node->capacity)) {
            entry.loaded->nodes[entry.loaded->count++] = node;
            return;
        }
        spill(entry, node);
    }
    /// Gives all blocks of a cache back to the depot.
    void flush(BlockCache& cache) noexcept;

    /// Number of a block, below 2^32; the lower half of a token.
    [[nodiscard]] std::uint32_t place(const Node* node) const noexcept {
        return static_cast<std::uint32_t>(
            static_cast<std::size_t>(reinterpret_cast<const unsigned char*>(node) - base_) /
            sizeof(Node));
    }
    /// The block at that place, or null when no block begins there.
    [[nodiscard]] Node* at(std::uint32_t place) const noexcept {
        const std::size_t span = place / places_per_span;
        if (span >= spans_used_.load(std::memory_order_acquire)) {
            return nullptr;
        }
        const Span& info = spans_[span];
        const std::uint32_t offset = place - info.first_place;
        // Division by a constant of the class, as a multiplication.
        const auto index =
            static_cast<std::uint32_t>((std::uint64_t{offset} * info.reciprocal) >> 32U);
        if (index * info.places != offset || index >= info.count) {
            return nullptr;
        }
        return reinterpret_cast<Node*>(base_ + std::size_t{place} * sizeof(Node));
    }
    /// The same for a pointer from outside.
    [[nodiscard]] Node* check(const void* pointer) const noexcept {
        const auto offset =
            reinterpret_cast<std::uintptr_t>(pointer) - reinterpret_cast<std::uintptr_t>(base_);
        if (offset >= bytes_ || offset % sizeof(Node) != 0) {
            return nullptr;
        }
        return at(static_cast<std::uint32_t>(offset / sizeof(Node)));
    }

    /// Calls `visit(Node&)` for every block that was ever made. Blocks may be in use meanwhile.
    template <class Visit>
    void for_each(Visit visit) const {
        const std::size_t used = spans_used_.load(std::memory_order_acquire);
        for (std::size_t span = 0; span < used;) {
            const Span& info = spans_[span];
            for (std::uint32_t i = 0; i < info.count; ++i) {
                visit(*at(info.first_place + i * info.places));
            }
            span += info.length;
        }
    }

    /// Address space that has become blocks.
    [[nodiscard]] std::size_t bytes_used() const noexcept {
        return spans_used_.load(std::memory_order_relaxed) * span_bytes;
    }
    [[nodiscard]] std::uint64_t exhausted() const noexcept {
        return exhausted_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::size_t smallest_payload = 128;
    static constexpr std::size_t span_bytes = std::size_t{256} << 10U;
    static constexpr std::size_t places_per_span = span_bytes / sizeof(Node);

    /// What one span holds. Large classes take several spans; each of them has the entry.
    struct Span {
        std::uint32_t first_place = 0;
        std::uint32_t places = 1;  ///< per block
        std::uint32_t reciprocal = 0;
        std::uint32_t count = 0;
        std::uint32_t length = 1;  ///< in spans
    };
    struct Depot {
        std::mutex mutex;
        std::vector<Magazine*> full;
        /// Blocks of the newest span that were never used.
        std::uint32_t fresh_place = 0;
        std::uint32_t fresh_count = 0;
    };

    /// Blocks that a magazine of the class may keep.
    [[nodiscard]] static std::uint32_t limit(std::size_t payload) noexcept {
        return payload <= 4096 ? magazine_capacity : payload <= 65536 ? 8 : 1;
    }
    [[nodiscard]] Node* refill(BlockCache::Class& entry, std::uint32_t size_class) noexcept;
    void spill(BlockCache::Class& entry, Node* node) noexcept;
    [[nodiscard]] bool add_span(Depot& depot, std::uint32_t size_class) noexcept;
    [[nodiscard]] Magazine* empty_magazine() noexcept;
    void recycle(Magazine* magazine) noexcept;

    unsigned char* base_ = nullptr;
    std::size_t bytes_;
    std::size_t largest_payload_;
    std::unique_ptr<Span[]> spans_;
    std::size_t span_limit_;
    std::atomic<std::size_t> spans_used_{0};
    std::mutex span_mutex_;
    std::array<Depot, pool_classes> depots_;
    std::mutex magazine_mutex_;
    std::vector<std::unique_ptr<Magazine>> magazines_;
    std::vector<Magazine*> empty_magazines_;
    std::atomic<std::uint64_t> exhausted_{0};
};

}  // namespace patchbay::multiplexer
