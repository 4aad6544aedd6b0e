// SPDX-License-Identifier: Apache-2.0
#include "proxy.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace patchbay::http_client {
namespace {

Result<ProxyRules> rules_from(const std::map<std::string, std::string>& environment) {
    return ProxyRules::from_environment([&](const char* name) -> const char* {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
    });
}

bool is_direct(std::string_view list, const char* url) {
    NoProxy direct;
    direct.add(list);
    return direct.matches(parse_url(url).value());
}

TEST(ProxyTest, ReadsItsUrl) {
    const auto proxy = Proxy::parse("http://user:p%40ss@proxy.test:3128/");
    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->host, "proxy.test");
    EXPECT_EQ(proxy->port, 3128);
    EXPECT_EQ(proxy->authorization, "Basic dXNlcjpwQHNz");
    EXPECT_EQ(Proxy::parse("proxy.test:8080")->port, 8080);
    EXPECT_EQ(Proxy::parse("http://[::1]:1")->host, "::1");
    EXPECT_TRUE(Proxy::parse("proxy.test")->authorization.empty());
}

TEST(ProxyTest, RefusesOtherSchemesWithoutRepeatingThePassword) {
    for (const auto* bad : {"https://user:secret@p", "socks5://user:secret@p:1080",
                            "http://user:secret@p/path", "http://user:secret@p:x", "http://"}) {
        const auto proxy = Proxy::parse(bad);
        ASSERT_FALSE(proxy) << bad;
        EXPECT_EQ(proxy.error().code, "config.bad_proxy");
        EXPECT_EQ(proxy.error().message.find("secret"), std::string::npos);
    }
}

TEST(ProxyTest, ReadsTheEnvironment) {
    const auto rules = rules_from({{"http_proxy", "a:1"},
                                   {"HTTP_PROXY", "ignored:1"},
                                   {"ALL_PROXY", "b:2"},
                                   {"NO_PROXY", "direct.test, .other.test,10.0.0.0/8"}});
    ASSERT_TRUE(rules);
    EXPECT_EQ(rules->proxy_for(*parse_url("http://x.test/"))->host, "a");
    EXPECT_EQ(rules->proxy_for(*parse_url("https://x.test/"))->host, "b");
    EXPECT_EQ(rules->proxy_for(*parse_url("http://direct.test/")), nullptr);
    EXPECT_EQ(rules->proxy_for(*parse_url("https://sub.other.test/")), nullptr);
    EXPECT_EQ(rules->proxy_for(*parse_url("http://10.1.2.3/")), nullptr);
    EXPECT_EQ(rules_from({})->proxy_for(*parse_url("http://x.test/")), nullptr);
    EXPECT_EQ(rules_from({{"http_proxy", ""}, {"HTTP_PROXY", "a:1"}})
                  ->proxy_for(*parse_url("http://x/"))
                  ->host,
              "a");
    EXPECT_FALSE(rules_from({{"https_proxy", "socks5://x"}}));
}

TEST(NoProxyTest, MatchesNamesAndTheirSubDomains) {
    for (const auto* entry : {"example.org", ".example.org", "*.example.org", "EXAMPLE.org"}) {
        EXPECT_TRUE(is_direct(entry, "http://example.org/")) << entry;
        EXPECT_TRUE(is_direct(entry, "http://a.example.org:81/")) << entry;
        EXPECT_FALSE(is_direct(entry, "http://badexample.org/")) << entry;
    }
    EXPECT_TRUE(is_direct("example.org:81", "http://example.org:81/"));
    EXPECT_FALSE(is_direct("example.org:81", "http://example.org/"));
    EXPECT_TRUE(is_direct("*", "http://anything/"));
    EXPECT_FALSE(is_direct("", "http://anything/"));
}

TEST(NoProxyTest, MatchesAddressesAndRanges) {
    EXPECT_TRUE(is_direct("127.0.0.1", "http://127.0.0.1:8000/"));
    EXPECT_TRUE(is_direct("::1", "http://[::1]/"));
    EXPECT_TRUE(is_direct("[::1]:81", "http://[::1]:81/"));
    EXPECT_TRUE(is_direct("192.168.0.0/16", "http://192.168.7.7/"));
    EXPECT_FALSE(is_direct("192.168.0.0/16", "http://192.169.0.1/"));
    EXPECT_TRUE(is_direct("fd00::/8", "http://[fd12::1]/"));
    EXPECT_FALSE(is_direct("fd00::/8", "http://[fe80::1]/"));
    EXPECT_FALSE(is_direct("10.0.0.0/8", "http://ten.test/"));
    for (const auto* nonsense : {"10.0.0.0/33", "x/8", "10.0.0.0/", "10.0.0.0/8x"}) {
        EXPECT_FALSE(is_direct(nonsense, "http://10.0.0.1/")) << nonsense;
    }
}

}  // namespace
}  // namespace patchbay::http_client
