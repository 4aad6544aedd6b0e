// SPDX-License-Identifier: Apache-2.0
#include "storage/dead_letter_store.hpp"

#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace patchbay::storage {
namespace {

using namespace std::chrono_literals;
using multiplexer::DeadLetter;

class CollectedEvents final : public events::EventSink {
  public:
    void publish(events::Event event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return true; }
    [[nodiscard]] std::size_t count(const std::string& code) const {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const events::Event& event : events_) {
            count += event.code == code ? 1 : 0;
        }
        return count;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<events::Event> events_;
};

DeadLetter letter(const multiplexer::Clock& clock, std::string to) {
    DeadLetter letter;
    letter.time = clock.wall();
    letter.code = "no_route";
    letter.to = std::move(to);
    return letter;
}

class DeadLetterStoreTest : public ::testing::Test {
  protected:
    std::unique_ptr<DeadLetterStore> open() {
        auto store = DeadLetterStore::open(options, events, clock);
        EXPECT_TRUE(store) << store.error().message;
        return store ? std::move(*store) : nullptr;
    }

    TemporaryFolder folder;
    CollectedEvents events;
    multiplexer::SystemClock clock;
    DeadLetterStoreOptions options{folder.file("dead-letters.sqlite"), {}};
};

TEST_F(DeadLetterStoreTest, WritesWhatWasPut) {
    const auto store = open();
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(store->put(letter(clock, "agent")));
    }
    ASSERT_TRUE(store->flush(10s));
    const DeadLetterStatistics statistics = store->statistics();
    EXPECT_EQ(statistics.totals.count, 100U);
    EXPECT_EQ(statistics.queued, 0U);
    EXPECT_EQ(statistics.lost, 0U);
}

TEST_F(DeadLetterStoreTest, WritesTheRestWhenItEnds) {
    {
        const auto store = open();
        ASSERT_TRUE(store->put(letter(clock, "last words")));
    }
    auto archive = DeadLetterArchive::open(options.path, Access::read);
    EXPECT_EQ(archive->get(1)->letter.to, "last words");
}

TEST_F(DeadLetterStoreTest, RefusesAndCountsWhatDoesNotFitIntoTheQueue) {
    options.queue_letters = 8;
    const auto store = open();
    auto other = Database::open(options.path, Access::write);
    Transaction blocker(*other);  // the writer has to wait for it
    ASSERT_TRUE(blocker.begin());
    std::uint64_t refused = 0;
    for (int i = 0; i < 100; ++i) {
        refused += store->put(letter(clock, "agent")) ? 0 : 1;
    }
    EXPECT_GE(refused, 100U - 2 * 8);  // one batch may be with the writer, one in the queue
    EXPECT_EQ(store->statistics().lost, refused);
    ASSERT_TRUE(blocker.commit());
    ASSERT_TRUE(store->flush(20s));
    EXPECT_EQ(store->statistics().totals.count, 100U - refused);
}

TEST_F(DeadLetterStoreTest, MovesADamagedFileAsideAndSaysSo) {
    std::ofstream(options.path) << std::string(10'000, '#');
    const auto store = open();
    ASSERT_TRUE(store->put(letter(clock, "agent")));
    ASSERT_TRUE(store->flush(10s));
    EXPECT_EQ(store->statistics().totals.count, 1U);
    EXPECT_EQ(events.count("storage.set_aside"), 1U);
    std::size_t aside = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        aside += entry.path().string().find(".corrupt-") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(aside, 1U);
}

TEST_F(DeadLetterStoreTest, KeepsTheBoundsAndSaysSo) {
    options.bounds.max_count = 10;
    const auto store = open();
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(store->put(letter(clock, "agent")));
    }
    ASSERT_TRUE(store->flush(10s));
    EXPECT_EQ(store->statistics().totals.count, 10U);
    EXPECT_EQ(store->statistics().totals.evicted, 20U);
    EXPECT_GE(events.count("dead_letters.evicted"), 1U);
}

TEST_F(DeadLetterStoreTest, ForgetsOldLettersAtTheStart) {
    {
        const auto store = open();
        DeadLetter old = letter(clock, "old");
        old.time = clock.wall() - options.bounds.max_age / 2;
        ASSERT_TRUE(store->put(old));
        ASSERT_TRUE(store->flush(10s));
    }
    options.bounds.max_age /= 4;
    EXPECT_EQ(open()->statistics().totals.count, 0U);
}

TEST_F(DeadLetterStoreTest, AFolderThatIsNotThereIsAnError) {
    options.path = folder.file("nowhere/dead-letters.sqlite");
    const auto store = DeadLetterStore::open(options, events, clock);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, "storage.missing");
}

}  // namespace
}  // namespace patchbay::storage
