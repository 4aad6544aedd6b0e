// SPDX-License-Identifier: Apache-2.0
#include "storage/dead_letter_archive.hpp"

#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace patchbay::storage {
namespace {

using multiplexer::DeadLetter;

DeadLetter letter(std::string to, std::uint64_t time = 1000) {
    DeadLetter letter;
    letter.time = time;
    letter.reason = PATCHBAY_REASON_NO_ROUTE;
    letter.code = "no_route";
    letter.text = "Nobody.";
    letter.source = "stub";
    letter.to = std::move(to);
    letter.sender = "me";
    letter.protocol_id = "fetchai/default:1.0.0";
    letter.message = std::string("\0\x01,", 3);
    letter.uri = "/u";
    letter.connection_id = "a/b:1.0.0";
    letter.hops = 3;
    return letter;
}

class DeadLetterArchiveTest : public ::testing::Test {
  protected:
    TemporaryFolder folder;
    DeadLetterArchive archive =
        DeadLetterArchive::open(folder.file("dead-letters.sqlite"), Access::create).value();
    DeadLetterBounds bounds{};
};

TEST_F(DeadLetterArchiveTest, GivesBackWhatItGot) {
    ASSERT_TRUE(archive.add({letter("you")}, bounds, 2000));
    const auto stored = archive.get(1);
    ASSERT_TRUE(stored);
    const DeadLetter& found = stored->letter;
    EXPECT_EQ(found.time, 1000U);
    EXPECT_EQ(found.reason, static_cast<std::uint32_t>(PATCHBAY_REASON_NO_ROUTE));
    EXPECT_EQ(found.code, "no_route");
    EXPECT_EQ(found.text, "Nobody.");
    EXPECT_EQ(found.source, "stub");
    EXPECT_EQ(found.destination, "");
    EXPECT_TRUE(found.has_envelope);
    EXPECT_EQ(found.to, "you");
    EXPECT_EQ(found.sender, "me");
    EXPECT_EQ(found.protocol_id, "fetchai/default:1.0.0");
    EXPECT_EQ(found.message, std::string("\0\x01,", 3));
    EXPECT_EQ(found.uri, "/u");
    EXPECT_EQ(found.connection_id, "a/b:1.0.0");
    EXPECT_EQ(found.hops, 3U);
    EXPECT_FALSE(stored->replayed);
}

TEST_F(DeadLetterArchiveTest, ListsNewestFirstInPagesWithoutPayload) {
    ASSERT_TRUE(archive.add({letter("a"), letter("b"), letter("c")}, bounds, 2000));
    DeadLetterQuery query;
    query.limit = 2;
    auto page = archive.list(query);
    ASSERT_EQ(page->size(), 2U);
    EXPECT_EQ(page->at(0).letter.to, "c");
    EXPECT_EQ(page->at(0).letter.message, "");
    query.before = page->back().id;
    page = archive.list(query);
    ASSERT_EQ(page->size(), 1U);
    EXPECT_EQ(page->at(0).letter.to, "a");
}

TEST_F(DeadLetterArchiveTest, SelectsByCodeAndByReplay) {
    DeadLetter other = letter("b");
    other.code = "stub.malformed";
    ASSERT_TRUE(archive.add({letter("a"), other}, bounds, 2000));
    ASSERT_TRUE(archive.mark_replayed(1, 5000));
    EXPECT_EQ(archive.get(1)->replayed, 5000U);
    DeadLetterQuery query;
    query.code = "stub.malformed";
    EXPECT_EQ(archive.list(query)->size(), 1U);
    query = {};
    query.unplayed = true;
    ASSERT_EQ(archive.list(query)->size(), 1U);
    EXPECT_EQ(archive.list(query)->at(0).id, 2);
}

TEST_F(DeadLetterArchiveTest, TheOldestGoWhenThereAreTooMany) {
    bounds.max_count = 2;
    ASSERT_TRUE(archive.add({letter("a"), letter("b"), letter("c")}, bounds, 2000));
    const auto totals = archive.totals();
    EXPECT_EQ(totals->count, 2U);
    EXPECT_EQ(totals->evicted, 1U);
    EXPECT_EQ(archive.get(1).error().code, "dead_letters.unknown");
    EXPECT_EQ(archive.get(3)->letter.to, "c");
}

TEST_F(DeadLetterArchiveTest, TheOldestGoWhenTheyAreTooLarge) {
    DeadLetter large = letter("large");
    large.message.assign(700, 'x');
    bounds.max_bytes = 2000;
    ASSERT_TRUE(archive.add({large, large, large}, bounds, 2000));
    EXPECT_EQ(archive.totals()->count, 2U);
    EXPECT_LE(archive.totals()->bytes, 2000U);
}

TEST_F(DeadLetterArchiveTest, OneThatIsLargerThanTheBoundDoesNotDriveOutTheOthers) {
    bounds.max_bytes = 2000;
    DeadLetter huge = letter("huge");
    huge.message.assign(3000, 'x');
    ASSERT_TRUE(archive.add({letter("small"), huge}, bounds, 2000));
    EXPECT_EQ(archive.totals()->count, 1U);
    EXPECT_EQ(archive.totals()->evicted, 1U);
    EXPECT_EQ(archive.get(1)->letter.to, "small");
}

TEST_F(DeadLetterArchiveTest, OldOnesGo) {
    bounds.max_age = 100;
    ASSERT_TRUE(archive.add({letter("old", 1000), letter("young", 1950)}, bounds, 2000));
    EXPECT_EQ(archive.totals()->count, 1U);
    EXPECT_EQ(archive.get(2)->letter.to, "young");
}

TEST_F(DeadLetterArchiveTest, IdsAreNotReusedAfterEviction) {
    bounds.max_count = 1;
    ASSERT_TRUE(archive.add({letter("a")}, bounds, 2000));
    bounds.max_count = 0;
    ASSERT_TRUE(archive.add({}, bounds, 2000));
    bounds.max_count = 1;
    ASSERT_TRUE(archive.add({letter("b")}, bounds, 2000));
    EXPECT_TRUE(archive.get(2));
}

TEST_F(DeadLetterArchiveTest, CanBeReadWhileAnotherWrites) {
    ASSERT_TRUE(archive.add({letter("a")}, bounds, 2000));
    auto reader = DeadLetterArchive::open(folder.file("dead-letters.sqlite"), Access::read);
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->list({})->size(), 1U);
    ASSERT_TRUE(archive.add({letter("b")}, bounds, 2000));
    EXPECT_EQ(reader->list({})->size(), 2U);
}

}  // namespace
}  // namespace patchbay::storage
