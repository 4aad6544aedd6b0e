// SPDX-License-Identifier: Apache-2.0
#include "plugins/host_call.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

TEST(HostCall, RunsOnAThreadOfItsOwnAndWaits) {
    std::thread::id runner;
    EXPECT_TRUE(call_on_host_thread("t", 10s, [&] { runner = std::this_thread::get_id(); }));
    EXPECT_NE(runner, std::thread::id());
    EXPECT_NE(runner, std::this_thread::get_id());
}

TEST(HostCall, ACallThatHangsIsGivenUp) {
    auto release = std::make_shared<std::promise<void>>();
    auto ended = std::make_shared<std::promise<void>>();
    EXPECT_FALSE(call_on_host_thread("t", 1ms, [release, ended] {
        release->get_future().wait();
        ended->set_value();
    }));
    release->set_value();
    EXPECT_EQ(ended->get_future().wait_for(10s), std::future_status::ready);
}

}  // namespace
}  // namespace patchbay::plugins
