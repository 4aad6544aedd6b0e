// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/generation.hpp"

#include "multiplexer/core.hpp"
#include "multiplexer/envelope_array.hpp"

#include <cstring>
#include <string>

namespace patchbay::multiplexer {

namespace {

[[nodiscard]] std::string_view text_of(const char* text, std::size_t capacity) noexcept {
    return {text, ::strnlen(text, capacity)};
}

}  // namespace

Instance& Generation::instance() const noexcept {
    return static_cast<const GenerationCore&>(*this).instance;
}

std::uint32_t Generation::number() const noexcept {
    return static_cast<const GenerationCore&>(*this).number;
}

std::uint32_t Generation::lane_count() const noexcept {
    return static_cast<std::uint32_t>(static_cast<const GenerationCore&>(*this).lanes.size());
}

Lane* Generation::lane(std::uint32_t index) noexcept {
    GenerationCore& generation = core_of(*this);
    return index < generation.lanes.size() ? generation.lanes[index] : nullptr;
}

patchbay_status Generation::allocate(std::size_t size, patchbay_array* buffers) noexcept {
    if (buffers == nullptr || buffers->items == nullptr) {
        return PATCHBAY_INVALID;
    }
    GenerationCore& generation = core_of(*this);
    Multiplexer::Core& core = generation.instance.core;
    const std::uint32_t wanted = std::exchange(buffers->count, 0);
    const std::uint32_t size_class = core.pool.class_of(size);
    if (size_class == pool_classes) {
        return PATCHBAY_INVALID;
    }
    const CacheUse cache(core);
    const std::int64_t limit = static_cast<std::int64_t>(core.options.held_bytes_per_instance);
    std::int64_t held = generation.instance.held_bytes.load(std::memory_order_relaxed) +
                        (cache->held_instance == &generation.instance ? cache->held_bytes : 0);
    const std::int64_t before = held;
    std::uint32_t count = 0;
    for (; count < wanted; ++count) {
        if (held >= limit) {
            break;
        }
        Node* node = core.pool.allocate(cache->blocks, size_class);
        if (node == nullptr) {
            core.starved.store(true, std::memory_order_relaxed);
            break;
        }
        node->refs.store(block_refs::owned, std::memory_order_relaxed);
        node->owner.store(generation.uid, std::memory_order_relaxed);
        held += node->capacity;
        // The payload is about to be written.
        for (std::size_t at = 0; at < size && at < 512; at += 64) {
            __builtin_prefetch(node->payload() + at, 1);
        }
        write_item(*buffers, count,
                   patchbay_buffer{reinterpret_cast<patchbay_block*>(node), node->payload(),
                                   node->capacity});
    }
    cache->add_held(generation.instance, held - before);
    buffers->count = count;
    return count == 0 && wanted != 0 ? PATCHBAY_OVERLOADED : PATCHBAY_OK;
}

void Generation::retain(patchbay_block* block) noexcept {
    GenerationCore& generation = core_of(*this);
    Node* node = generation.instance.core.pool.check(block);
    if (node == nullptr || block_refs::all(node->refs.load(std::memory_order_relaxed)) == 0) {
        generation.instance.misbehaved("block.unknown", "retain of something that is not a block");
        return;
    }
    if (node->owner.load(std::memory_order_relaxed) == generation.uid) {
        node->refs.fetch_add(block_refs::owned, std::memory_order_relaxed);
        return;
    }
    const std::lock_guard lock(generation.retained_mutex);
    try {
        ++generation.retained[node];
        node->refs.fetch_add(block_refs::one, std::memory_order_relaxed);
    } catch (const std::bad_alloc&) {
        generation.instance.misbehaved("block.no_memory", "retain found no memory");
    }
}

bool Multiplexer::Core::drop_reference(ThreadCache& cache, GenerationCore& generation,
                                       Node& node) noexcept {
    if (node.owner.load(std::memory_order_relaxed) == generation.uid) {
        std::uint64_t refs = node.refs.load(std::memory_order_acquire);
        if (refs == block_refs::owned) {
            // The only reference, and it is the caller's.
            cache.add_held(generation.instance, -std::int64_t{node.capacity});
            node.refs.store(0, std::memory_order_relaxed);
            pool.free(cache.blocks, &node);
            return true;
        }
        do {
            if (block_refs::by_owner(refs) == 0) {
                return false;
            }
        } while (!node.refs.compare_exchange_weak(refs, refs - block_refs::owned,
                                                  std::memory_order_acq_rel));
        if (block_refs::by_owner(refs) == 1) {
            cache.add_held(generation.instance, -std::int64_t{node.capacity});
        }
        if (block_refs::all(refs) == 1) {
            pool.free(cache.blocks, &node);
        }
        return true;
    }
    const std::lock_guard lock(generation.retained_mutex);
    const auto found = generation.retained.find(&node);
    if (found == generation.retained.end()) {
        return false;
    }
    if (--found->second == 0) {
        generation.retained.erase(found);
    }
    unreference(cache, node);
    return true;
}

void Generation::release(patchbay_block* const* blocks, std::uint32_t count) noexcept {
    GenerationCore& generation = core_of(*this);
    Multiplexer::Core& core = generation.instance.core;
    std::uint32_t wrong = 0;
    {
        const CacheUse cache(core);
        for (std::uint32_t i = 0; i < count; ++i) {
            Node* node = core.pool.check(blocks[i]);
            if (node == nullptr || !core.drop_reference(*cache, generation, *node)) {
                ++wrong;
            }
        }
    }
    if (wrong != 0) {
        generation.instance.misbehaved("block.not_held",
                                       "release of a block that the generation does not hold");
    }
}

void Generation::complete(const std::uint64_t* tokens, std::uint32_t count, patchbay_status status,
                          const patchbay_error* error) noexcept {
    GenerationCore& generation = core_of(*this);
    InstanceCore& instance = generation.instance;
    if (status == PATCHBAY_PENDING) {
        instance.misbehaved("completion.pending", "complete was called with PENDING");
        return;
    }
    Multiplexer::Core::Completion completion{status, status < 0 ? "send_failed" : "", ""};
    if (status < 0 && error != nullptr && PATCHBAY_HAS(patchbay_error, error, text)) {
        completion.code = text_of(error->code, sizeof error->code);
        completion.text = text_of(error->text, sizeof error->text);
    }
    std::uint32_t done = 0;
    {
        const CacheUse cache(instance.core);
        CompletionTally tally;
        for (std::uint32_t i = 0; i < count; ++i) {
            done +=
                instance.core.complete(*cache, generation, tokens[i], completion, tally) ? 1U : 0U;
        }
        tally.flush(*cache);
    }
    if (done != count) {
        instance.misbehaved("token.unknown",
                            "complete of a token that is unknown or was completed before");
    }
    if (status < 0 && done != 0 && instance.options.observer != nullptr) {
        instance.options.observer->on_send_failed(instance.number,
                                                  {status, completion.code, completion.text}, done);
    }
}

std::uint32_t Generation::address_handle(std::string_view to) noexcept {
    const Multiplexer::Core& core = core_of(*this).instance.core;
    const std::uint32_t entry = core.book.find(to).entry;
    return entry == AddressBook::none ? 0 : entry + 1;
}

std::uint32_t Generation::protocol_handle(std::string_view protocol_id) noexcept {
    if (protocol_id.empty() || protocol_id.size() > longest_name) {
        return 0;
    }
    try {
        return core_of(*this).instance.core.protocols.number(protocol_id, false);
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

patchbay_status Generation::malformed(patchbay_bytes raw, std::string_view code,
                                      std::string_view text) noexcept {
    InstanceCore& instance = core_of(*this).instance;
    Multiplexer::Core& core = instance.core;
    instance.dead_lettered[PATCHBAY_REASON_MALFORMED].fetch_add(1, std::memory_order_relaxed);
    core.dead_letter_count.fetch_add(1, std::memory_order_relaxed);
    bool kept = false;
    try {
        DeadLetter letter;
        letter.time = core.clock.wall();
        letter.reason = PATCHBAY_REASON_MALFORMED;
        letter.code = code;
        letter.text = text;
        letter.source = instance.options.name;
        letter.has_envelope = false;
        letter.raw.assign(reinterpret_cast<const char*>(raw.data), raw.size);
        kept = core.dead_letters.put(std::move(letter));
    } catch (...) {
        kept = false;
    }
    if (!kept) {
        core.dead_letters_refused.fetch_add(1, std::memory_order_relaxed);
    }
    return kept ? PATCHBAY_OK : PATCHBAY_OVERLOADED;
}

std::uint64_t Generation::completed() const noexcept {
    std::uint64_t sum = 0;
    for (const LaneCore* lane : static_cast<const GenerationCore&>(*this).lanes) {
        for (const LaneCounters& set : lane->counters) {
            sum += set.completed.load(std::memory_order_acquire);
        }
    }
    return sum;
}

std::uint64_t Generation::in_flight() const noexcept {
    std::uint64_t sum = 0;
    for (const LaneCore* lane : static_cast<const GenerationCore&>(*this).lanes) {
        sum += lane->in_flight();
    }
    return sum;
}

}  // namespace patchbay::multiplexer
