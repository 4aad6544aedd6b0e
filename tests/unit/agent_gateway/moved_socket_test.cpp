// SPDX-License-Identifier: Apache-2.0
#include "moved_socket.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway {
namespace {

TEST(MovedSocket, IsReadAsItWasWritten) {
    const MovedSocket socket{3, 77, "alice", true, false, true, std::string("\x81\0", 2)};
    const auto read = read_moved_socket(to_state(socket));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->lane, 3U);
    EXPECT_EQ(read->session, 77U);
    EXPECT_EQ(read->agent_id, "alice");
    EXPECT_TRUE(read->speaks_envelopes);
    EXPECT_FALSE(read->deflates);
    EXPECT_TRUE(read->wants_presence);
    EXPECT_EQ(read->kept, socket.kept);
}

TEST(MovedSocket, APartOfItIsNone) {
    const std::string state = to_state({1, 2, "somebody", false, true, false, ""});
    ASSERT_TRUE(read_moved_socket(state));
    for (std::size_t size = 0; size < state.size(); ++size) {
        EXPECT_FALSE(read_moved_socket(state.substr(0, size))) << size;
    }
}

}  // namespace
}  // namespace patchbay::agent_gateway
