// SPDX-License-Identifier: Apache-2.0
#include "identity/store_writer.hpp"

#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace patchbay::identity {
namespace {

using std::chrono::seconds;

class StoreWriterTest : public ::testing::Test {
  protected:
    void start(StoreWriterLimits limits = {}) {
        auto store = ClaimStore::open(path);
        ASSERT_TRUE(store) << to_string(store.error());
        writer = std::make_unique<StoreWriter>(
            std::move(*store), limits, events,
            [this](bool committed) { (committed ? commits : rollbacks) += 1; });
    }
    /// Holds the writer up until the result is given away.
    std::promise<void> hold_up() {
        std::promise<void> go_on;
        auto entered = std::make_shared<std::promise<void>>();
        const std::shared_future<void> released = go_on.get_future().share();
        EXPECT_TRUE(writer->put({[](ClaimStore&) { return Result<void>(); },
                                 [entered, released](const Error*) {
                                     entered->set_value();
                                     released.wait();
                                 }}));
        entered->get_future().wait();
        return go_on;
    }
    static StoreWriter::Change claim(const std::string& agent_id, std::atomic<int>& done) {
        return {[agent_id](ClaimStore& store) {
                    StoredClaim claim;
                    claim.agent_id = agent_id;
                    claim.number = 1;
                    return store.put(claim);
                },
                [&done](const Error* error) { done += error == nullptr ? 1 : 100; }};
    }
    std::size_t claims_on_disk() {
        writer.reset();
        auto store = ClaimStore::open(path);
        std::size_t count = 0;
        EXPECT_TRUE(store->load([&count](const StoredClaim&) { ++count; }));
        return count;
    }

    TemporaryFolder folder;
    const std::string path = folder.file("identity.sqlite");
    RecordedEvents events;
    std::atomic<int> commits{0};
    std::atomic<int> rollbacks{0};
    std::unique_ptr<StoreWriter> writer;
};

TEST_F(StoreWriterTest, WhatGathersMeanwhileIsOneTransaction) {
    start();
    std::promise<void> go_on = hold_up();
    std::atomic<int> done{0};
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(writer->put(claim(std::to_string(i), done)));
    }
    writer->audit({1, "test", "ok", {}, {}, {}});
    EXPECT_EQ(done, 0);
    go_on.set_value();
    ASSERT_TRUE(writer->flush(seconds(30)));
    EXPECT_EQ(done, 100);
    EXPECT_EQ(commits, 2);
    EXPECT_EQ(claims_on_disk(), 100U);
}

TEST_F(StoreWriterTest, OneThatFailsDoesNotTakeTheOthersWithIt) {
    start();
    std::promise<void> go_on = hold_up();
    std::atomic<int> done{0};
    std::atomic<int> failed{0};
    ASSERT_TRUE(writer->put(claim("a", done)));
    ASSERT_TRUE(writer->put({[](ClaimStore& store) -> Result<void> {
                                 StoredClaim half;
                                 half.agent_id = "half";
                                 EXPECT_TRUE(store.put(half));
                                 return failure(ErrorClass::failed, "storage.failed", "No.");
                             },
                             [&failed](const Error* error) {
                                 ASSERT_NE(error, nullptr);
                                 EXPECT_EQ(error->code, "storage.failed");
                                 ++failed;
                             }}));
    ASSERT_TRUE(writer->put(claim("b", done)));
    go_on.set_value();
    ASSERT_TRUE(writer->flush(seconds(30)));
    EXPECT_EQ(done, 2);
    EXPECT_EQ(failed, 1);
    EXPECT_EQ(writer->failures(), 1U);
    EXPECT_EQ(rollbacks, 2) << "of all together, and of the one alone";
    EXPECT_TRUE(events.has("storage.failed"));
    EXPECT_EQ(claims_on_disk(), 2U);
}

TEST_F(StoreWriterTest, Weakness16TheQueuesAreBoundedAndLossesAreCounted) {
    StoreWriterLimits limits;
    limits.queue = 8;
    start(limits);
    std::promise<void> go_on = hold_up();
    std::atomic<int> done{0};
    int refused = 0;
    for (int i = 0; i < 12; ++i) {
        refused += writer->put(claim(std::to_string(i), done)) ? 0 : 1;
        writer->audit({1, "test", "ok", {}, {}, {}});
    }
    EXPECT_EQ(refused, 4);
    EXPECT_EQ(writer->audit_lost(), 4U);
    EXPECT_EQ(writer->queued(), 17U) << "with the one in progress";
    go_on.set_value();
    ASSERT_TRUE(writer->flush(seconds(30)));
    EXPECT_EQ(done, 8);
    EXPECT_EQ(writer->queued(), 0U);
}

TEST_F(StoreWriterTest, AuditEntriesThatComeAloneAreWrittenTogetherSoonerOrLater) {
    StoreWriterLimits limits;
    limits.audit_pause = std::chrono::hours(1);
    limits.queue = 64;
    start(limits);
    for (int i = 0; i < 31; ++i) {
        writer->audit({1, "test", "ok", {}, {}, {}});
    }
    EXPECT_EQ(commits, 0);
    ASSERT_TRUE(writer->flush(seconds(30)));
    EXPECT_EQ(commits, 1) << "asked to";
    // Half a queue does not wait for the pause to end.
    for (int i = 0; i < 32; ++i) {
        writer->audit({1, "test", "ok", {}, {}, {}});
    }
    while (writer->queued() != 0) {
        std::this_thread::yield();
    }
    EXPECT_EQ(commits, 2);
    EXPECT_EQ(ClaimStore::audit_log(path, 100)->size(), 63U);
}

TEST_F(StoreWriterTest, WhatIsQueuedIsWrittenBeforeTheEnd) {
    start();
    std::atomic<int> done{0};
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(writer->put(claim(std::to_string(i), done)));
    }
    writer->audit({1, "test", "ok", {}, {}, {}});
    EXPECT_EQ(claims_on_disk(), 20U);
    EXPECT_EQ(done, 20);
    EXPECT_EQ(ClaimStore::audit_log(path, 100)->size(), 1U);
}

}  // namespace
}  // namespace patchbay::identity
