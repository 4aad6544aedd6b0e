// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/connection_limits.hpp>

#include <gtest/gtest.h>

namespace patchbay::net {
namespace {

PeerAddress client(unsigned char number) {
    PeerAddress address;
    address.bytes[15] = number;
    return address;
}

TEST(ConnectionLimits, HoldForAllTogether) {
    ConnectionLimits limits(2, 0);
    EXPECT_EQ(limits.admit(client(1), false), Admission::admitted);
    EXPECT_EQ(limits.admit(client(1), true), Admission::admitted);
    EXPECT_EQ(limits.admit(client(2), false), Admission::too_many);
    EXPECT_EQ(limits.admit(client(2), true), Admission::too_many);
    EXPECT_EQ(limits.connected(), 2U);
    limits.release(client(1), false);
    EXPECT_EQ(limits.admit(client(2), false), Admission::admitted);
}

TEST(ConnectionLimits, HoldForEachAddress) {
    ConnectionLimits limits(100, 2);
    EXPECT_EQ(limits.admit(client(1), false), Admission::admitted);
    EXPECT_EQ(limits.admit(client(1), false), Admission::admitted);
    EXPECT_EQ(limits.admit(client(1), false), Admission::too_many_from_address);
    EXPECT_EQ(limits.admit(client(2), false), Admission::admitted);
    EXPECT_EQ(limits.connected(), 3U);
    limits.release(client(1), false);
    EXPECT_EQ(limits.admit(client(1), false), Admission::admitted);
    EXPECT_EQ(limits.admit(client(1), false), Admission::too_many_from_address);
}

TEST(ConnectionLimits, DoNotCountTheExemptForTheirAddress) {
    ConnectionLimits limits(100, 1);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(limits.admit(client(1), true), Admission::admitted);
    }
    EXPECT_EQ(limits.admit(client(1), false), Admission::admitted);
    for (int i = 0; i < 10; ++i) {
        limits.release(client(1), true);
    }
    EXPECT_EQ(limits.connected(), 1U);
    EXPECT_EQ(limits.admit(client(1), false), Admission::too_many_from_address);
}

}  // namespace
}  // namespace patchbay::net
