// SPDX-License-Identifier: Apache-2.0
#include "plugins/dependency_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace patchbay::plugins {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t large = 10'000;

TEST(DependencyGraph, PutsDependenciesFirstAndBreaksTiesByNumber) {
    // 3 needs 4; 0 needs 3; 1 and 2 need nothing.
    EXPECT_THAT(dependency_order({{3}, {}, {}, {4}, {}}), ElementsAre(1, 2, 4, 3, 0));
}

TEST(DependencyGraph, LeavesOutCyclesAndWhatNeedsThem) {
    EXPECT_THAT(dependency_order({{1}, {2}, {1}, {}}), ElementsAre(3));
    EXPECT_THAT(dependency_cycles({{1}, {2}, {1}, {}}, 10), ElementsAre(ElementsAre(1, 2)));
}

TEST(DependencyGraph, NamesEveryCycleOnceFromItsSmallestNode) {
    EXPECT_THAT(dependency_cycles({{0}, {2}, {3}, {1}, {5}, {4, 6}, {}}, 10),
                ElementsAre(ElementsAre(0), ElementsAre(1, 2, 3), ElementsAre(4, 5)));
    // Two cycles through one node: 0 -> 1 -> 0 and 0 -> 2 -> 3 -> 0.
    EXPECT_THAT(dependency_cycles({{1, 2}, {0}, {3}, {0}}, 10),
                ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2, 3)));
    EXPECT_THAT(dependency_cycles({{}, {0}, {0, 1}}, 10), IsEmpty());
}

TEST(DependencyGraph, CountsRepeatedEdgesOnce) {
    EXPECT_THAT(dependency_order({{1, 1}, {}}), ElementsAre(1, 0));
}

TEST(DependencyGraph, BoundsTheNumberOfCycles) {
    DependencyGraph pairs(large);
    for (std::size_t i = 0; i < large; ++i) {
        pairs[i] = {i ^ 1U};
    }
    EXPECT_THAT(dependency_cycles(pairs, 7), SizeIs(7));
}

TEST(DependencyGraph, WalksLongChainsAndRingsWithoutRecursion) {
    DependencyGraph chain(large);
    for (std::size_t i = 0; i + 1 < large; ++i) {
        chain[i] = {i + 1};
    }
    std::vector<std::size_t> expected(large);
    std::iota(expected.rbegin(), expected.rend(), std::size_t{0});
    EXPECT_EQ(dependency_order(chain), expected);
    EXPECT_THAT(dependency_cycles(chain, 10), IsEmpty());

    chain[large - 1] = {0};
    EXPECT_THAT(dependency_order(chain), IsEmpty());
    EXPECT_THAT(dependency_cycles(chain, 10), ElementsAre(SizeIs(large)));
}

}  // namespace
}  // namespace patchbay::plugins
