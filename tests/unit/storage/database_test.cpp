// SPDX-License-Identifier: Apache-2.0
#include "storage/database.hpp"

#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace patchbay::storage {
namespace {

constexpr const char* first = "CREATE TABLE a (x INTEGER)";
constexpr const char* second = "CREATE TABLE b (y INTEGER); INSERT INTO b VALUES (2)";

TEST(Database, IsMadeForItsOwnerOnly) {
    const TemporaryFolder folder;
    ASSERT_TRUE(Database::open(folder.file("db"), Access::create));
    struct stat status {};
    ASSERT_EQ(::stat(folder.file("db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(Database, AMissingFileIsNotMadeByReaders) {
    const TemporaryFolder folder;
    const auto database = Database::open(folder.file("db"), Access::read);
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, "storage.missing");
    EXPECT_NE(database.error().message.find(folder.file("db")), std::string::npos);
}

TEST(Database, MigratesStepByStepAndOnlyOnce) {
    const TemporaryFolder folder;
    {
        auto database = Database::open(folder.file("db"), Access::create);
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->migrate({first}));
        ASSERT_TRUE(database->migrate({first}));
    }
    auto database = Database::open(folder.file("db"), Access::create);
    ASSERT_TRUE(database->migrate({first, second}));
    auto statement = database->prepare("SELECT y FROM b");
    ASSERT_TRUE(statement);
    ASSERT_TRUE(statement->step().value());
    EXPECT_EQ(statement->integer(0), 2);
}

TEST(Database, AFailedMigrationChangesNothing) {
    const TemporaryFolder folder;
    auto database = Database::open(folder.file("db"), Access::create);
    ASSERT_TRUE(database->migrate({first}));
    ASSERT_FALSE(database->migrate({first, "CREATE TABLE c (z); NONSENSE"}));
    EXPECT_TRUE(database->expect_version(1));
    EXPECT_FALSE(database->prepare("SELECT z FROM c"));
}

TEST(Database, RefusesAFileOfANewerHost) {
    const TemporaryFolder folder;
    auto database = Database::open(folder.file("db"), Access::create);
    ASSERT_TRUE(database->migrate({first, second}));
    const auto older = database->migrate({first});
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().code, "storage.newer");
}

TEST(Database, TellsAFileThatIsNoDatabase) {
    const TemporaryFolder folder;
    std::ofstream(folder.file("db")) << std::string(5000, 'x');
    const auto database = Database::open(folder.file("db"), Access::create);
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, "storage.corrupt");
}

TEST(Database, TellsWhenAnotherProcessWrites) {
    const TemporaryFolder folder;
    auto one = Database::open(folder.file("db"), Access::create, std::chrono::milliseconds(1));
    ASSERT_TRUE(one->migrate({first}));
    auto two = Database::open(folder.file("db"), Access::create, std::chrono::milliseconds(1));
    Transaction holds(*one);
    ASSERT_TRUE(holds.begin());
    Transaction waits(*two);
    const auto begun = waits.begin();
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, "storage.busy");
    EXPECT_EQ(begun.error().error_class, ErrorClass::overloaded);
}

TEST(Database, BytesAndTextsKeepTheirNuls) {
    const TemporaryFolder folder;
    auto database = Database::open(folder.file("db"), Access::create);
    ASSERT_TRUE(database->execute("CREATE TABLE t (a BLOB, b TEXT)"));
    auto insert = database->prepare("INSERT INTO t VALUES (?, ?)");
    const std::string bytes("a\0b", 3);
    insert->bind_bytes(1, bytes);
    insert->bind_text(2, bytes);
    ASSERT_TRUE(insert->run());
    auto select = database->prepare("SELECT a, b FROM t");
    ASSERT_TRUE(select->step().value());
    EXPECT_EQ(select->bytes(0), bytes);
    EXPECT_EQ(select->bytes(1), bytes);
}

}  // namespace
}  // namespace patchbay::storage
