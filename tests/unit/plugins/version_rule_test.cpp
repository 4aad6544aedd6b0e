// SPDX-License-Identifier: Apache-2.0
#include "plugins/version_rule.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::plugins {
namespace {

TEST(VersionRule, OrdersVersionsByNumbersAndPreReleasesFirst) {
    const char* ascending[] = {"0.9.0",
                               "0.10.0",
                               "1.0.0-alpha",
                               "1.0.0-rc2",
                               "1.0.0-rc10",
                               "1.0.0",
                               "1.0.1",
                               "1.2",
                               "2.0.0",
                               "10.0.0.1",
                               "99999999999999999999999.0"};
    for (std::size_t i = 0; i + 1 < std::size(ascending); ++i) {
        EXPECT_LT(compare_versions(ascending[i], ascending[i + 1]), 0) << ascending[i];
        EXPECT_GT(compare_versions(ascending[i + 1], ascending[i]), 0) << ascending[i];
    }
    EXPECT_EQ(compare_versions("1.0", "1.0.0"), 0);
    EXPECT_EQ(compare_versions("v1.0", "1.0.0+build7"), 0);
}

TEST(VersionRule, HoldsAsPep440Says) {
    struct Case {
        const char* rule;
        const char* version;
        bool accepted;
    };
    for (const Case& c : {Case{"1.2.0", "1.2.0", true},
                          {"1.2.0", "1.2.1", false},
                          {"==1.2.*", "1.2.9", true},
                          {"==1.2.*", "1.3.0", false},
                          {"!=1.2.*", "1.3.0", true},
                          {">=1.2,<2", "1.9", true},
                          {">=1.2, <2", "2.0", false},
                          {"<2", "1.9.9", true},
                          {">1.0", "1.0", false},
                          {"<=1.0", "1.0.0", true},
                          {"~=1.4", "1.9", true},
                          {"~=1.4", "2.0", false},
                          {"~=1.4.2", "1.4.9", true},
                          {"~=1.4.2", "1.5.0", false},
                          {"!=1.5.0", "1.5.0", false},
                          {"", "7", true},
                          {">=3.0.0", "3.0.15", true}}) {
        const auto rule = VersionRule::parse(c.rule);
        ASSERT_TRUE(rule) << c.rule;
        EXPECT_EQ(rule->accepts(c.version), c.accepted) << c.rule << " and " << c.version;
    }
}

TEST(VersionRule, RefusesWhatIsNoRule) {
    for (const char* text : {"abc", ">=", ">=1 <2", "~=1", ">=1.*", "1,,2", "=>1"}) {
        EXPECT_FALSE(VersionRule::parse(text)) << text;
    }
}

}  // namespace
}  // namespace patchbay::plugins
