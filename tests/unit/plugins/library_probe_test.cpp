// SPDX-License-Identifier: Apache-2.0
// Libraries that would take the host with them, tried in real processes.
#include "plugins/library_probe.hpp"

#include "instance_bench.hpp"
#include "plugins/platform_child.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

class LibraryProbeTest : public testing::Test {
  protected:
    Result<void> probe(const std::string& fixture_name, const std::string& config = "{}") {
        ProbeOrder order;
        order.parent = platform::process_number();
        order.library = test::fixture(fixture_name).string();
        order.folder = (data_.path() / "probe").string();
        order.plugin = "tests/behave:0.1.0";
        for (const std::string class_name : {"Driven", "Loop"}) {
            order.instances.push_back(test::plan_of("one", fixture_name, class_name, config));
            order.instances.back().limits.timeouts.connect = 60s;
        }
        auto answer = probe_library(order, options_, cancelled_);
        EXPECT_FALSE(std::filesystem::exists(order.folder)) << "it leaves nothing behind";
        return answer;
    }
    Error error_of(const std::string& fixture_name) {
        const auto answer = probe(fixture_name);
        EXPECT_FALSE(answer) << fixture_name;
        return answer ? Error{} : answer.error();
    }

    test::TemporaryFolder data_;
    ProbeOptions options_{{PATCHBAY_PROBE_PROGRAM}, 60s};
    std::function<bool()> cancelled_;
};

TEST_F(LibraryProbeTest, AGoodLibraryPasses) {
    const auto answer = probe("behave");
    EXPECT_TRUE(answer) << to_string(answer.error());
}

TEST_F(LibraryProbeTest, ALibraryThatRefusesInGoodOrderPasses) {
    // The host asks again, and tells it in its own words.
    for (const char* name : {"undefined", "no_entry", "bad_refusal", "bad_null", "plain"}) {
        const auto answer = probe(name);
        EXPECT_TRUE(answer) << name << ": " << to_string(answer.error());
    }
    EXPECT_TRUE(probe("behave", R"({"create":"fail"})"));
    EXPECT_TRUE(probe("behave", R"({"create":"throw"})"));
}

TEST_F(LibraryProbeTest, ACrashIsToldWithItsPlace) {
    for (const auto& [name, place] : {std::pair{"fatal_load", "loading it"},
                                      {"fatal_entry", "loading it"},
                                      {"fatal_create", "creating one"},
                                      {"fatal_destroy", "destroying one"}}) {
        const Error error = error_of(name);
        EXPECT_EQ(error.code, "probe.crashed") << name;
        EXPECT_NE(error.message.find(std::string("ended it by signal 6 (Aborted) while ") + place),
                  std::string::npos)
            << error.message;
    }
}

TEST_F(LibraryProbeTest, ItsLastWordsAreQuoted) {
    EXPECT_NE(error_of("fatal_create").message.find("; it said: the invariant does not hold"),
              std::string::npos);
}

TEST_F(LibraryProbeTest, ALibraryThatEndsItsProcessFails) {
    const Error error = error_of("fatal_exit");
    EXPECT_EQ(error.code, "probe.ended");
    EXPECT_NE(error.message.find("with exit code 3 while creating one"), std::string::npos)
        << error.message;
}

TEST_F(LibraryProbeTest, ALibraryThatHangsIsEndedAtTheLimit) {
    options_.limit = 300ms;
    const Error error = error_of("fatal_hang");
    EXPECT_EQ(error.code, "probe.hung");
    EXPECT_NE(error.message.find("did not end within 300 ms"), std::string::npos) << error.message;
}

TEST_F(LibraryProbeTest, ItsOwnTimeLimitsHoldInTheTrialToo) {
    ProbeOrder order;
    order.parent = platform::process_number();
    order.library = test::fixture("fatal_hang").string();
    order.folder = (data_.path() / "probe").string();
    order.plugin = "tests/behave:0.1.0";
    order.instances.push_back(test::plan_of("one", "fatal_hang", "Driven"));
    order.instances[0].limits.timeouts.connect = 50ms;
    const auto answer = probe_library(order, options_);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "plugin.hung");
}

TEST_F(LibraryProbeTest, ATrialCanBeCutShort) {
    cancelled_ = [] { return true; };
    EXPECT_EQ(error_of("fatal_hang").code, "probe.cancelled");
}

TEST_F(LibraryProbeTest, AProgramThatCannotBeStartedIsNoFaultOfTheLibrary) {
    options_.command = {(data_.path() / "nothing").string()};
    const Error error = error_of("behave");
    EXPECT_EQ(error.code, "probe.not_started");
    EXPECT_NE(error.message.find("No such file or directory"), std::string::npos) << error.message;
}

TEST_F(LibraryProbeTest, WhatCannotBeReadWasNotTried) {
    EXPECT_EQ(error_of("nothing_there").code, "plugin.copy_failed");
}

TEST_F(LibraryProbeTest, AProgramThatIsNoProbeDoesNotPass) {
    options_.command = {"/bin/true"};
    EXPECT_EQ(error_of("behave").code, "probe.ended");
}

TEST_F(LibraryProbeTest, WithoutACommandOrALimitNothingIsTried) {
    options_.limit = 0ms;
    EXPECT_TRUE(probe("fatal_load"));
    options_ = {{}, 60s};
    EXPECT_TRUE(probe("fatal_load"));
}

}  // namespace
}  // namespace patchbay::plugins
