// SPDX-License-Identifier: Apache-2.0
#include <patchbay/slot_index.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace patchbay {

namespace {

std::uint32_t find(const SlotIndex& index, std::size_t hash, std::uint32_t slot) {
    return index.find(hash, [&](std::uint32_t candidate) { return candidate == slot; });
}

TEST(SlotIndex, FindsNothingInAnEmptyOne) {
    const SlotIndex index;
    EXPECT_EQ(find(index, 5, 0), SlotIndex::none);
    EXPECT_EQ(index.size(), 0U);
}

TEST(SlotIndex, TellsSlotsOfOneHashApart) {
    SlotIndex index;
    for (std::uint32_t slot = 0; slot < 100; ++slot) {
        index.insert(slot, 7);
    }
    for (std::uint32_t slot = 0; slot < 100; slot += 2) {
        index.erase(slot);
    }
    EXPECT_EQ(index.size(), 50U);
    for (std::uint32_t slot = 0; slot < 100; ++slot) {
        EXPECT_EQ(find(index, 7, slot), slot % 2 == 0 ? SlotIndex::none : slot);
        EXPECT_EQ(find(index, 8, slot), SlotIndex::none);
    }
}

TEST(SlotIndex, KeepsWhatIsInItWhateverComesAndGoes) {
    SlotIndex index;
    std::map<std::uint32_t, std::size_t> expected;
    std::mt19937 random(1);  // NOLINT(cert-msc*): the same in every run
    constexpr std::uint32_t slots = 300;
    for (int step = 0; step < 20000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random() % slots);
        if (expected.erase(slot) != 0) {
            index.erase(slot);
        } else {
            const std::size_t hash = random() % 64 * 0x100000001U;
            index.insert(slot, hash);
            expected.emplace(slot, hash);
        }
    }
    ASSERT_EQ(index.size(), expected.size());
    for (const auto& [slot, hash] : expected) {
        EXPECT_EQ(find(index, hash, slot), slot);
    }
}

}  // namespace

}  // namespace patchbay
