// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/resident_agent.hpp"

#include "harness.hpp"
#include "multiplexer/resident_agent_async.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace patchbay::multiplexer::testing {
namespace {

using namespace std::chrono_literals;

protocols::DefaultMessage bytes_message(const std::string& content) {
    protocols::DefaultMessage message;
    message.header.starter_reference = "1";
    message.body = protocols::DefaultBytes{content};
    return message;
}

std::string content_of(const Received& received) {
    return std::get<protocols::DefaultBytes>(
               protocols::decode_default(received.envelope.message).value().body)
        .content;
}

TEST(ResidentAgent, TalksToAConnectionThroughItsBoxes) {
    Harness host;
    const Peer connection = host.add("connection");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    EXPECT_TRUE(agent->inbox().empty());
    EXPECT_FALSE(agent->inbox().get_nowait().has_value());
    ASSERT_TRUE(agent->outbox()
                    .put_message(connection.id(), "me/agent:0.1.0", bytes_message("hi"))
                    .has_value());
    EXPECT_TRUE(agent->outbox().empty());
    const auto taken = connection.take();
    ASSERT_EQ(taken.size(), 1U);
    // It answers by origin: `to` is nobody's.
    connection.deliver({.to = "nobody",
                        .message = protocols::encode(bytes_message("ho")).value(),
                        .reply_to = taken[0].origin});
    connection.complete(taken[0].token);
    EXPECT_FALSE(agent->inbox().empty());
    EXPECT_TRUE(agent->inbox().wait(0s));
    const auto received = agent->inbox().get_nowait();
    ASSERT_TRUE(received.has_value());
    EXPECT_EQ(content_of(*received), "ho");
    EXPECT_TRUE(agent->inbox().empty());
}

TEST(ResidentAgent, GetsWhatNobodyElseTakes) {
    Harness host;
    const Peer connection = host.add("connection");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    connection.deliver({.to = "some-agent"});
    EXPECT_EQ(agent->inbox().get(1s).value().envelope.to, "some-agent");
}

TEST(ResidentAgent, AnswersTheLaneThatAsked) {
    Harness host;
    const Peer one = host.add("one");
    const Peer other = host.add("other");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    one.deliver({.to = "me", .sender = "same"});
    other.deliver({.to = "me", .sender = "same"});
    const Received first = agent->inbox().get_nowait().value();
    ASSERT_TRUE(
        agent->outbox().answer(first, {"same", "me", "fetchai/default:1.0.0", "x"}).has_value());
    EXPECT_EQ(one.take().size(), 1U) << "although 'same' was last heard through the other";
    EXPECT_EQ(other.take().size(), 0U);
}

TEST(OutBox, RefusesWhatUpstreamRefuses) {
    Harness host;
    const Peer connection = host.add("connection");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    const std::string message = protocols::encode(bytes_message("hi")).value();
    const std::string protocol = "fetchai/default:1.0.0";
    const auto code = [&](const Envelope& envelope) {
        const Result<void> result = agent->outbox().put(envelope);
        return result ? "" : result.error().code;
    };
    EXPECT_EQ(code({connection.id(), "me/a:0.1.0", protocol, "raw bytes"}), "outbox.not_a_message");
    EXPECT_EQ(code({connection.id(), "me/a:0.1.0", protocol, ""}), "outbox.not_a_message");
    EXPECT_EQ(code({"", "me/a:0.1.0", protocol, message}), "outbox.no_to");
    EXPECT_EQ(code({connection.id(), "", protocol, message}), "outbox.no_sender");
    EXPECT_EQ(code({connection.id(), "me/a:0.1.0", "default", message}), "outbox.no_protocol");
    EXPECT_EQ(code({"nobody", "me", protocol, message}), "outbox.dead_lettered");
    EXPECT_EQ(code({connection.id(), "me/a:0.1.0", protocol, message}), "");
    EXPECT_TRUE(agent->outbox()
                    .put_raw({connection.id(), "me/a:0.1.0", protocol, "raw bytes"})
                    .has_value());
    EXPECT_EQ(connection.take().size(), 2U);
}

TEST(OutBox, SaysWhenTheDestinationIsFull) {
    Harness host;
    InstanceOptions small = Harness::options("small");
    small.mailbox_envelopes = 2;
    const Peer connection = host.add(small);
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    const auto put = [&] {
        return agent->outbox().put_message(connection.id(), "me/a:0.1.0", bytes_message("x"));
    };
    EXPECT_TRUE(put().has_value());
    EXPECT_TRUE(put().has_value());
    const Result<void> full = put();
    ASSERT_FALSE(full.has_value());
    EXPECT_EQ(full.error().code, "outbox.full");
    EXPECT_EQ(full.error().error_class, ErrorClass::overloaded);
}

TEST(InBox, GetWaitsForAnotherThread) {
    Harness host;
    const Peer connection = host.add("connection");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    EXPECT_FALSE(agent->inbox().get(1ms).has_value());
    std::thread sender([&] { connection.deliver({.to = "me"}); });
    EXPECT_TRUE(agent->inbox().get(60s).has_value());
    sender.join();
}

TEST(InBox, LosesNoWakeUpBetweenPutAndWait) {
    Harness host;
    const Peer connection = host.add("connection");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    constexpr int rounds = 2000;
    std::thread sender([&] {
        for (int i = 0; i < rounds; ++i) {
            connection.deliver({.to = "me"});
        }
    });
    int got = 0;
    while (got < rounds && agent->inbox().get(60s).has_value()) {
        ++got;
    }
    EXPECT_EQ(got, rounds);
    sender.join();
}

TEST(InBox, IsAwaitable) {
    Harness host;
    const Peer connection = host.add("connection");
    const auto agent = ResidentAgent::create(host.multiplexer, {}).value();
    boost::asio::io_context context;
    std::vector<std::string> got;
    bool waited = false;
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            co_await async_wait(agent->inbox());
            waited = !agent->inbox().empty();
            for (int i = 0; i < 3; ++i) {
                got.push_back((co_await async_get(agent->inbox())).envelope.message);
            }
        },
        boost::asio::detached);
    context.poll();
    EXPECT_TRUE(got.empty());
    std::thread sender([&] {
        for (const char* message : {"a", "b", "c"}) {
            connection.deliver({.to = "me", .message = message});
        }
    });
    context.run();
    sender.join();
    EXPECT_TRUE(waited);
    EXPECT_EQ(got, (std::vector<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
