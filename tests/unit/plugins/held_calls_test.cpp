// SPDX-License-Identifier: Apache-2.0
#include "plugins/held_calls.hpp"

#include "manual_clock.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace patchbay::plugins {
namespace {

constexpr std::uint64_t wait_limit = 5'000'000'000;

class HeldParty final : public CallParty {
  public:
    [[nodiscard]] bool is_callable() const override { return true; }
    bool post(std::uint32_t, multiplexer::Signal signal) override {
        signals.push_back(std::move(signal));
        return true;
    }
    std::vector<multiplexer::Signal> signals;
};

class HeldCallsTest : public testing::Test {
  protected:
    patchbay_status call(const std::string& method, std::uint64_t cookie) {
        return router_.call(caller_, 0, held_, method, "", cookie, wait_limit);
    }

    test::ManualClock clock_;
    Scheduler scheduler_{clock_};
    CallRouter router_{scheduler_};
    std::shared_ptr<HeldParty> caller_ = std::make_shared<HeldParty>();
    std::shared_ptr<HeldParty> next_ = std::make_shared<HeldParty>();
    std::shared_ptr<HeldCalls> held_ = std::make_shared<HeldCalls>();
};

TEST_F(HeldCallsTest, WaitForTheNextGenerationWhichAnswersThem) {
    EXPECT_EQ(call("one", 1), PATCHBAY_OK);
    EXPECT_EQ(call("two", 2), PATCHBAY_OK);
    EXPECT_TRUE(caller_->signals.empty());
    held_->release(router_, next_);
    ASSERT_EQ(next_->signals.size(), 2U);
    EXPECT_EQ(next_->signals[0].name, "one");
    EXPECT_EQ(next_->signals[1].name, "two");
    EXPECT_TRUE(router_.complete(*next_, next_->signals[1].token, PATCHBAY_OK, "yes", nullptr));
    ASSERT_EQ(caller_->signals.size(), 1U);
    EXPECT_EQ(caller_->signals[0].token, 2U);
    EXPECT_EQ(caller_->signals[0].payload, "yes");
}

TEST_F(HeldCallsTest, AreAnsweredWhenNobodyComes) {
    EXPECT_EQ(call("one", 1), PATCHBAY_OK);
    held_->release(router_, nullptr);
    ASSERT_EQ(caller_->signals.size(), 1U);
    EXPECT_EQ(caller_->signals[0].status, PATCHBAY_DISCONNECTED);
    EXPECT_EQ(call("late", 2), PATCHBAY_OVERLOADED) << "who held them before it looked again";
    EXPECT_EQ(caller_->signals.size(), 1U);
}

TEST_F(HeldCallsTest, AreBounded) {
    const auto other = std::make_shared<HeldParty>();
    for (std::size_t i = 0; i < HeldCalls::capacity; ++i) {
        ASSERT_EQ(router_.call(other, 0, held_, "m", "", i, wait_limit), PATCHBAY_OK);
    }
    EXPECT_EQ(call("one more", 1), PATCHBAY_OVERLOADED);
}

TEST_F(HeldCallsTest, TheirTimeLimitGoesOn) {
    EXPECT_EQ(call("one", 1), PATCHBAY_OK);
    clock_.advance(std::chrono::seconds(6));
    scheduler_.settle();
    ASSERT_EQ(caller_->signals.size(), 1U);
    EXPECT_EQ(caller_->signals[0].status, PATCHBAY_OVERLOADED);
    held_->release(router_, next_);
    EXPECT_TRUE(next_->signals.empty()) << "it was answered";
}

}  // namespace
}  // namespace patchbay::plugins
