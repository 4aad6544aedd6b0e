// SPDX-License-Identifier: Apache-2.0
#include "events/redactor.hpp"

#include <gtest/gtest.h>

namespace patchbay::events {
namespace {

TEST(Redactor, KnowsKeysThatAreNamedLikeSecrets) {
    for (const char* key : {"secret_key", "password", "DB_PASSWORD", "authToken", "private-key",
                            "apiKey", "client_secret", "credentials", "Authorization"}) {
        EXPECT_TRUE(names_a_secret(key)) << key;
    }
    for (const char* key : {"name", "secret_key_file", "secret_key_env", "token_ttl_hours", "host",
                            "keyboard", "private_key_path"}) {
        EXPECT_FALSE(names_a_secret(key)) << key;
    }
}

TEST(Redactor, ReplacesRegisteredValuesEverywhere) {
    Redactor redactor;
    redactor.add("hunter2hunter2");
    std::string text = "a=hunter2hunter2&b=hunter2hunter2";
    redactor.apply(text);
    EXPECT_EQ(text, "a=[redacted]&b=[redacted]");
}

TEST(Redactor, ReplacesTheLongerValueFirst) {
    Redactor redactor;
    redactor.add("abcdef");
    redactor.add("abcdefghi");
    std::string text = "abcdefghi";
    redactor.apply(text);
    EXPECT_EQ(text, "[redacted]");
}

TEST(Redactor, LeavesShortValuesAlone) {
    Redactor redactor;
    redactor.add("on");
    redactor.add("");
    std::string text = "connection";
    redactor.apply(text);
    EXPECT_EQ(text, "connection");
}

}  // namespace
}  // namespace patchbay::events
