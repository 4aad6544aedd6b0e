// SPDX-License-Identifier: Apache-2.0
#include "plugins/config_lookup.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

const ConfigLookup& lookup() {
    static const ConfigLookup config(R"({
        "host": "127.0.0.1", "port": 8000, "ratio": 0.5, "on": true, "nothing": null,
        "big": 18446744073709551615, "tls": {"ciphers": ["a", "b"]},
        "routes": {"fetchai/default:1.0.0": {"to": "echo"}, "fetchai/default:1": 7}})");
    return config;
}

TEST(ConfigLookup, FindsValuesByPath) {
    std::string_view text;
    EXPECT_EQ(lookup().text("host", text), PATCHBAY_OK);
    EXPECT_EQ(text, "127.0.0.1");
    EXPECT_EQ(lookup().text("tls.ciphers.1", text), PATCHBAY_OK);
    EXPECT_EQ(text, "b");
    std::int64_t integer = 0;
    EXPECT_EQ(lookup().integer("port", integer), PATCHBAY_OK);
    EXPECT_EQ(integer, 8000);
    double number = 0;
    EXPECT_EQ(lookup().number("ratio", number), PATCHBAY_OK);
    EXPECT_EQ(number, 0.5);
    EXPECT_EQ(lookup().number("port", number), PATCHBAY_OK);
    EXPECT_EQ(number, 8000.0);
    bool boolean = false;
    EXPECT_EQ(lookup().boolean("on", boolean), PATCHBAY_OK);
    EXPECT_TRUE(boolean);
    std::uint64_t size = 0;
    EXPECT_EQ(lookup().size("tls.ciphers", size), PATCHBAY_OK);
    EXPECT_EQ(size, 2U);
    EXPECT_EQ(lookup().size("", size), PATCHBAY_OK);
    EXPECT_EQ(size, 8U);
}

TEST(ConfigLookup, KeysMayHoldDots) {
    std::string_view text;
    EXPECT_EQ(lookup().text("routes.fetchai/default:1.0.0.to", text), PATCHBAY_OK);
    EXPECT_EQ(text, "echo");
    std::int64_t integer = 0;
    EXPECT_EQ(lookup().integer("routes.fetchai/default:1", integer), PATCHBAY_OK);
    EXPECT_EQ(integer, 7);
}

TEST(ConfigLookup, MissingAndNullAreUnsupportedOtherTypesInvalid) {
    std::string_view text = "untouched";
    for (const char* path : {"missing", "nothing", "host.x", "tls.ciphers.2", "tls.ciphers.-1",
                             "tls.ciphers.1x", "tls.", ".", "tls.ciphers.99999999999999999999"}) {
        EXPECT_EQ(lookup().text(path, text), PATCHBAY_UNSUPPORTED) << path;
    }
    EXPECT_EQ(lookup().text("port", text), PATCHBAY_INVALID);
    EXPECT_EQ(text, "untouched");
    std::int64_t integer = 1;
    EXPECT_EQ(lookup().integer("ratio", integer), PATCHBAY_INVALID);
    EXPECT_EQ(lookup().integer("big", integer), PATCHBAY_INVALID);
    EXPECT_EQ(lookup().integer("host", integer), PATCHBAY_INVALID);
    std::uint64_t size = 0;
    EXPECT_EQ(lookup().size("host", size), PATCHBAY_INVALID);
    bool boolean = false;
    EXPECT_EQ(lookup().boolean("port", boolean), PATCHBAY_INVALID);
}

TEST(ConfigLookup, ATextThatIsNotJsonIsEmpty) {
    const ConfigLookup broken("{");
    std::uint64_t size = 1;
    EXPECT_EQ(broken.size("", size), PATCHBAY_OK);
    EXPECT_EQ(size, 0U);
}

}  // namespace
}  // namespace patchbay::plugins
