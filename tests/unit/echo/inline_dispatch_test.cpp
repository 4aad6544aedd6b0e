// SPDX-License-Identifier: Apache-2.0
/// \file
/// The built plugin in the real host: it runs on the thread of whoever asks, takes no memory from
/// the system there once it is warm, and is gone after unloading all the same. A program of its
/// own, because it replaces operator new.
#include "instance_bench.hpp"
#include "manual_clock.hpp"

#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

// NOLINTBEGIN(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

/// An instance of the host whose lane the test itself serves, as a server of http would.
class Asker {
  public:
    explicit Asker(multiplexer::Multiplexer& multiplexer) : multiplexer_(multiplexer) {
        multiplexer::InstanceOptions options;
        options.name = "asker";
        options.component_id = sender_;
        instance_ = *multiplexer.add_instance(std::move(options));
        generation_ = *instance_->attach(1);
        instance_->hand_over();
        instance_->set_connected(true);
        protocols::HttpMessageView request;
        request.header = {"reference", "", 1, 0, {}};
        request.body = protocols::HttpRequestView{"POST", "http://h/hello", "1.1",
                                                  "Host: h\nContent-Type: text/plain\n\n", "body"};
        message_ = *protocols::encode(request);
    }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker() {
        instance_->set_connected(false);
        (void)instance_->detach(*generation_);
        multiplexer_.remove_instance(*instance_);
    }

    /// Asks once and waits for the answer; its bytes are valid until the next call.
    std::string_view ask() {
        generation_->complete(&answer_.token, answer_.token == 0 ? 0 : 1, PATCHBAY_OK, nullptr);
        patchbay_envelope envelope{};
        envelope.to = to_.data();
        envelope.to_size = static_cast<std::uint32_t>(to_.size());
        envelope.sender = sender_.data();
        envelope.sender_size = static_cast<std::uint32_t>(sender_.size());
        envelope.protocol_id = protocols::http_protocol_id.data();
        envelope.protocol_id_size = static_cast<std::uint32_t>(protocols::http_protocol_id.size());
        envelope.message = reinterpret_cast<const std::uint8_t*>(message_.data());
        envelope.message_size = static_cast<std::uint32_t>(message_.size());
        envelope.flags = PATCHBAY_ENVELOPE_REQUEST;
        patchbay_delivery delivery{};
        const patchbay_array batch{sizeof(patchbay_array), sizeof(envelope), 1, 0, &envelope};
        patchbay_array results{sizeof(patchbay_array), sizeof(delivery), 1, 0, &delivery};
        EXPECT_EQ(generation_->lane(0)->deliver(&batch, &results), PATCHBAY_OK);
        EXPECT_EQ(delivery.status, std::uint32_t{PATCHBAY_DELIVERY_ACCEPTED});
        answer_ = {};
        patchbay_array got{sizeof(patchbay_array), sizeof(answer_), 1, 0, &answer_};
        do {
            got.count = 1;
            (void)generation_->lane(0)->take(&got);
        } while (got.count == 0 && !::testing::Test::HasFailure());
        return {reinterpret_cast<const char*>(answer_.message), answer_.message_size};
    }

  private:
    multiplexer::Multiplexer& multiplexer_;
    multiplexer::Instance* instance_ = nullptr;
    multiplexer::Generation* generation_ = nullptr;
    const std::string to_ = "patchbay/echo:0.1.0";
    const std::string sender_ = "tests/asker:0.1.0";
    std::string message_;
    patchbay_envelope answer_{};
};

TEST(EchoPlugin, RunsOnTheAskersThreadWithoutAllocatingAndStillUnloads) {
    const test::TemporaryFolder data;
    test::ManualClock clock;
    test::Traffic traffic(clock);
    Scheduler scheduler(clock);
    CallRouter calls(scheduler);
    test::MemoryStore store;
    const HostServices services{traffic.events, clock, traffic.multiplexer,
                                scheduler,      calls, &store};
    test::RecordingListener listener;
    auto created = RunFolder::create(data.path());
    ASSERT_TRUE(created) << to_string(created.error());
    const std::shared_ptr<RunFolder> runs = std::move(*created);

    InstancePlan plan = test::plan_of("echo", "libecho", "EchoConnection");
    auto manifest = std::make_shared<config::ConnectionManifest>(*plan.manifest);
    manifest->author = "patchbay";
    manifest->name = "echo";
    plan.class_id = manifest->public_id();
    plan.component_id = "patchbay/echo:0.1.0";
    plan.manifest = std::move(manifest);
    auto instance = Instance::add(plan, services, data.path().string(), listener);
    ASSERT_TRUE(instance) << to_string(instance.error());
    {
        auto generation =
            PluginGeneration::load(runs, plan.library, plan.class_id, 1, {}, 20s, traffic.events);
        ASSERT_TRUE(generation) << to_string(generation.error());
        ASSERT_TRUE((*instance)->load(*generation));
    }
    ASSERT_TRUE((*instance)->connect());
    ASSERT_TRUE((*instance)->wait_connected());
    {
        const multiplexer::ThreadScope scope(traffic.multiplexer);
        Asker asker(traffic.multiplexer);
        const auto answer = protocols::decode_http(asker.ask());
        ASSERT_TRUE(answer) << to_string(answer.error());
        const auto& response = std::get<protocols::HttpResponseView>(answer->body);
        EXPECT_EQ(response.status_code, 200);
        EXPECT_EQ(response.headers, "Content-Type: text/plain\n\n");
        EXPECT_EQ(response.body, "body");
        for (int i = 0; i < 200; ++i) {
            (void)asker.ask();
        }
        scheduler.settle();  // it has told that the instance is connected
        const std::uint64_t before = allocations.load();
        for (int i = 0; i < 1000; ++i) {
            (void)asker.ask();
        }
        EXPECT_EQ(allocations.load(), before);
        EXPECT_GT(traffic.multiplexer.find("echo")->counters().inline_dispatched, 0U);
    }
    (*instance)->stop();
    scheduler.settle();
    EXPECT_EQ((*instance)->status().misbehaviour, 0U);
    EXPECT_EQ(traffic.events.count("plugin.unloaded"), 1U);
    EXPECT_EQ(traffic.events.count("plugin.still_mapped"), 0U)
        << traffic.events.text("plugin.still_mapped");
}

}  // namespace
}  // namespace patchbay::plugins
