// SPDX-License-Identifier: Apache-2.0
#include "proofs/key_folder.hpp"

#include "proofs/text_encodings.hpp"
#include "temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace patchbay::proofs {
namespace {

using testing::HasSubstr;

class KeyFolderTest : public testing::Test {
  protected:
    static void write(const std::string& path, const std::string& content, mode_t mode = 0600) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << content;
        ::chmod(path.c_str(), mode);
    }
    static std::string read(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    TemporaryFolder folder_;
    KeyFolder keys_{folder_.file("keys")};
};

TEST_F(KeyFolderTest, MakesUpstreamsPlainFileThatOnlyTheOwnerReads) {
    const auto entry = keys_.generate(Ledger::cosmos, KeyRole::main, std::nullopt);
    ASSERT_TRUE(entry) << to_string(entry.error());
    EXPECT_EQ(entry->path, folder_.file("keys/cosmos_private_key.txt"));
    EXPECT_FALSE(entry->encrypted);
    EXPECT_THAT(entry->address, testing::StartsWith("cosmos1"));
    EXPECT_EQ(read(entry->path).size(), 64U);
    struct stat status {};
    ASSERT_EQ(::stat(entry->path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    const auto key = keys_.private_key(Ledger::cosmos, KeyRole::main, std::nullopt);
    ASSERT_TRUE(key);
    EXPECT_EQ(*key->public_key()->text(), entry->public_key);
}

TEST_F(KeyFolderTest, EncryptedKeysNeedTheirPasswordAndShowTheirPublicHalfWithoutIt) {
    for (const Ledger ledger : all_ledgers) {
        if (!is_available(ledger)) {
            continue;
        }
        const auto entry = keys_.generate(ledger, KeyRole::connection, "correct horse");
        ASSERT_TRUE(entry) << to_string(entry.error());
        EXPECT_TRUE(entry->encrypted);
        EXPECT_THAT(read(entry->path), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
        EXPECT_EQ(keys_.private_key(ledger, KeyRole::connection, std::nullopt).error().code,
                  "proof.password_required");
        EXPECT_EQ(keys_.private_key(ledger, KeyRole::connection, "wrong").error().code,
                  "proof.wrong_password");
        const auto key = keys_.private_key(ledger, KeyRole::connection, "correct horse");
        ASSERT_TRUE(key) << to_string(key.error());
        EXPECT_EQ(*key->public_key()->text(), entry->public_key);
        EXPECT_EQ(keys_.public_key(ledger, KeyRole::connection)->bytes(),
                  key->public_key()->bytes());
    }
}

TEST_F(KeyFolderTest, NeverReplacesAKey) {
    ASSERT_TRUE(keys_.generate(Ledger::ed25519, KeyRole::main, std::nullopt));
    const std::string before = read(keys_.file_of(Ledger::ed25519, KeyRole::main));
    const auto again = keys_.generate(Ledger::ed25519, KeyRole::main, "password");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "proof.key_exists");
    EXPECT_EQ(read(keys_.file_of(Ledger::ed25519, KeyRole::main)), before);
    EXPECT_FALSE(std::filesystem::exists(folder_.file("keys/ed25519_public_key.txt")));
}

TEST_F(KeyFolderTest, RefusesKeysThatOthersCanRead) {
    ASSERT_TRUE(keys_.generate(Ledger::cosmos, KeyRole::main, std::nullopt));
    const std::string path = keys_.file_of(Ledger::cosmos, KeyRole::main);
    for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
        ::chmod(path.c_str(), mode);
        const auto key = keys_.private_key(Ledger::cosmos, KeyRole::main, std::nullopt);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().code, "file.not_private");
        EXPECT_THAT(key.error().message, HasSubstr("chmod 600"));
    }
}

TEST_F(KeyFolderTest, SaysHowToMakeAMissingKey) {
    const auto key = keys_.private_key(Ledger::fetchai, KeyRole::connection, std::nullopt);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, "proof.no_key");
    EXPECT_THAT(key.error().message, HasSubstr("patchbay keys generate fetchai --connection"));
}

TEST_F(KeyFolderTest, ReadsHexadecimalDigitsWithAndWithoutPrefixAndNewline) {
    const std::string digits = "760a06e67631d0446f7763fc5411156803f7fb8dc14df7def3f6bdb3af95e2f3";
    for (const std::string& content : {digits, digits + "\n", "0x" + digits}) {
        write(keys_.file_of(Ledger::cosmos, KeyRole::main), content);
        const auto key = keys_.private_key(Ledger::cosmos, KeyRole::main, std::nullopt);
        ASSERT_TRUE(key) << to_string(key.error());
        EXPECT_EQ(*key->public_key()->address(), "cosmos1l84hag2eyjgyhu25lt5z38t2c2vpd45tu59sfw");
    }
}

TEST_F(KeyFolderTest, SaysWhatIsWrongWithAFile) {
    const auto error_of = [this](const std::string& content) {
        write(keys_.file_of(Ledger::cosmos, KeyRole::main), content);
        return keys_.private_key(Ledger::cosmos, KeyRole::main, std::nullopt).error();
    };
    EXPECT_EQ(error_of("").code, "proof.bad_key");
    EXPECT_EQ(error_of(std::string(64, '0')).code, "proof.bad_key");
    EXPECT_THAT(error_of(R"({"crypto": {}})").message, HasSubstr("encrypted JSON"));
    EXPECT_EQ(error_of("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").code,
              "proof.bad_key");
}

TEST_F(KeyFolderTest, RefusesPemOfAnotherKind) {
    ASSERT_TRUE(keys_.generate(Ledger::ed25519, KeyRole::main, "p"));
    write(keys_.file_of(Ledger::cosmos, KeyRole::main),
          read(keys_.file_of(Ledger::ed25519, KeyRole::main)));
    const auto key = keys_.private_key(Ledger::cosmos, KeyRole::main, "p");
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, "proof.bad_key");
    EXPECT_THAT(key.error().message, HasSubstr("another kind"));
}

TEST_F(KeyFolderTest, ListsMainKeysFirstAndUnusableOnesWithTheirError) {
    ASSERT_TRUE(keys_.generate(Ledger::ed25519, KeyRole::connection, std::nullopt));
    ASSERT_TRUE(keys_.generate(Ledger::ed25519, KeyRole::main, std::nullopt));
    write(keys_.file_of(Ledger::cosmos, KeyRole::main), "nonsense");
    const auto entries = keys_.list();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].error->code, "proof.bad_key");
    EXPECT_EQ(entries[1].role, KeyRole::main);
    EXPECT_EQ(entries[2].role, KeyRole::connection);
    EXPECT_NE(entries[1].public_key, entries[2].public_key);
}

}  // namespace
}  // namespace patchbay::proofs
