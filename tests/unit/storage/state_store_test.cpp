// SPDX-License-Identifier: Apache-2.0
#include "storage/state_store.hpp"

#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace patchbay::storage {
namespace {

class CountedEvents final : public events::EventSink {
  public:
    void publish(events::Event event) override { codes.push_back(std::move(event.code)); }
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return true; }
    std::vector<std::string> codes;
};

class StateStoreTest : public ::testing::Test {
  protected:
    TemporaryFolder folder;
    CountedEvents events;
    std::string path = folder.file("state.sqlite");
    StateStore store{path, events};
};

TEST_F(StateStoreTest, MakesNoFileUntilItIsUsed) {
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(store.get("stub", "offset").value(), std::nullopt);
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(StateStoreTest, ValuesSurviveARestart) {
    const std::string value("\0\xFFx", 3);
    ASSERT_TRUE(store.put("stub", "offset", "1"));
    ASSERT_TRUE(store.put("stub", "offset", value));
    StateStore again(path, events);
    EXPECT_EQ(again.get("stub", "offset").value(), value);
}

TEST_F(StateStoreTest, InstancesDoNotSeeEachOther) {
    ASSERT_TRUE(store.put("a", "key", "1"));
    EXPECT_EQ(store.get("b", "key").value(), std::nullopt);
    ASSERT_TRUE(store.erase("b", "key"));
    EXPECT_EQ(store.get("a", "key").value(), "1");
}

TEST_F(StateStoreTest, ErasedKeysAreGone) {
    ASSERT_TRUE(store.put("a", "key", ""));
    EXPECT_EQ(store.get("a", "key").value(), "");
    ASSERT_TRUE(store.erase("a", "key"));
    EXPECT_EQ(store.get("a", "key").value(), std::nullopt);
}

TEST_F(StateStoreTest, TheTotalOfAnInstanceIsBounded) {
    const std::string large(StateStore::largest_value, 'x');
    const std::size_t fit = StateStore::largest_total / StateStore::largest_value;
    for (std::size_t i = 0; i + 1 < fit; ++i) {
        ASSERT_TRUE(store.put("a", "key" + std::to_string(i), large));
    }
    const auto refused = store.put("a", "one more", large);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "state.full");
    EXPECT_EQ(refused.error().error_class, ErrorClass::overloaded);
    EXPECT_TRUE(store.put("a", "key0", large)) << "replacing needs no further room";
    EXPECT_TRUE(store.put("b", "key", large));
}

TEST_F(StateStoreTest, ADamagedFileIsMovedAside) {
    std::ofstream(path) << std::string(10'000, '#');
    ASSERT_TRUE(store.put("a", "key", "1"));
    EXPECT_EQ(store.get("a", "key").value(), "1");
    EXPECT_EQ(events.codes, std::vector<std::string>{"storage.set_aside"});
}

}  // namespace
}  // namespace patchbay::storage
