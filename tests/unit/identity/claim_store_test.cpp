// SPDX-License-Identifier: Apache-2.0
#include "identity/claim_store.hpp"

#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace patchbay::identity {
namespace {

using storage::Access;
using storage::Database;

class ClaimStoreTest : public ClaimsTest {
  protected:
    std::string path() const { return folder.file("identity.sqlite"); }
};

TEST_F(ClaimStoreTest, IsMadeForItsOwnerOnlyAndSynchronisesFully) {
    start();
    struct stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    auto database = Database::open(path(), Access::read);
    auto mode = database->prepare("PRAGMA journal_mode");
    ASSERT_TRUE(mode->step().value());
    EXPECT_EQ(mode->bytes(0), "wal");
}

TEST_F(ClaimStoreTest, ADamagedFileIsToldAndNotReplaced) {
    start();
    ASSERT_TRUE(claim("my-agent"));
    claims.reset();
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        for (const int page : {1, 2, 3, 4}) {
            file.seekp(page * 4096);
            file << std::string(4096, '\xA5');
        }
    }
    std::filesystem::remove(path() + "-wal");
    const auto size = std::filesystem::file_size(path());
    const auto opened = Claims::open(options, events, clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "identity.store_damaged") << opened.error().message;
    EXPECT_NE(opened.error().message.find(path()), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(path()), size);
}

TEST_F(ClaimStoreTest, AFileThatIsNoDatabaseIsToldAndNotReplaced) {
    std::ofstream(path()) << std::string(5000, 'x');
    const auto opened = Claims::open(options, events, clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "identity.store_damaged");
    EXPECT_EQ(std::filesystem::file_size(path()), 5000U);
}

TEST_F(ClaimStoreTest, AClaimWithAnImpossibleValueIsDamage) {
    start();
    ASSERT_TRUE(claim("my-agent"));
    claims.reset();
    ASSERT_TRUE(
        Database::open(path(), Access::write)->execute("UPDATE claims SET certificates = x'0102'"));
    const auto opened = Claims::open(options, events, clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "identity.store_damaged");
    EXPECT_NE(opened.error().message.find("my-agent"), std::string::npos);
}

TEST_F(ClaimStoreTest, AFileOfANewerHostIsRefused) {
    start();
    claims.reset();
    ASSERT_TRUE(Database::open(path(), Access::write)->execute("PRAGMA user_version=99"));
    const auto opened = Claims::open(options, events, clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "storage.newer");
}

TEST_F(ClaimStoreTest, ABackupIsAWholeStoreOfItsOwn) {
    start();
    const auto owned = claim("my-agent");
    const std::string copy = folder.file("backup.sqlite");
    ASSERT_TRUE(claims->backup(copy));
    struct stat status {};
    ASSERT_EQ(::stat(copy.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(code_of_result(claims->backup(copy)), "identity.backup_exists");
    EXPECT_EQ(code_of_result(claims->backup(folder.file("no/where"))), "identity.backup_failed");
    ASSERT_TRUE(release("my-agent", owned->claim));
    claims.reset();
    std::filesystem::remove(path() + "-wal");
    std::filesystem::remove(path() + "-shm");
    std::filesystem::rename(copy, path());
    start();
    EXPECT_EQ(verdict(*owned), CertificateVerdict::valid);
}

TEST_F(ClaimStoreTest, AnotherProcessThatHoldsTheFileIsWaitedFor) {
    start();
    auto other = Database::open(path(), Access::write);
    ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
    ClaimRequest request;
    request.agent_id = "my-agent";
    std::promise<Result<ClaimOutcome>> promise;
    auto future = promise.get_future();
    ASSERT_TRUE(claims->claim(
        request, [&promise](Result<ClaimOutcome> owned) { promise.set_value(std::move(owned)); }));
    EXPECT_EQ(future.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    EXPECT_FALSE(claims->find("my-agent")) << "not before it is on the disk";
    ASSERT_TRUE(other->execute("COMMIT"));
    EXPECT_TRUE(future.get());
    EXPECT_TRUE(claims->find("my-agent"));
}

TEST_F(ClaimStoreTest, AFailureOfTheDiskIsAnsweredAndChangesNothing) {
    start();
    const auto owned = claim("my-agent");
    // No claim can be written any more.
    ASSERT_TRUE(Database::open(path(), Access::write)
                    ->execute("CREATE TRIGGER full BEFORE INSERT ON claims BEGIN SELECT "
                              "RAISE(ABORT, 'no more'); END"));
    const auto failed = claim("other");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "storage.failed");
    EXPECT_FALSE(claims->find("other"));
    EXPECT_EQ(code_of_result(renew(*owned)), "storage.failed");
    EXPECT_EQ(verdict(*owned), CertificateVerdict::valid);
    EXPECT_TRUE(release("my-agent", owned->claim)) << "removals still can";
    EXPECT_GE(claims->statistics().write_failures, 2U);
    EXPECT_TRUE(events.has("storage.failed"));
    ASSERT_TRUE(Database::open(path(), Access::write)->execute("DROP TRIGGER full"));
    EXPECT_TRUE(claim("other"));
}

TEST_F(ClaimStoreTest, TextsOfTheAuditLogAreCutAndCanBeShown) {
    start();
    claims->audit({0, "test", "ok", std::string(511, 'x') + "\u00e4", "\x1b[31m", "\xff\n"});
    ASSERT_TRUE(claims->flush(std::chrono::seconds(10)));
    const auto log = claims->audit_log(1);
    ASSERT_TRUE(log);
    EXPECT_EQ(log->front().agent_id, std::string(511, 'x'));
    EXPECT_EQ(log->front().remote, "?[31m");
    EXPECT_EQ(log->front().detail, "??");
}

}  // namespace
}  // namespace patchbay::identity
