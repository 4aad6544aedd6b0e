// SPDX-License-Identifier: Apache-2.0
#include "identity/rate_limit.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace patchbay::identity {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t one_second = 1'000'000'000;

TEST(RateLimit, CountsTheAddressWithoutThePort) {
    EXPECT_EQ(counted_address("127.0.0.1:80"), "127.0.0.1");
    EXPECT_EQ(counted_address("unix"), "unix");
    EXPECT_EQ(counted_address(""), "");
    EXPECT_LE(counted_address(std::string(10'000, 'x') + ":1").size(), 64U);
}

TEST(RateLimit, CountsTheNetworkOfAnIpv6Address) {
    EXPECT_EQ(counted_address("[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::/64");
    EXPECT_EQ(counted_address("[2001:db8:1:2::9]:80"), "2001:db8:1:2::/64");
    EXPECT_EQ(counted_address("[2001:db8::9]:80"), "2001:db8:0:0::/64");
    EXPECT_EQ(counted_address("[::1]:80"), "0:0:0:0::/64");
    EXPECT_EQ(counted_address("[fe80::1:2:3:4:5]:80"), "fe80:0:0:1::/64");
    EXPECT_EQ(counted_address("[::ffff:192.0.2.1]:80"), "192.0.2.1");
    EXPECT_NE(counted_address("[2001:db8:1:3::9]:80"), counted_address("[2001:db8:1:2::9]:80"));
}

TEST(RateLimit, AllowsABurstAndThenThatManyInEachPeriod) {
    RateLimiter limiter({4, seconds(4)}, {}, 10);
    std::uint64_t now = 100 * one_second;
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(limiter.admit("a:1", now));
    }
    EXPECT_FALSE(limiter.admit("a:1", now));
    EXPECT_TRUE(limiter.admit("b:1", now));
    now += one_second;
    EXPECT_TRUE(limiter.admit("a:1", now));
    EXPECT_FALSE(limiter.admit("a:1", now));
    now += 1'000 * one_second;
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(limiter.admit("a:1", now));
    }
    EXPECT_FALSE(limiter.admit("a:1", now));
}

TEST(RateLimit, LimitsAllTogether) {
    RateLimiter limiter({100, seconds(1)}, {3, seconds(3)}, 10);
    EXPECT_TRUE(limiter.admit("a:1", one_second));
    EXPECT_TRUE(limiter.admit("b:1", one_second));
    EXPECT_TRUE(limiter.admit("c:1", one_second));
    EXPECT_FALSE(limiter.admit("d:1", one_second));
    EXPECT_TRUE(limiter.admit("d:1", 2 * one_second));
}

TEST(RateLimit, Weakness16TheTableOfAddressesIsBounded) {
    RateLimiter limiter({1, seconds(3'600)}, {}, 100);
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_TRUE(limiter.admit(std::to_string(i) + ":1", one_second));
    }
    EXPECT_EQ(limiter.addresses(), 100U);
    EXPECT_FALSE(limiter.admit("9999:1", one_second)) << "the recent ones are remembered";
}

TEST(RateLimit, ZeroIsNoLimit) {
    RateLimiter limiter({}, {}, 1);
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_TRUE(limiter.admit("a:1", 0));
    }
}

}  // namespace
}  // namespace patchbay::identity
