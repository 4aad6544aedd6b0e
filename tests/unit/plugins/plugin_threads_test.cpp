// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_threads.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

TEST(PluginThreads, AreNamedCountedAndJoined) {
    PluginThreads threads("stub");
    std::promise<void> go;
    std::array<char, 32> name{};
    auto* thread = threads.start("writer", [&, wait = go.get_future().share()] {
        ::pthread_getname_np(::pthread_self(), name.data(), name.size());
        wait.wait();
    });
    ASSERT_NE(thread, nullptr);
    EXPECT_EQ(threads.count(), 1U);
    go.set_value();
    EXPECT_EQ(threads.join(thread), PluginThreads::Joined::joined);
    EXPECT_STREQ(name.data(), "pbay:stub/write");  // 15 bytes, the system's limit
    EXPECT_EQ(threads.count(), 0U);
    EXPECT_EQ(threads.join(thread), PluginThreads::Joined::unknown_thread);
}

TEST(PluginThreads, OneThatDoesNotEndIsTold) {
    auto threads = std::make_unique<PluginThreads>("stub");
    auto go = std::make_shared<std::promise<void>>();
    auto gone = std::make_shared<std::promise<void>>();
    threads->start("hangs", [go, gone] {
        go->get_future().wait();
        gone->set_value();
    });
    auto* ends = threads->start("ends", [] {});
    while (threads->count() > 1) {
        std::this_thread::yield();
    }
    EXPECT_EQ(threads->join_all(1ms), std::vector<std::string>{"hangs"});
    EXPECT_EQ(threads->join_all(0ms), std::vector<std::string>{"hangs"});
    EXPECT_EQ(threads->join(ends), PluginThreads::Joined::joined) << "handles stay until joined";
    threads.reset();
    go->set_value();
    EXPECT_EQ(gone->get_future().wait_for(10s), std::future_status::ready);
}

TEST(PluginThreads, OneCannotJoinItself) {
    PluginThreads threads("stub");
    std::promise<patchbay_thread*> self;
    std::promise<PluginThreads::Joined> answer;
    auto* thread =
        threads.start("self", [&] { answer.set_value(threads.join(self.get_future().get())); });
    self.set_value(thread);
    EXPECT_EQ(answer.get_future().get(), PluginThreads::Joined::own_thread);
    EXPECT_TRUE(threads.join_all(10s).empty());
}

TEST(PluginThreads, TheirNumberIsBounded) {
    PluginThreads threads("stub");
    std::promise<void> go;
    const auto wait = go.get_future().share();
    for (std::size_t i = 0; i < PluginThreads::capacity; ++i) {
        ASSERT_NE(threads.start("t", [wait] { wait.wait(); }), nullptr);
    }
    EXPECT_EQ(threads.start("t", [] {}), nullptr);
    go.set_value();
    EXPECT_TRUE(threads.join_all(10s).empty());
}

}  // namespace
}  // namespace patchbay::plugins
