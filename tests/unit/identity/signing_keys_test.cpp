// SPDX-License-Identifier: Apache-2.0
#include "identity/signing_keys.hpp"

#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

namespace patchbay::identity {
namespace {

using std::chrono::hours;

class SigningKeysTest : public ::testing::Test {
  protected:
    Result<std::unique_ptr<SigningKeys>> open(KeySource source = {}) {
        return SigningKeys::open(source, folder.path(), events, clock);
    }
    std::string content(const std::string& name) const {
        std::ifstream file(folder.file(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        std::ofstream(folder.file(name)) << text;
        ::chmod(folder.file(name).c_str(), mode);
    }

    TemporaryFolder folder;
    StandingClock clock;
    RecordedEvents events;
};

TEST_F(SigningKeysTest, Weakness11AKeyIsMadeOnceAndSurvives) {
    SigningKeys::Signed first;
    {
        const auto keys = open();
        ASSERT_TRUE(keys) << to_string(keys.error());
        first = (*keys)->sign("text");
    }
    struct stat status {};
    ASSERT_EQ(::stat(folder.file("identity.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const std::string secret = content("identity.key");
    ASSERT_EQ(secret.size(), 65U);
    EXPECT_EQ(secret.find_first_not_of("0123456789abcdef\n"), std::string::npos);
    const auto again = open();
    EXPECT_EQ((*again)->sign("text").signature, first.signature);
    EXPECT_TRUE((*again)->verify("text", first.hash, first.signature, clock.wall()));
    EXPECT_FALSE((*again)->verify("Text", first.hash, first.signature, clock.wall()));
    EXPECT_FALSE(events.tells(secret.substr(0, 64)));
}

TEST_F(SigningKeysTest, TwoHostsHaveDifferentKeys) {
    const auto one = open({folder.file("one"), {}, {}});
    const auto two = open({folder.file("two"), {}, {}});
    EXPECT_NE((*one)->sign("text").signature, (*two)->sign("text").signature);
    EXPECT_NE((*one)->keys().front().id, (*two)->keys().front().id);
}

TEST_F(SigningKeysTest, AFileThatOthersCanReadIsRefused) {
    for (const mode_t mode : {0640U, 0604U, 0660U, 0644U}) {
        write("identity.key", std::string(64, 'a'), mode);
        const auto keys = open();
        ASSERT_FALSE(keys);
        EXPECT_EQ(keys.error().code, "file.not_private");
        EXPECT_NE(keys.error().message.find("chmod 600 '" + folder.file("identity.key")),
                  std::string::npos);
    }
    write("identity.key", std::string(64, 'a'), 0400);
    EXPECT_TRUE(open());
}

TEST_F(SigningKeysTest, AFileOfItsOwnIsReadWithoutTheEndOfTheLine) {
    write("mine", "test-secret-key-test-secret-key-\n");
    const auto from_file = open({folder.file("mine"), {}, {}});
    const auto literal = open({{}, {}, "test-secret-key-test-secret-key-"});
    EXPECT_EQ((*from_file)->sign("text").signature, (*literal)->sign("text").signature);
    write("mine", "one\ntwo\n");
    EXPECT_EQ(code_of_result(open({folder.file("mine"), {}, {}})), "identity.key_unreadable");
    write("mine", "\n");
    EXPECT_EQ(code_of_result(open({folder.file("mine"), {}, {}})), "identity.key_missing");
    EXPECT_EQ(code_of_result(open({folder.path(), {}, {}})), "file.unreadable") << "a folder";
}

TEST_F(SigningKeysTest, ALiteralKeyAndAShortOneWarnWithoutTellingIt) {
    ASSERT_TRUE(open({{}, {}, std::string(32, 's')}));
    EXPECT_TRUE(events.has("identity.literal_key"));
    EXPECT_FALSE(events.has("identity.short_key"));
    ASSERT_TRUE(open({{}, {}, "short-secret"}));
    EXPECT_TRUE(events.has("identity.short_key"));
    EXPECT_FALSE(events.tells("short-secret"));
}

TEST_F(SigningKeysTest, TheEnvironmentMayHoldTheKey) {
    ::setenv("PATCHBAY_TEST_IDENTITY_KEY", "0123456789012345678901234567890123456789", 1);
    const auto keys = open({{}, "PATCHBAY_TEST_IDENTITY_KEY", {}});
    ASSERT_TRUE(keys);
    EXPECT_FALSE(events.has("identity.literal_key"));
    ::unsetenv("PATCHBAY_TEST_IDENTITY_KEY");
    const auto missing = open({{}, "PATCHBAY_TEST_IDENTITY_KEY", {}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "identity.key_missing");
    EXPECT_EQ(code_of_result((*keys)->rotate(hours(1))), "identity.key_fixed");
}

TEST_F(SigningKeysTest, OnlyOneSourceMayBeNamed) {
    EXPECT_EQ(code_of_result(open({"file", "NAME", {}})), "identity.key_sources");
    EXPECT_EQ(code_of_result(open({"file", {}, "secret"})), "identity.key_sources");
}

TEST_F(SigningKeysTest, ARotationKeepsTheOldKeyForTheOverlapAlsoAfterARestart) {
    auto keys = *open();
    const auto old = keys->sign("text");
    const std::uint64_t epoch = keys->epoch(clock.wall());
    const auto id = keys->rotate(hours(24));
    ASSERT_TRUE(id) << to_string(id.error());
    EXPECT_NE(keys->epoch(clock.wall()), epoch);
    EXPECT_NE(keys->sign("text").signature, old.signature);
    EXPECT_TRUE(keys->verify("text", old.hash, old.signature, clock.wall()));
    ASSERT_EQ(keys->keys().size(), 2U);
    EXPECT_EQ(keys->keys()[0].id, *id);
    EXPECT_TRUE(keys->keys()[0].current);
    EXPECT_EQ(keys->keys()[1].verifies_until, clock.wall() + 86'400'000'000'000U);
    struct stat status {};
    ASSERT_EQ(::stat(folder.file("identity.key.old").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);

    keys = *open();
    EXPECT_EQ(keys->keys()[0].id, *id);
    EXPECT_TRUE(keys->verify("text", old.hash, old.signature, clock.wall()));
    const std::uint64_t before = keys->epoch(clock.wall());
    clock.advance(hours(24));
    EXPECT_FALSE(keys->verify("text", old.hash, old.signature, clock.wall()));
    EXPECT_NE(keys->epoch(clock.wall()), before);
    keys = *open();
    EXPECT_EQ(keys->keys().size(), 1U);
}

TEST_F(SigningKeysTest, ARotationThatWasCutShortLeavesTheCurrentKey) {
    auto keys = *open();
    const auto made = keys->sign("text");
    const std::string secret = content("identity.key");
    ASSERT_TRUE(keys->rotate(hours(24)));
    write("identity.key", secret);  // as if the second of the two files had not been written
    keys = *open();
    EXPECT_EQ(keys->keys().size(), 1U);
    EXPECT_EQ(keys->sign("text").signature, made.signature);
}

TEST_F(SigningKeysTest, TheNumberOfOldKeysIsBoundedAndADamagedListIsTold) {
    auto keys = *open();
    for (int i = 0; i < 16; ++i) {
        ASSERT_TRUE(keys->rotate(hours(24)));
    }
    EXPECT_EQ(code_of_result(keys->rotate(hours(24))), "identity.too_many_keys");
    clock.advance(hours(25));
    EXPECT_TRUE(keys->rotate(hours(24)));
    write("identity.key.old", "what is this\n");
    EXPECT_EQ(code_of_result(open()), "identity.key_unreadable");
}

}  // namespace
}  // namespace patchbay::identity
