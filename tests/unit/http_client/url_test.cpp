// SPDX-License-Identifier: Apache-2.0
#include "url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::http_client {
namespace {

std::string code_of(std::string_view text) {
    const auto url = parse_url(text);
    return url ? "good" : url.error().code;
}

std::string target_of(std::string_view text) {
    std::string target;
    append_target(target, parse_url(text).value().target);
    return target;
}

TEST(UrlTest, TakesAUrlApart) {
    const auto url = parse_url("http://user:secret@Example.org:8080/a/b?c=d#e");
    ASSERT_TRUE(url);
    EXPECT_FALSE(url->is_tls);
    EXPECT_EQ(url->userinfo, "user:secret");
    EXPECT_EQ(url->host, "Example.org");
    EXPECT_EQ(url->port, 8080);
    EXPECT_EQ(url->prefix, "http://user:secret@Example.org:8080");
    EXPECT_EQ(url->target, "/a/b?c=d");
    EXPECT_EQ(origin_text(*url), "http://example.org:8080");
    EXPECT_EQ(host_text(*url), "example.org:8080");
}

TEST(UrlTest, KnowsThePortsOfTheSchemes) {
    EXPECT_EQ(parse_url("http://h")->port, 80);
    EXPECT_EQ(parse_url("HTTPS://h")->port, 443);
    EXPECT_EQ(parse_url("http://h:/x")->port, 80);
    EXPECT_EQ(host_text(*parse_url("http://h:80")), "h");
    EXPECT_EQ(host_text(*parse_url("https://h:80")), "h:80");
    EXPECT_EQ(host_text(*parse_url("https://h"), true), "h:443");
    EXPECT_EQ(origin_text(*parse_url("https://H:443/x")), "https://h");
}

TEST(UrlTest, TakesIpv6Literals) {
    const auto url = parse_url("http://[2001:DB8::1]:81/x");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->is_ipv6);
    EXPECT_EQ(url->host, "2001:DB8::1");
    EXPECT_EQ(url->port, 81);
    EXPECT_EQ(host_text(*url), "[2001:db8::1]:81");
    EXPECT_EQ(parse_url("http://[::1]")->host, "::1");
    EXPECT_EQ(parse_url("http://[::ffff:1.2.3.4]")->port, 80);
    for (const auto* bad :
         {"http://[::1", "http://::1/", "http://[::1]x/", "http://[::1%25eth0]/",
          "http://[::1%eth0]/", "http://[v1.x]/", "http://[]/", "http://[g::]/"}) {
        EXPECT_EQ(code_of(bad), "url.host") << bad;
    }
}

TEST(UrlTest, RefusesWhatIsNoHttpUrl) {
    for (const auto* bad : {"", "h/x", "//h/x", "ftp://h/", "httpx://h/", "http:h", "http:/h",
                            "file:///etc/passwd", "http", "javascript:alert(1)", " http://h/"}) {
        EXPECT_EQ(code_of(bad), "url.scheme") << bad;
    }
    for (const auto* bad :
         {"http://", "http:///x", "http://?x", "http://ex ample/", "http://ex%41mple/",
          "http://b\xc3\xbc"
          "cher.example/",
          "http://h\\x/", "http://a,b/", "http://user@/"}) {
        EXPECT_EQ(code_of(bad), "url.host") << bad;
    }
    for (const auto* bad : {"http://h:0/", "http://h:65536/", "http://h:80a/", "http://h:-1/",
                            "http://h:99999999999999999999/", "http://h:+80/"}) {
        EXPECT_EQ(code_of(bad), "url.port") << bad;
    }
    EXPECT_EQ(code_of("http://" + std::string(254, 'a')), "url.host");
    EXPECT_EQ(code_of("http://a@b@c/"), "url.userinfo");
}

TEST(UrlTest, RefusesControlCharactersAnywhere) {
    for (const auto& bad : {std::string("http://h/\r\nX: y"), std::string("http://h/\n"),
                            std::string("http://h/\0x", 11), std::string("http://h\t/"),
                            std::string("http://h/\x7f"), std::string("\rhttp://h/")}) {
        EXPECT_EQ(code_of(bad), "url.control_character");
    }
}

TEST(UrlTest, NeverRepeatsThePasswordInAnError) {
    for (const auto* bad : {"http://user:secret@/", "http://user:secret@h:x/", "http://secret@b@c/",
                            "ftp://user:secret@h/", "http://user:secret@ex ample/"}) {
        const auto url = parse_url(bad);
        ASSERT_FALSE(url) << bad;
        EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << bad;
    }
}

TEST(UrlTest, EncodesWhatMayNotStandInATarget) {
    EXPECT_EQ(target_of("http://h"), "/");
    EXPECT_EQ(target_of("http://h?x=1"), "/?x=1");
    EXPECT_EQ(target_of("http://h#fragment?no"), "/");
    EXPECT_EQ(target_of("http://h/a b?c d"), "/a%20b?c%20d");
    EXPECT_EQ(target_of("http://h/\xc3\xbc?<\"|>"), "/%C3%BC?%3C%22%7C%3E");
    EXPECT_EQ(target_of("http://h/%7e/%zz/[1]?a[]=1"), "/%7e/%zz/[1]?a[]=1");
    EXPECT_EQ(target_of("http://h/../a\\b"), "/../a%5Cb");
}

TEST(UrlTest, ComparesOrigins) {
    const auto same = [](const char* left, const char* right) {
        return is_same_origin(*parse_url(left), *parse_url(right));
    };
    EXPECT_TRUE(same("http://h/a", "HTTP://H:80/b"));
    EXPECT_TRUE(same("https://u:p@h/a", "https://h"));
    EXPECT_FALSE(same("http://h", "https://h"));
    EXPECT_FALSE(same("http://h:80", "https://h:80"));
    EXPECT_FALSE(same("http://h", "http://h:81"));
    EXPECT_FALSE(same("http://h", "http://h."));
    EXPECT_FALSE(same("http://a.h", "http://h"));
}

TEST(UrlTest, MakesABasicAuthorization) {
    EXPECT_EQ(basic_authorization("Aladdin:open%20sesame"),
              "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617
    EXPECT_EQ(basic_authorization("user"), "Basic dXNlcjo=");
    EXPECT_EQ(basic_authorization("a%3Ab:c%"), "Basic YTpiOmMl");
}

/// The examples of RFC 3986, section 5.4.
TEST(UrlTest, ResolvesReferences) {
    const std::vector<std::pair<const char*, const char*>> examples = {
        {"g:h", "g:h"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"http://x/y?z", "http://x/y?z"},
    };
    for (const auto& [reference, meant] : examples) {
        EXPECT_EQ(resolve_reference("http://a/b/c/d;p?q", reference), meant) << reference;
    }
    EXPECT_EQ(resolve_reference("http://h", "x"), "http://h/x");
    EXPECT_EQ(resolve_reference("http://h?q", "?x"), "http://h?x");
    EXPECT_EQ(resolve_reference("http://h/a", "b:c/d"), "b:c/d");
    EXPECT_EQ(resolve_reference("http://h/a/", "./b:c"), "http://h/a/b:c");
}

}  // namespace
}  // namespace patchbay::http_client
