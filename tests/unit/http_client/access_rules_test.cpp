// SPDX-License-Identifier: Apache-2.0
#include "access_rules.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::http_client {
namespace {

bool matches(const char* pattern, const char* url) {
    return OriginPattern::parse(pattern).value().matches(parse_url(url).value());
}

TEST(OriginPatternTest, MatchesOneOrigin) {
    EXPECT_TRUE(matches("https://api.example.org", "https://API.example.org:443/x"));
    EXPECT_TRUE(matches("http://h:8080/", "http://h:8080/x"));
    EXPECT_FALSE(matches("https://api.example.org", "http://api.example.org/"));
    EXPECT_FALSE(matches("https://api.example.org", "https://api.example.org:444/"));
    EXPECT_FALSE(matches("https://api.example.org", "https://api.example.org.evil.test/"));
    EXPECT_FALSE(matches("https://api.example.org", "https://evilapi.example.org/"));
    EXPECT_FALSE(matches("https://api.example.org", "https://api.example.org@evil.test/"));
}

TEST(OriginPatternTest, MatchesSubDomains) {
    EXPECT_TRUE(matches("https://*.example.org", "https://a.example.org/"));
    EXPECT_TRUE(matches("https://*.example.org", "https://a.b.Example.org/"));
    EXPECT_FALSE(matches("https://*.example.org", "https://example.org/"));
    EXPECT_FALSE(matches("https://*.example.org", "https://evilexample.org/"));
    EXPECT_FALSE(matches("https://*.example.org", "https://a.example.org.evil.test/"));
    EXPECT_FALSE(matches("https://*.example.org", "https://.example.org/"));
}

TEST(OriginPatternTest, MatchesAnyHostAndAnyPort) {
    EXPECT_TRUE(matches("https://*", "https://anything.test/"));
    EXPECT_FALSE(matches("https://*", "http://anything.test/"));
    EXPECT_TRUE(matches("http://*:8080", "http://x:8080/"));
    EXPECT_FALSE(matches("http://*:8080", "http://x/"));
    EXPECT_TRUE(matches("http://localhost:*", "http://localhost:1234/"));
    EXPECT_TRUE(matches("http://[::1]:*", "http://[::1]:5/"));
    EXPECT_FALSE(matches("http://*.1", "http://[::0.0.0.1]/"));
}

TEST(OriginPatternTest, RefusesWhatIsNoOrigin) {
    for (const auto* bad :
         {"", "example.org", "https://", "https://a/path", "https://a*b.org", "https://*a.org",
          "ftp://a", "https://u@a", "https://a?x", "*", "https://a:x", "https://*.*.org"}) {
        const auto pattern = OriginPattern::parse(bad);
        ASSERT_FALSE(pattern) << bad;
        EXPECT_EQ(pattern.error().code, "config.bad_origin");
    }
}

bool is_private(const char* address) {
    return http_client::is_private(boost::asio::ip::make_address(address));
}

TEST(PrivateAddressTest, KnowsLocalAddresses) {
    for (const auto* address : {"127.0.0.1",
                                "127.255.255.255",
                                "10.0.0.1",
                                "172.16.0.1",
                                "172.31.255.255",
                                "192.168.1.1",
                                "169.254.169.254",
                                "0.0.0.0",
                                "0.1.2.3",
                                "100.64.0.1",
                                "224.0.0.1",
                                "255.255.255.255",
                                "192.0.2.1",
                                "198.18.0.1",
                                "240.0.0.1",
                                "::",
                                "::1",
                                "fe80::1",
                                "fc00::1",
                                "fd12:3456::1",
                                "ff02::1",
                                "2001:db8::1",
                                "fec0::1",
                                "100::1",
                                "3fff::1"}) {
        EXPECT_TRUE(is_private(address)) << address;
    }
}

TEST(PrivateAddressTest, SeesThroughIpv6) {
    for (const auto* address :
         {"::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "::ffff:0:127.0.0.1",
          "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::8.8.8.8",
          "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:a00:1::1", "2001:0:808:808::80ff:fffe"}) {
        EXPECT_TRUE(is_private(address)) << address;
    }
    for (const auto* address : {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
        EXPECT_FALSE(is_private(address)) << address;
    }
}

TEST(PrivateAddressTest, LetsTheInternetBe) {
    for (const auto* address :
         {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1",
          "192.169.0.1", "126.255.255.255", "128.0.0.1", "223.255.255.255", "2606:4700::1111",
          "2001:4860:4860::8888", "2a00:1450::1"}) {
        EXPECT_FALSE(is_private(address)) << address;
    }
}

TEST(AccessRulesTest, AllowsEverythingByDefault) {
    const AccessRules rules;
    EXPECT_TRUE(rules.check(*parse_url("http://127.0.0.1/")));
    EXPECT_TRUE(rules.check(boost::asio::ip::make_address("127.0.0.1")));
}

TEST(AccessRulesTest, SaysWhichOriginIsNotAllowed) {
    AccessRules rules;
    rules.allowed_origins.push_back(*OriginPattern::parse("https://a.test"));
    rules.allowed_origins.push_back(*OriginPattern::parse("https://*.b.test"));
    EXPECT_TRUE(rules.check(*parse_url("https://a.test/x")));
    EXPECT_TRUE(rules.check(*parse_url("https://x.b.test/x")));
    const auto refused = rules.check(*parse_url("http://u:secret@a.test/x?token=1"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "http_client.origin_not_allowed");
    EXPECT_EQ(refused.error().message, "http://a.test is not among the allowed origins.");
}

TEST(AccessRulesTest, RefusesPrivateAddressesWhenAsked) {
    AccessRules rules;
    rules.refuse_private_addresses = true;
    EXPECT_EQ(rules.check(*parse_url("http://10.0.0.1/")).error().code,
              "http_client.private_address");
    EXPECT_FALSE(rules.check(*parse_url("http://[::1]/")));
    EXPECT_FALSE(rules.check(boost::asio::ip::make_address("169.254.169.254")));
    EXPECT_TRUE(rules.check(*parse_url("http://example.org/")));  // its addresses are asked for
    EXPECT_TRUE(rules.check(boost::asio::ip::make_address("8.8.8.8")));
}

}  // namespace
}  // namespace patchbay::http_client
