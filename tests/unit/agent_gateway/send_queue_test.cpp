// SPDX-License-Identifier: Apache-2.0
#include "send_queue.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway {

namespace {

void add(SendQueue& queue, std::size_t size) {
    queue.bytes().append(size, 'x');
    queue.frame_ends();
}

TEST(SendQueue, CountsWhatIsNotWritten) {
    SendQueue queue;
    EXPECT_TRUE(queue.empty());
    add(queue, 10);
    add(queue, 20);
    EXPECT_EQ(queue.size(), 30U);
    EXPECT_EQ(queue.frames(), 2U);
    queue.wrote(9);
    EXPECT_EQ(queue.frames(), 2U);
    queue.wrote(1);
    EXPECT_EQ(queue.frames(), 1U);
    EXPECT_EQ(queue.rest().size(), 20U);
    queue.wrote(20);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.frames(), 0U);
}

TEST(SendQueue, DoesNotGrowWhenItIsNeverEmpty) {
    SendQueue queue;
    add(queue, 100000);
    for (int i = 0; i < 100; ++i) {
        add(queue, 100000);
        queue.wrote(100000);
        EXPECT_EQ(queue.size(), 100000U);
        EXPECT_EQ(queue.frames(), 1U);
    }
    EXPECT_LT(queue.capacity(), 2000000U);
}

}  // namespace

}  // namespace patchbay::agent_gateway
