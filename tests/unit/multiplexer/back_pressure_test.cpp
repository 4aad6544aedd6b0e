// SPDX-License-Identifier: Apache-2.0
/// Bounds, room, reserved room, sleep and wake, lanes and groups.
#include "harness.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace patchbay::multiplexer::testing {
namespace {

InstanceOptions bounded(const std::string& name, std::uint32_t envelopes,
                        std::uint64_t bytes = 1 << 30) {
    InstanceOptions options = Harness::options(name);
    options.mailbox_envelopes = envelopes;
    options.mailbox_bytes = bytes;
    return options;
}

TEST(BackPressure, AfterTheFirstFullLaterOnesForThatDestinationAreFull) {
    Harness host;
    const Peer source = host.add("source");
    const Peer small = host.add(bounded("small", 3));
    const Peer large = host.add("large");
    std::vector<Draft> drafts;
    for (int i = 0; i < 200; ++i) {
        drafts.push_back(
            {.to = i % 2 == 0 ? small.id() : large.id(), .message = std::to_string(i)});
    }
    const auto results = source.deliver_all(drafts);
    for (std::size_t i = 0; i < results.size(); ++i) {
        const bool fits = i % 2 == 1 || i < 6;
        EXPECT_EQ(results[i].status, fits ? PATCHBAY_DELIVERY_ACCEPTED : PATCHBAY_DELIVERY_FULL)
            << i;
        EXPECT_EQ(results[i].destination, (i % 2 == 0 ? small : large).instance->number());
    }
    EXPECT_EQ(large.messages().size(), 100U) << "the others proceed";
    EXPECT_EQ(source.counters().full, 97U);
    EXPECT_EQ(small.messages(), (std::vector<std::string>{"0", "2", "4"}));
    // Half empty: the deliverer hears of it and repeats in order.
    const auto signals = source.signals();
    ASSERT_EQ(signals.size(), 1U) << "one signal however many were refused";
    EXPECT_EQ(signals[0].kind, std::uint32_t{PATCHBAY_SIGNAL_ROOM});
    EXPECT_EQ(signals[0].value, small.instance->number());
    EXPECT_EQ(source.deliver({.to = small.id(), .message = "6"}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(small.messages(), std::vector<std::string>{"6"});
}

TEST(BackPressure, RoomIsToldWhenHalfIsFree) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add(bounded("target", 100));
    source.deliver_all(std::vector<Draft>(101, Draft{.to = target.id()}));
    target.messages(49);
    EXPECT_TRUE(source.signals().empty());
    target.messages(1);
    EXPECT_EQ(source.signals().size(), 1U);
    target.messages(30);
    EXPECT_TRUE(source.signals().empty()) << "once";
}

TEST(BackPressure, HoldsInBytes) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add(bounded("target", 1000, 100'000));
    const std::string large(20'000, 'x');
    std::size_t accepted = 0;
    for (const auto& result :
         source.deliver_all(std::vector<Draft>(10, Draft{.to = target.id(), .message = large}))) {
        accepted += result.status == PATCHBAY_DELIVERY_ACCEPTED ? 1U : 0U;
    }
    EXPECT_GE(accepted, 2U);
    EXPECT_LE(accepted, 5U);
    EXPECT_LE(target.counters().queued_bytes, 100'000U);
    EXPECT_EQ(target.messages().size(), accepted);
    EXPECT_EQ(source.signals().size(), 1U);
    // One that is larger than the bound alone still passes when nothing waits.
    EXPECT_EQ(source.deliver({.to = target.id(), .message = std::string(200'000, 'y')}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(source.deliver({.to = target.id()}).status, PATCHBAY_DELIVERY_FULL);
}

TEST(BackPressure, AMailboxGrowsToItsBoundAndNotBeyond) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add(bounded("target", 5000));
    std::vector<std::string> expected;
    std::vector<std::string> got;
    int next = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<Draft> drafts;
        for (int i = 0; i < 600; ++i) {
            drafts.push_back({.to = target.id(), .message = std::to_string(next + i)});
        }
        for (const auto& result : source.deliver_all(drafts)) {
            if (result.status == PATCHBAY_DELIVERY_ACCEPTED) {
                expected.push_back(std::to_string(next++));
            }
        }
        for (std::string& message : target.messages(200)) {
            got.push_back(std::move(message));
        }
        EXPECT_LE(target.counters().queued, 5000U);
    }
    EXPECT_EQ(target.counters().queued, 5000U - 200U);
    for (std::string& message : target.messages(10'000)) {
        got.push_back(std::move(message));
    }
    EXPECT_EQ(got, expected);
}

TEST(BackPressure, ASlowNeighbourDelaysNobodyElse) {
    Harness host;
    const Peer source = host.add("source");
    const Peer hung = host.add(bounded("hung", 10));
    const Peer quick = host.add("quick");
    source.deliver_all(std::vector<Draft>(100, Draft{.to = hung.id()}));
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(source.deliver({.to = quick.id()}).status, PATCHBAY_DELIVERY_ACCEPTED);
        ASSERT_EQ(quick.messages().size(), 1U);
    }
}

TEST(BackPressure, AnswersPassBetweenTwoFullMailboxes) {
    Harness host;
    const Peer one = host.add(bounded("one", 20));
    const Peer two = host.add(bounded("two", 20));
    // Each asks the other five times; room for the answers is reserved.
    std::vector<Draft> to_two(5, Draft{.to = two.id(), .flags = PATCHBAY_ENVELOPE_REQUEST});
    std::vector<Draft> to_one(5, Draft{.to = one.id(), .flags = PATCHBAY_ENVELOPE_REQUEST});
    one.deliver_all(to_two);
    two.deliver_all(to_one);
    const auto asked_two = two.take();
    const auto asked_one = one.take();
    ASSERT_EQ(asked_one.size(), 5U);
    // Then they fill each other to the brim.
    const auto fill = [](const Peer& from, const Peer& to) {
        while (from.deliver({.to = to.id()}).status == PATCHBAY_DELIVERY_ACCEPTED) {
        }
    };
    fill(one, two);
    fill(two, one);
    EXPECT_EQ(one.counters().queued, 15U) << "five places are kept";
    for (const Taken& request : asked_two) {
        const auto result = two.deliver({.to = "whoever",
                                         .message = "answer",
                                         .parent = request.token,
                                         .reply_to = request.origin});
        EXPECT_EQ(result.status, PATCHBAY_DELIVERY_ACCEPTED);
        EXPECT_EQ(
            two.deliver({.to = "whoever", .parent = request.token, .reply_to = request.origin})
                .status,
            PATCHBAY_DELIVERY_FULL)
            << "one answer, one place";
        two.complete(request.token);
    }
    for (const Taken& request : asked_one) {
        EXPECT_EQ(
            one.deliver({.to = "whoever", .parent = request.token, .reply_to = request.origin})
                .status,
            PATCHBAY_DELIVERY_ACCEPTED);
        one.complete(request.token);
    }
    EXPECT_EQ(one.counters().queued, 20U);
    EXPECT_EQ(one.messages().size(), 20U);
    EXPECT_EQ(two.messages().size(), 20U);
}

TEST(BackPressure, UnusedReservedRoomComesBack) {
    Harness host;
    const Peer asker = host.add(bounded("asker", 4));
    const Peer target = host.add("target");
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 4; ++i) {
            ASSERT_EQ(asker.deliver({.to = target.id(), .flags = PATCHBAY_ENVELOPE_REQUEST}).status,
                      PATCHBAY_DELIVERY_ACCEPTED);
        }
        const auto fifth = asker.deliver({.to = target.id(), .flags = PATCHBAY_ENVELOPE_REQUEST});
        EXPECT_EQ(fifth.status, PATCHBAY_DELIVERY_FULL);
        EXPECT_EQ(fifth.destination, asker.instance->number()) << "its own room is the reason";
        target.messages();  // completed without an answer
        const auto signals = asker.signals();
        ASSERT_EQ(signals.size(), 1U);
        EXPECT_EQ(signals[0].kind, std::uint32_t{PATCHBAY_SIGNAL_ROOM});
    }
}

TEST(BackPressure, WhatIsInFlightIsBounded) {
    Harness host;
    InstanceOptions options = Harness::options("target");
    options.in_flight_limit = 10;
    const Peer source = host.add("source");
    const Peer target = host.add(options);
    source.deliver_all(std::vector<Draft>(50, Draft{.to = target.id()}));
    const auto taken = target.take();
    EXPECT_EQ(taken.size(), 10U);
    EXPECT_EQ(target.take().size(), 0U);
    EXPECT_TRUE(target.lane().sleep(PATCHBAY_INTEREST_ENVELOPES)) << "not woken in vain";
    target.complete(taken[0].token);
    EXPECT_EQ(target.take().size(), 1U);
}

TEST(Sleep, ATakerIsWokenOncePerSleep) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    Lane& lane = target.lane();
    EXPECT_FALSE(is_readable(lane.descriptor()));
    source.deliver({.to = target.id()});
    EXPECT_FALSE(is_readable(lane.descriptor())) << "nobody sleeps";
    EXPECT_FALSE(lane.sleep(PATCHBAY_INTEREST_ENVELOPES)) << "something is there";
    target.messages();
    EXPECT_TRUE(lane.sleep(PATCHBAY_INTEREST_ENVELOPES));
    source.deliver_all(std::vector<Draft>(10, Draft{.to = target.id()}));
    EXPECT_TRUE(is_readable(lane.descriptor()));
    EXPECT_EQ(target.messages().size(), 10U);
    EXPECT_FALSE(is_readable(lane.descriptor())) << "taking resets it";
    // A saturated lane sleeps for signals alone.
    EXPECT_TRUE(lane.sleep(0));
    source.deliver({.to = target.id()});
    EXPECT_FALSE(is_readable(lane.descriptor()));
    lane.wake();
    lane.wake();
    EXPECT_TRUE(is_readable(lane.descriptor()));
    const auto signals = target.signals();
    ASSERT_EQ(signals.size(), 1U) << "several wakes, one signal";
    EXPECT_EQ(signals[0].kind, std::uint32_t{PATCHBAY_SIGNAL_WAKE});
    EXPECT_FALSE(is_readable(lane.descriptor()));
}

TEST(Signals, ComeInOrderWithOwnedContents) {
    Harness host;
    InstanceOptions options = Harness::options("target");
    options.signal_limit = 2;
    const Peer target = host.add(options);
    Lane& lane = target.lane();
    EXPECT_TRUE(lane.post({PATCHBAY_SIGNAL_CALL, PATCHBAY_OK, 1, 2, "method", "arguments"}));
    EXPECT_TRUE(lane.post({PATCHBAY_SIGNAL_TIMER, PATCHBAY_OK, 3, 0, {}, {}}));
    EXPECT_FALSE(lane.post({PATCHBAY_SIGNAL_TIMER, PATCHBAY_OK, 4, 0, {}, {}})) << "bounded";
    EXPECT_TRUE(lane.post({PATCHBAY_SIGNAL_STOP, PATCHBAY_OK, 0, 0, {}, {}})) << "always";
    EXPECT_FALSE(lane.sleep(0));
    const auto signals = target.signals();
    ASSERT_EQ(signals.size(), 3U);
    EXPECT_EQ(signals[0].name, "method");
    EXPECT_EQ(signals[0].payload, "arguments");
    EXPECT_EQ(signals[0].token, 1U);
    EXPECT_EQ(signals[0].value, 2U);
    EXPECT_EQ(signals[1].token, 3U);
    EXPECT_EQ(signals[2].kind, std::uint32_t{PATCHBAY_SIGNAL_STOP});
}

TEST(Lanes, EachHasItsMailboxAndAnswersFindTheirLane) {
    Harness host;
    const Peer server = host.add(Harness::options("server"), 3);
    const Peer worker = host.add("worker");
    Draft draft{.to = worker.id()};
    for (std::uint32_t i = 0; i < 3; ++i) {
        draft.message = std::to_string(i);
        patchbay_envelope envelope = envelope_of(draft);
        patchbay_delivery result{};
        const patchbay_array in{sizeof in, sizeof envelope, 1, 0, &envelope};
        patchbay_array out{sizeof out, sizeof result, 1, 0, &result};
        ASSERT_EQ(server.lane(i).deliver(&in, &out), PATCHBAY_OK);
    }
    for (const Taken& request : worker.take()) {
        EXPECT_EQ(request.origin.lane, static_cast<std::uint32_t>(std::stoi(request.message)));
        worker.deliver({.to = server.id(), .message = request.message, .reply_to = request.origin});
        worker.complete(request.token);
    }
    for (std::uint32_t i = 0; i < 3; ++i) {
        const auto taken = Peer::take_from(server.lane(i));
        ASSERT_EQ(taken.size(), 1U);
        EXPECT_EQ(taken[0].message, std::to_string(i));
    }
    // Without an origin one source lane always meets the same lane: order.
    for (int i = 0; i < 9; ++i) {
        worker.deliver({.to = server.id(), .message = std::to_string(i)});
    }
    std::size_t lanes_used = 0;
    for (std::uint32_t i = 0; i < 3; ++i) {
        lanes_used += Peer::take_from(server.lane(i)).empty() ? 0U : 1U;
    }
    EXPECT_EQ(lanes_used, 1U);
    // The directory may name a lane.
    ASSERT_TRUE(host.multiplexer.agents().attach("bob", {server.instance->number(), 2}));
    worker.deliver({.to = "bob"});
    EXPECT_EQ(Peer::take_from(server.lane(2)).size(), 1U);
}

TEST(Lanes, AGroupSleepsForAllOfThem) {
    Harness host;
    const Peer source = host.add("source");
    LaneGroup group;
    std::vector<Peer> peers;
    for (int i = 0; i < 40; ++i) {
        peers.push_back(host.add("peer_" + std::to_string(i)));
        ASSERT_TRUE(group.add(peers.back().lane()));
    }
    EXPECT_NE(group.ready(), 0U) << "what arrived before is looked at";
    EXPECT_EQ(group.ready(), 0U);
    EXPECT_TRUE(group.sleep());
    EXPECT_FALSE(is_readable(group.descriptor()));
    source.deliver_all({{.to = peers[3].id()}, {.to = peers[33].id()}, {.to = peers[3].id()}});
    EXPECT_TRUE(is_readable(group.descriptor()));
    const std::uint64_t ready = group.ready();
    EXPECT_FALSE(is_readable(group.descriptor()));
    EXPECT_EQ(ready, (std::uint64_t{1} << 3U) | (std::uint64_t{1} << 33U));
    EXPECT_EQ(group.lane(33), &peers[33].lane());
    EXPECT_EQ(peers[3].messages(1).size(), 1U);
    group.again(3);
    EXPECT_EQ(group.ready(), std::uint64_t{1} << 3U);
    peers[7].lane().post({PATCHBAY_SIGNAL_TIMER, PATCHBAY_OK, 1, 0, {}, {}});
    EXPECT_FALSE(group.sleep()) << "signals make ready too";
    EXPECT_EQ(group.ready(), std::uint64_t{1} << 7U);
    group.remove(peers[7].lane());
    EXPECT_EQ(group.lane(7), nullptr);
}

Draft wanted_one(const std::string& to, const std::string& message) {
    return {.to = to, .message = message, .flags = PATCHBAY_ENVELOPE_RECEIPT, .receipt = 1};
}

class Recorder final : public InlineDispatch {
  public:
    void on_batch(Lane& lane, const patchbay_array& envelopes,
                  patchbay_status* results) noexcept override {
        ++batches;
        for (std::uint32_t i = 0; i < envelopes.count; ++i) {
            const Taken taken =
                copy_of(*static_cast<patchbay_envelope*>(patchbay_array_at(&envelopes, i)));
            messages.push_back(taken.message);
            if (taken.message == "pending") {
                results[i] = PATCHBAY_PENDING;
                pending = taken.token;
            } else if (taken.message == "echo") {
                const Draft draft{.to = "x",
                                  .message = "echoed",
                                  .parent = taken.token,
                                  .reply_to = taken.origin};
                patchbay_envelope envelope = envelope_of(draft);
                patchbay_delivery result{};
                const patchbay_array in{sizeof in, sizeof envelope, 1, 0, &envelope};
                patchbay_array out{sizeof out, sizeof result, 1, 0, &result};
                lane.deliver(&in, &out);
            }
        }
    }
    int batches = 0;
    std::vector<std::string> messages;
    std::uint64_t pending = 0;
};

TEST(InlineDispatch, RunsOnTheDeliverersThreadWhenNothingWaits) {
    Harness host;
    const ThreadScope scope(host.multiplexer);
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    Recorder recorder;
    target.lane().set_inline_dispatch(&recorder);
    source.deliver_all({wanted_one(target.id(), "a"), wanted_one(target.id(), "pending"),
                        wanted_one(target.id(), "echo")});
    EXPECT_EQ(recorder.batches, 1);
    EXPECT_EQ(recorder.messages, (std::vector<std::string>{"a", "pending", "echo"}));
    EXPECT_EQ(target.take().size(), 0U);
    EXPECT_EQ(target.counters().inline_dispatched, 3U);
    EXPECT_EQ(target.counters().in_flight, 1U);
    target.complete(recorder.pending);
    EXPECT_EQ(source.messages(), std::vector<std::string>{"echoed"});
    EXPECT_EQ(source.signals().size(), 3U);
    // While the lane's own thread is inside, envelopes wait for it, and then order rules.
    target.lane().enter();
    source.deliver({.to = target.id(), .message = "b"});
    EXPECT_EQ(recorder.batches, 1);
    target.lane().leave();
    source.deliver({.to = target.id(), .message = "c"});
    EXPECT_EQ(recorder.batches, 1) << "it would overtake";
    target.lane().enter();
    EXPECT_EQ(target.messages(), (std::vector<std::string>{"b", "c"}));
    target.lane().leave();
    source.deliver({.to = target.id(), .message = "d"});
    EXPECT_EQ(recorder.messages.back(), "d");
    target.lane().set_inline_dispatch(nullptr);
    source.deliver({.to = target.id(), .message = "e"});
    EXPECT_EQ(target.messages(), std::vector<std::string>{"e"});
    EXPECT_TRUE(host.multiplexer.is_idle());
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
