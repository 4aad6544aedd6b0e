// SPDX-License-Identifier: Apache-2.0
#include "plugins/call_router.hpp"

#include "manual_clock.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t limit = 5'000'000'000;

class Party final : public CallParty {
  public:
    [[nodiscard]] bool is_callable() const override { return callable; }
    bool post(std::uint32_t lane, multiplexer::Signal signal) override {
        lanes.push_back(lane);
        signals.push_back(std::move(signal));
        return has_room;
    }

    bool callable = true;
    bool has_room = true;
    std::vector<std::uint32_t> lanes;
    std::vector<multiplexer::Signal> signals;
};

class CallRouterTest : public testing::Test {
  protected:
    patchbay_status call(std::uint64_t cookie = 1) {
        return router_.call(caller_, 3, target_, "method", "arguments", cookie, limit);
    }

    test::ManualClock clock_;
    Scheduler scheduler_{clock_};
    CallRouter router_{scheduler_};
    std::shared_ptr<Party> caller_ = std::make_shared<Party>();
    std::shared_ptr<Party> target_ = std::make_shared<Party>();
};

TEST_F(CallRouterTest, ACallAndItsAnswerAreSignals) {
    ASSERT_EQ(call(42), PATCHBAY_OK);
    ASSERT_EQ(target_->signals.size(), 1U);
    const auto& question = target_->signals[0];
    EXPECT_EQ(question.kind, PATCHBAY_SIGNAL_CALL);
    EXPECT_EQ(question.name, "method");
    EXPECT_EQ(question.payload, "arguments");
    EXPECT_EQ(target_->lanes[0], 0U);
    EXPECT_TRUE(router_.complete(*target_, question.token, PATCHBAY_OK, "result", nullptr));
    ASSERT_EQ(caller_->signals.size(), 1U);
    EXPECT_EQ(caller_->signals[0].kind, PATCHBAY_SIGNAL_CALL_RESULT);
    EXPECT_EQ(caller_->signals[0].token, 42U);
    EXPECT_EQ(caller_->signals[0].payload, "result");
    EXPECT_EQ(caller_->lanes[0], 3U);
    EXPECT_FALSE(router_.complete(*target_, question.token, PATCHBAY_OK, "again", nullptr));
    EXPECT_EQ(caller_->signals.size(), 1U);
}

TEST_F(CallRouterTest, OnlyTheTargetMayAnswer) {
    ASSERT_EQ(call(), PATCHBAY_OK);
    const Party stranger;
    EXPECT_FALSE(router_.complete(stranger, target_->signals[0].token, PATCHBAY_OK, "", nullptr));
    EXPECT_TRUE(caller_->signals.empty());
}

TEST_F(CallRouterTest, AFailureCarriesCodeAndText) {
    ASSERT_EQ(call(), PATCHBAY_OK);
    patchbay_error error{};
    error.struct_size = sizeof(error);
    patchbay_error_set(&error, PATCHBAY_INVALID, "x.y", "why");
    EXPECT_TRUE(
        router_.complete(*target_, target_->signals[0].token, PATCHBAY_INVALID, "", &error));
    EXPECT_EQ(caller_->signals[0].status, PATCHBAY_INVALID);
    EXPECT_EQ(caller_->signals[0].name, "x.y");
    EXPECT_EQ(caller_->signals[0].payload, "why");
}

TEST_F(CallRouterTest, TheTimeLimitAnswersForTheDependency) {
    ASSERT_EQ(call(9), PATCHBAY_OK);
    clock_.advance(4s);
    scheduler_.settle();
    EXPECT_TRUE(caller_->signals.empty());
    clock_.advance(2s);
    scheduler_.settle();
    ASSERT_EQ(caller_->signals.size(), 1U);
    EXPECT_EQ(caller_->signals[0].status, PATCHBAY_OVERLOADED);
    EXPECT_EQ(caller_->signals[0].token, 9U);
    EXPECT_FALSE(
        router_.complete(*target_, target_->signals[0].token, PATCHBAY_OK, "late", nullptr));
}

TEST_F(CallRouterTest, ADependencyThatGoesAnswersDisconnected) {
    ASSERT_EQ(call(), PATCHBAY_OK);
    router_.party_gone(*target_);
    ASSERT_EQ(caller_->signals.size(), 1U);
    EXPECT_EQ(caller_->signals[0].status, PATCHBAY_DISCONNECTED);
    target_->callable = false;
    EXPECT_EQ(call(), PATCHBAY_DISCONNECTED);
    EXPECT_EQ(router_.call(caller_, 0, nullptr, "m", "", 1, limit), PATCHBAY_DISCONNECTED);
    EXPECT_EQ(caller_->signals.size(), 1U) << "what is refused is not signalled";
}

TEST_F(CallRouterTest, ACallerThatGoesGetsNothing) {
    ASSERT_EQ(call(), PATCHBAY_OK);
    router_.party_gone(*caller_);
    EXPECT_FALSE(router_.complete(*target_, target_->signals[0].token, PATCHBAY_OK, "", nullptr));
    EXPECT_TRUE(caller_->signals.empty());
}

TEST_F(CallRouterTest, UnansweredCallsAreBounded) {
    for (std::size_t i = 0; i < CallRouter::calls_per_caller; ++i) {
        ASSERT_EQ(call(), PATCHBAY_OK);
    }
    EXPECT_EQ(call(), PATCHBAY_OVERLOADED);
    EXPECT_TRUE(router_.complete(*target_, target_->signals[0].token, PATCHBAY_OK, "", nullptr));
    EXPECT_EQ(call(), PATCHBAY_OK);
}

TEST_F(CallRouterTest, AFullDependencyAndBadInputAreRefused) {
    EXPECT_EQ(router_.call(caller_, 0, target_, "", "", 1, limit), PATCHBAY_INVALID);
    EXPECT_EQ(router_.call(caller_, 0, target_, std::string(257, 'm'), "", 1, limit),
              PATCHBAY_INVALID);
    target_->has_room = false;
    EXPECT_EQ(call(), PATCHBAY_OVERLOADED);
    EXPECT_TRUE(caller_->signals.empty());
}

}  // namespace
}  // namespace patchbay::plugins
