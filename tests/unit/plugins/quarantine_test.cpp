// SPDX-License-Identifier: Apache-2.0
#include "plugins/quarantine.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

QuarantinedLibrary entry(const std::string& library, const std::string& sha256,
                         std::uint64_t since = 1) {
    return {library, sha256, since, {ErrorClass::failed, "test.failed", "it failed", {}}};
}

TEST(QuarantineTest, HoldsTheBytesThatFailedAndNoOthers) {
    Quarantine quarantine;
    quarantine.add(entry("/a.so", "11"));
    ASSERT_TRUE(quarantine.reason("/a.so", "11"));
    EXPECT_EQ(quarantine.reason("/a.so", "11")->code, "test.failed");
    EXPECT_FALSE(quarantine.reason("/a.so", "22"));
    EXPECT_FALSE(quarantine.reason("/b.so", "11"));
}

TEST(QuarantineTest, TheLastFailureOfALibraryCounts) {
    Quarantine quarantine;
    quarantine.add(entry("/a.so", "11"));
    quarantine.add(entry("/a.so", "22"));
    EXPECT_FALSE(quarantine.reason("/a.so", "11"));
    EXPECT_TRUE(quarantine.reason("/a.so", "22"));
    quarantine.remove("/a.so");
    EXPECT_TRUE(quarantine.all().empty());
}

TEST(QuarantineTest, ForgetsTheOldestWhenItIsFull) {
    Quarantine quarantine;
    for (std::size_t i = 0; i <= Quarantine::capacity; ++i) {
        quarantine.add(entry("/" + std::to_string(i), "11", i));
    }
    EXPECT_EQ(quarantine.all().size(), Quarantine::capacity);
    EXPECT_FALSE(quarantine.reason("/0", "11"));
    EXPECT_TRUE(quarantine.reason("/1", "11"));
}

}  // namespace
}  // namespace patchbay::plugins
