// SPDX-License-Identifier: Apache-2.0
/// The hot path takes no memory from the system once it is warm. A program of its own, because it
/// replaces operator new.
#include "harness.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::uint64_t> allocations{0};
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace patchbay::multiplexer::testing {
namespace {

TEST(Allocation, NoneInSteadyState) {
    Harness host;
    const ThreadScope scope(host.multiplexer);
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    const std::string to = target.id();
    constexpr std::uint32_t batch = 64;
    std::vector<patchbay_envelope> envelopes(batch);
    std::vector<patchbay_delivery> results(batch);
    std::vector<patchbay_envelope> taken(batch);
    std::vector<patchbay_signal> signals(batch);
    std::vector<std::uint64_t> tokens(batch);
    Draft draft{.to = to};
    for (patchbay_envelope& envelope : envelopes) {
        envelope = envelope_of(draft);
        envelope.flags = PATCHBAY_ENVELOPE_RECEIPT | PATCHBAY_ENVELOPE_REQUEST;
    }
    const auto round = [&] {
        patchbay_array in = array_of(envelopes);
        patchbay_array out = array_of(results);
        source.lane().deliver(&in, &out);
        patchbay_array got = array_of(taken);
        target.lane().take(&got);
        for (std::uint32_t i = 0; i < got.count; ++i) {
            tokens[i] = taken[i].token;
        }
        target.generation->complete(tokens.data(), got.count, PATCHBAY_OK, nullptr);
        patchbay_array seen = array_of(signals);
        source.lane().signals_take(&seen);
        return got.count + seen.count;
    };
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(round(), 2 * batch);
    }
    const std::uint64_t before = allocations.load();
    std::uint64_t moved = 0;
    for (int i = 0; i < 1000; ++i) {
        moved += round();
    }
    EXPECT_EQ(allocations.load(), before);
    EXPECT_EQ(moved, 2000U * batch);
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
