// SPDX-License-Identifier: Apache-2.0
/// Completion, receipts, parents, time limits, dead letters.
#include "harness.hpp"

#include <patchbay/protocols/default.hpp>

#include <gtest/gtest.h>

namespace patchbay::multiplexer::testing {
namespace {

Draft wanted(const std::string& to, std::uint64_t receipt, std::uint64_t parent = 0) {
    return {.to = to, .flags = PATCHBAY_ENVELOPE_RECEIPT, .receipt = receipt, .parent = parent};
}

TEST(Receipts, TellOnceWhatBecameOfAnEnvelope) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver(wanted(target.id(), 1));
    source.deliver(wanted(target.id(), 2));
    const auto taken = target.take();
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_TRUE(source.signals().empty());
    target.complete(taken[1].token, PATCHBAY_FAILED, "disk.full");
    target.complete(taken[0].token);
    const auto signals = source.signals();
    ASSERT_EQ(signals.size(), 2U);
    EXPECT_EQ(signals[0].token, 2U);
    EXPECT_EQ(signals[0].value, std::uint64_t{PATCHBAY_RECEIPT_FAILED});
    EXPECT_EQ(signals[0].status, PATCHBAY_FAILED);
    EXPECT_EQ(signals[0].name, "disk.full");
    EXPECT_EQ(signals[1].token, 1U);
    EXPECT_EQ(signals[1].value, std::uint64_t{PATCHBAY_RECEIPT_DONE});
    EXPECT_EQ(source.counters().receipts, 2U);
    EXPECT_EQ(target.counters().failed, 1U);
    EXPECT_EQ(target.observer->failures, std::vector<std::string>{"disk.full x1"});
    EXPECT_EQ(host.dead_letters.last().reason, std::uint32_t{PATCHBAY_REASON_SEND_FAILED});
    EXPECT_EQ(host.dead_letters.last().code, "disk.full");
    EXPECT_EQ(host.dead_letters.last().destination, "target");
}

TEST(Receipts, CoverTheWholeChain) {
    Harness host;
    const Peer stub = host.add("stub");
    const Peer middle = host.add("middle");
    const Peer end = host.add("end");
    stub.deliver(wanted(middle.id(), 9));
    const auto first = middle.take();
    middle.deliver({.to = end.id(), .parent = first[0].token});
    middle.deliver({.to = middle.id(), .parent = first[0].token});
    middle.complete(first[0].token);
    EXPECT_TRUE(stub.signals().empty()) << "the children are not settled";
    const auto second = middle.take();
    middle.deliver({.to = end.id(), .parent = second[0].token});
    middle.complete(second[0].token);
    const auto third = end.take();
    ASSERT_EQ(third.size(), 2U);
    end.complete(third[0].token);
    EXPECT_TRUE(stub.signals().empty()) << "a grandchild is not settled";
    end.complete(third[1].token);
    const auto signals = stub.signals();
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_EQ(signals[0].value, std::uint64_t{PATCHBAY_RECEIPT_DONE});
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(Receipts, AreAsBadAsTheWorstOfTheChain) {
    Harness host;
    const Peer stub = host.add("stub");
    const Peer middle = host.add("middle");
    const Peer end = host.add("end");
    stub.deliver(wanted(middle.id(), 1));
    auto taken = middle.take();
    middle.deliver({.to = "nobody", .parent = taken[0].token});  // dead letter at once
    middle.complete(taken[0].token);
    EXPECT_EQ(stub.signals().at(0).value, std::uint64_t{PATCHBAY_RECEIPT_DEAD_LETTERED});

    stub.deliver(wanted(middle.id(), 2));
    taken = middle.take();
    taken.erase(taken.begin(), taken.end() - 1);  // an error message came first
    middle.deliver({.to = end.id(), .parent = taken[0].token});
    middle.complete(taken[0].token);
    end.complete(end.take().at(0).token, PATCHBAY_FAILED, "end.broken");
    const auto signals = stub.signals();
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_EQ(signals[0].value, std::uint64_t{PATCHBAY_RECEIPT_FAILED});
    EXPECT_EQ(signals[0].name, "end.broken");
}

TEST(Receipts, AreBoundedPerLane) {
    Harness host;
    InstanceOptions eager = Harness::options("eager");
    eager.receipt_limit = 4;
    const Peer source = host.add(eager);
    const Peer target = host.add("target");
    for (std::uint64_t i = 1; i <= 4; ++i) {
        EXPECT_EQ(source.deliver(wanted(target.id(), i)).status, PATCHBAY_DELIVERY_ACCEPTED);
    }
    const auto refused = source.deliver(wanted(target.id(), 5));
    EXPECT_EQ(refused.status, PATCHBAY_DELIVERY_FULL);
    EXPECT_EQ(refused.destination, source.instance->number());
    EXPECT_EQ(source.deliver({.to = target.id()}).status, PATCHBAY_DELIVERY_ACCEPTED)
        << "without a receipt it goes on";
    target.messages();
    ASSERT_EQ(source.signals().size(), 4U);
    const auto room = source.signals();
    ASSERT_EQ(room.size(), 1U);
    EXPECT_EQ(room[0].kind, std::uint32_t{PATCHBAY_SIGNAL_ROOM});
    EXPECT_EQ(room[0].value, source.instance->number());
    EXPECT_EQ(source.deliver(wanted(target.id(), 5)).status, PATCHBAY_DELIVERY_ACCEPTED);
}

TEST(Completion, HappensOnceAndOnlyByTheHolder) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver(wanted(target.id(), 1));
    const auto taken = target.take();
    const std::uint64_t token = taken[0].token;
    source.complete(token);
    EXPECT_EQ(source.observer->misbehaviour, std::vector<std::string>{"token.unknown"});
    for (const std::uint64_t forged :
         {std::uint64_t{0}, ~std::uint64_t{0}, token + 1, token + (std::uint64_t{1} << 32U),
          token ^ 0xFFFF, std::uint64_t{1} << 32U}) {
        target.complete(forged);
    }
    EXPECT_EQ(target.counters().misbehaviour, 6U);
    EXPECT_TRUE(source.signals().empty());
    target.complete(token);
    target.complete(token, PATCHBAY_FAILED, "late");
    EXPECT_EQ(target.counters().misbehaviour, 7U);
    EXPECT_EQ(source.signals().size(), 1U);
    EXPECT_EQ(target.counters().completed, 1U);
    EXPECT_EQ(host.dead_letters.count(), 0U);
}

TEST(Completion, OfABatchByItsResults) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver_all({wanted(target.id(), 1), wanted(target.id(), 2), wanted(target.id(), 3)});
    std::vector<patchbay_envelope> items(8);
    patchbay_array array = array_of(items);
    target.lane().take(&array);
    ASSERT_EQ(array.count, 3U);
    const patchbay_status results[] = {PATCHBAY_OK, PATCHBAY_PENDING, PATCHBAY_FAILED};
    target.lane().complete_batch(array, results);
    EXPECT_EQ(source.signals().size(), 2U);
    EXPECT_EQ(target.counters().in_flight, 1U);
    target.complete(items[1].token);
    EXPECT_EQ(source.signals().size(), 1U);
    EXPECT_EQ(target.observer->failures.size(), 1U);
}

TEST(Parents, MustBeTokensOfTheDeliverersGeneration) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver(wanted(target.id(), 1));
    const std::uint64_t token = target.take()[0].token;
    for (const std::uint64_t forged : {token + 1, token + (std::uint64_t{5} << 32U), ~token}) {
        const auto result = target.deliver({.to = source.id(), .parent = forged});
        EXPECT_EQ(result.status, PATCHBAY_DELIVERY_INVALID);
        EXPECT_EQ(result.reason, PATCHBAY_REASON_BAD_PARENT);
    }
    EXPECT_EQ(source.deliver({.to = target.id(), .parent = token}).reason,
              PATCHBAY_REASON_BAD_PARENT)
        << "somebody else's token";
    target.complete(token);
    EXPECT_EQ(target.deliver({.to = source.id(), .parent = token}).reason,
              PATCHBAY_REASON_BAD_PARENT)
        << "completed";
    EXPECT_EQ(source.take().size(), 0U);
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(ReplyTo, ForgedOnesAreIgnored) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver({.to = target.id()});
    const auto taken = target.take();
    patchbay_origin origin = taken[0].origin;
    EXPECT_EQ(origin.instance, source.instance->number());
    patchbay_origin forged = origin;
    for (int i = 0; i < 4; ++i) {
        forged = origin;
        (i == 0   ? forged.instance
         : i == 1 ? forged.generation
         : i == 2 ? forged.lane
                  : forged.check) ^= 1U;
        EXPECT_EQ(target.deliver({.to = "nobody", .reply_to = forged}).reason,
                  PATCHBAY_REASON_NO_ROUTE);
    }
    EXPECT_EQ(target.deliver({.to = "nobody", .reply_to = origin}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    source.instance->detach(*source.generation);
    EXPECT_EQ(target.deliver({.to = "nobody", .reply_to = origin}).reason, PATCHBAY_REASON_NO_ROUTE)
        << "that lane lives no more";
}

TEST(TimeLimits, SettleUnknownAndKeepTheViews) {
    Harness host;
    const Peer source = host.add("source");
    InstanceOptions slow = Harness::options("slow");
    slow.send_time_limit = 5'000'000'000;
    const Peer target = host.add(slow);
    host.multiplexer.tick();
    source.deliver(wanted(target.id(), 1));
    std::vector<patchbay_envelope> items(1);
    patchbay_array array = array_of(items);
    target.lane().take(&array);
    host.clock.advance_seconds(4);
    host.multiplexer.tick();
    EXPECT_TRUE(source.signals().empty());
    host.clock.advance_seconds(3);
    host.multiplexer.tick();
    const auto receipt = source.signals();
    ASSERT_EQ(receipt.size(), 1U);
    EXPECT_EQ(receipt[0].value, std::uint64_t{PATCHBAY_RECEIPT_UNKNOWN});
    EXPECT_EQ(host.dead_letters.last().reason, std::uint32_t{PATCHBAY_REASON_TIME_LIMIT});
    const auto cancel = target.signals();
    ASSERT_EQ(cancel.size(), 1U);
    EXPECT_EQ(cancel[0].kind, std::uint32_t{PATCHBAY_SIGNAL_CANCEL});
    EXPECT_EQ(cancel[0].token, items[0].token);
    EXPECT_EQ(target.observer->overdue, 1U);
    // The views still hold, and the late completion frees them and says nothing more.
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(items[0].message), items[0].message_size),
              "hello");
    host.clock.advance_seconds(100);
    host.multiplexer.tick();
    EXPECT_EQ(target.counters().overdue, 1U) << "once";
    target.complete(items[0].token);
    EXPECT_TRUE(source.signals().empty());
    EXPECT_EQ(target.counters().misbehaviour, 0U);
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(DeadLetters, CarryTheEnvelopeAndItsReason) {
    Harness host;
    const Peer source = host.add("source");
    const auto result = source.deliver(
        {.to = "nobody", .message = "payload", .sender = "alice", .uri = "some://uri", .hops = 3});
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_DEAD_LETTERED);
    EXPECT_EQ(result.reason, PATCHBAY_REASON_NO_ROUTE);
    ASSERT_EQ(host.dead_letters.count(), 1U);
    const DeadLetter letter = host.dead_letters.last();
    EXPECT_EQ(letter.to, "nobody");
    EXPECT_EQ(letter.sender, "alice");
    EXPECT_EQ(letter.message, "payload");
    EXPECT_EQ(letter.uri, "some://uri");
    EXPECT_EQ(letter.hops, 3U);
    EXPECT_EQ(letter.source, "source");
    EXPECT_EQ(letter.code, "no_route");
    EXPECT_EQ(letter.time, host.clock.wall());
    EXPECT_TRUE(letter.has_envelope);
    host.dead_letters.keeps = false;
    source.deliver({.to = "nobody"});
    EXPECT_EQ(host.multiplexer.metrics().dead_letters, 2U);
    EXPECT_EQ(host.multiplexer.metrics().dead_letters_refused, 1U);
}

TEST(DeadLetters, KeepRawInputThatNeverBecameAnEnvelope) {
    Harness host;
    const Peer source = host.add("source");
    const std::string raw("\x00\xffjunk", 6);
    EXPECT_EQ(source.generation->malformed(
                  {reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()}, "stub.bad_line",
                  "at offset 7"),
              PATCHBAY_OK);
    EXPECT_FALSE(host.dead_letters.last().has_envelope);
    EXPECT_EQ(host.dead_letters.last().raw, raw);
    EXPECT_EQ(source.counters().dead_lettered[PATCHBAY_REASON_MALFORMED], 1U);
}

TEST(DeadLetters, AreAnsweredWithAnErrorMessage) {
    Harness host;
    const Peer source = host.add("source");
    protocols::DefaultMessage message;
    message.header.starter_reference = "1";
    message.body = protocols::DefaultBytes{"hello"};
    source.deliver({.to = "nobody", .message = protocols::encode(message).value()});
    const auto taken = source.take();
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].to, "alice");
    EXPECT_EQ(taken[0].sender, "nobody");
    const auto error = protocols::decode_default(taken[0].message).value();
    ASSERT_EQ(error.performative(), protocols::DefaultPerformative::error);
    EXPECT_EQ(std::get<protocols::DefaultError>(error.body).error_data.at("reason"), "no_route");
    EXPECT_EQ(source.counters().error_replies, 1U);
    // Never in answer to an error message.
    source.deliver({.to = "nobody", .message = taken[0].message});
    EXPECT_EQ(source.take().size(), 0U);
}

TEST(DeadLetters, AnswersAreBoundedInRate) {
    Options options;
    options.error_replies_per_second = 5;
    Harness host(options);
    const Peer source = host.add("source");
    for (int i = 0; i < 100; ++i) {
        source.deliver({.to = "nobody", .protocol_id = "a/b:1.0.0"});
    }
    EXPECT_EQ(source.take().size(), 5U);
    EXPECT_EQ(source.counters().error_replies_suppressed, 95U);
    EXPECT_EQ(host.dead_letters.count(), 100U) << "the letters are all kept";
    host.clock.advance_seconds(1);
    host.multiplexer.tick();
    source.deliver({.to = "nobody", .protocol_id = "a/b:1.0.0"});
    EXPECT_EQ(source.take().size(), 1U);
}

TEST(States, WhatIsMeantForADisconnectedInstanceIsADeadLetter) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver(wanted(target.id(), 1));
    target.instance->set_state(InstanceState::disconnected);
    EXPECT_EQ(host.dead_letters.last().reason, std::uint32_t{PATCHBAY_REASON_NOT_CONNECTED})
        << "what waited";
    EXPECT_EQ(source.signals().at(0).value, std::uint64_t{PATCHBAY_RECEIPT_DEAD_LETTERED});
    EXPECT_EQ(source.deliver({.to = target.id()}).reason, PATCHBAY_REASON_NOT_CONNECTED);
    EXPECT_EQ(host.dead_letters.count(), 2U);
}

TEST(States, WhatIsMeantForAnExpectedInstanceWaitsForIt) {
    Harness host;
    const Peer source = host.add("source");
    Instance& late = *host.multiplexer.add_instance(Harness::options("late")).value();
    EXPECT_EQ(source.deliver({.to = "test/late:0.1.0"}).status, PATCHBAY_DELIVERY_ACCEPTED)
        << "before it has a generation";
    Generation& generation = *late.attach(1).value();
    EXPECT_EQ(Peer::take_from(*generation.lane(0)).size(), 0U) << "not connected yet";
    source.deliver({.to = "test/late:0.1.0"});
    ASSERT_TRUE(generation.lane(0)->sleep(PATCHBAY_INTEREST_ENVELOPES));
    late.set_state(InstanceState::connected);
    EXPECT_TRUE(is_readable(generation.lane(0)->descriptor())) << "woken by the state";
    EXPECT_EQ(Peer::take_from(*generation.lane(0)).size(), 2U);
}

TEST(States, ReconnectKeepsWhatWaits) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.deliver({.to = target.id(), .message = "1"});
    target.instance->set_state(InstanceState::disconnecting);
    EXPECT_EQ(target.take().size(), 0U);
    target.instance->set_state(InstanceState::expected);
    source.deliver({.to = target.id(), .message = "2"});
    target.instance->set_state(InstanceState::connected);
    EXPECT_EQ(target.messages(), (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(host.dead_letters.count(), 0U);
}

TEST(Shutdown, SaysWhatIsLeftAndLosesNothing) {
    Harness host;
    const Peer web = host.add("web");
    const Peer consumer = host.add("consumer");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    host.multiplexer.set_routing(table);
    web.deliver_all(
        {{.to = "a", .message = "1"}, {.to = "a", .message = "2"}, {.to = "a", .message = "3"}});
    const auto taken = consumer.take(1);
    host.multiplexer.stop_inbound();
    const auto refused = web.deliver({.to = "a"});
    EXPECT_EQ(refused.status, PATCHBAY_DELIVERY_FULL) << "its deliverer keeps it";
    EXPECT_EQ(consumer.deliver({.to = "x", .reply_to = taken[0].origin}).status,
              PATCHBAY_DELIVERY_ACCEPTED)
        << "answers still pass";
    EXPECT_EQ(web.take().size(), 1U);
    const auto left = host.multiplexer.drain(host.clock.monotonic());
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[0].instance, "web");
    EXPECT_EQ(left[0].in_flight, 1U);
    EXPECT_EQ(left[1].instance, "consumer");
    EXPECT_EQ(left[1].queued, 2U);
    EXPECT_EQ(left[1].in_flight, 1U);
    EXPECT_EQ(host.multiplexer.abandon(), 2U);
    ASSERT_EQ(host.dead_letters.count(), 2U);
    EXPECT_EQ(host.dead_letters.last().reason, std::uint32_t{PATCHBAY_REASON_SHUTDOWN});
    EXPECT_EQ(host.dead_letters.last().message, "3");
}

TEST(Shutdown, InboundTrafficOfOneInstanceStopsAndGoesOn) {
    Harness host;
    const Peer web = host.add("web");
    const Peer other = host.add("other");
    const Peer consumer = host.add("consumer");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    host.multiplexer.set_routing(table);
    web.deliver({.to = "a", .flags = PATCHBAY_ENVELOPE_REQUEST});
    EXPECT_EQ(web.instance->counters().awaited, 1U);
    const auto request = consumer.take(1);
    web.instance->stop_inbound();
    EXPECT_TRUE(web.instance->is_inbound_stopped());
    EXPECT_EQ(web.deliver({.to = "a"}).status, PATCHBAY_DELIVERY_FULL) << "it keeps it";
    EXPECT_EQ(other.deliver({.to = "a"}).status, PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(
        consumer.deliver({.to = "x", .parent = request[0].token, .reply_to = request[0].origin})
            .status,
        PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(web.instance->counters().awaited, 0U) << "the answer is there";
    EXPECT_EQ(web.deliver({.to = "a", .reply_to = request[0].origin}).status,
              PATCHBAY_DELIVERY_ACCEPTED)
        << "an answer is no inbound traffic";
    EXPECT_TRUE(web.signals().empty());
    web.instance->resume_inbound();
    const auto signals = web.signals();
    ASSERT_EQ(signals.size(), 1U) << "whoever was refused tries again";
    EXPECT_EQ(signals[0].kind, std::uint32_t{PATCHBAY_SIGNAL_ROOM});
    EXPECT_EQ(web.deliver({.to = "a"}).status, PATCHBAY_DELIVERY_ACCEPTED);

    host.multiplexer.stop_inbound();
    EXPECT_EQ(other.deliver({.to = "a"}).status, PATCHBAY_DELIVERY_FULL);
    host.multiplexer.resume_inbound();
    EXPECT_EQ(other.signals().size(), 1U);
    EXPECT_EQ(other.deliver({.to = "a"}).status, PATCHBAY_DELIVERY_ACCEPTED);
}

TEST(Generations, GiveBackWhatTheyHold) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    std::vector<patchbay_buffer> buffers(10);
    patchbay_array array = array_of(buffers);
    ASSERT_EQ(target.generation->allocate(1000, &array), PATCHBAY_OK);
    source.deliver(wanted(target.id(), 1));
    source.deliver(wanted(target.id(), 2));
    const auto taken = target.take();
    target.generation->retain(taken[0].block);
    target.complete(taken[0].token);
    EXPECT_EQ(source.signals().size(), 1U);
    const Reclaimed reclaimed = target.instance->detach(*target.generation);
    EXPECT_EQ(reclaimed.blocks, 11U);
    EXPECT_EQ(reclaimed.tokens, 1U);
    EXPECT_EQ(source.signals().at(0).value, std::uint64_t{PATCHBAY_RECEIPT_UNKNOWN});
    EXPECT_EQ(target.counters().in_flight, 0U);
    EXPECT_EQ(target.counters().held_bytes, 0U);
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(Generations, BoundTheBlocksTheyHold) {
    Options options;
    options.held_bytes_per_instance = 1 << 20;
    Harness host(options);
    const Peer hoarder = host.add("hoarder");
    const Peer other = host.add("other");
    std::vector<patchbay_buffer> buffers(64);
    patchbay_array array = array_of(buffers);
    std::vector<patchbay_block*> held;
    while (hoarder.generation->allocate(4096, &array) == PATCHBAY_OK && held.size() < 10'000) {
        for (std::uint32_t i = 0; i < array.count; ++i) {
            held.push_back(buffers[i].block);
        }
        array.count = 64;
    }
    EXPECT_LE(held.size(), 256U + 64U);
    array.count = 1;
    EXPECT_EQ(other.generation->allocate(4096, &array), PATCHBAY_OK) << "others go on";
    hoarder.generation->release(held.data(), static_cast<std::uint32_t>(held.size()));
    array.count = 1;
    EXPECT_EQ(hoarder.generation->allocate(4096, &array), PATCHBAY_OK);
}

TEST(Generations, HandTheMailboxOverAndAnswerForTheirOwn) {
    Harness host;
    const Peer web = host.add("web");
    const Peer target = host.add("target");
    web.deliver_all({{.to = target.id(), .message = "1"}, {.to = target.id(), .message = "2"}});
    EXPECT_EQ(target.messages(1), std::vector<std::string>{"1"});
    target.deliver({.to = web.id()});
    const patchbay_origin old_origin = web.take().at(0).origin;

    Generation& next = *target.instance->attach(1).value();
    Peer newer = target;
    newer.generation = &next;
    EXPECT_EQ(newer.take().size(), 0U) << "warming up in the shadow";
    target.instance->hand_over();
    EXPECT_EQ(target.instance->current(), &next);
    EXPECT_EQ(target.take().size(), 0U);
    EXPECT_EQ(newer.messages(), std::vector<std::string>{"2"}) << "what waited went along";
    // An answer finds the generation that asked, while that lives.
    web.deliver({.to = target.id(), .message = "answer", .reply_to = old_origin});
    EXPECT_EQ(target.messages(), std::vector<std::string>{"answer"});
    // What a newer one does not know the older is asked about.
    web.deliver({.to = target.id(), .message = "whose?", .flags = PATCHBAY_ENVELOPE_RECEIPT});
    auto taken = newer.take();
    newer.complete(taken.at(0).token, PATCHBAY_NOT_MINE);
    const auto asked = target.take();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].message, "whose?");
    EXPECT_NE(asked[0].token, taken[0].token);
    target.complete(asked[0].token, PATCHBAY_NOT_MINE);
    EXPECT_EQ(host.dead_letters.last().reason, std::uint32_t{PATCHBAY_REASON_NOT_MINE});
    EXPECT_EQ(target.counters().not_mine, 2U);
    // And when the old one is gone, answers for it go by `to`.
    target.instance->detach(*target.generation);
    web.deliver({.to = target.id(), .message = "late answer", .reply_to = old_origin});
    EXPECT_EQ(newer.messages(), std::vector<std::string>{"late answer"});
}

TEST(Generations, MayTakeTheMailboxBack) {
    Harness host;
    const Peer web = host.add("web");
    const Peer target = host.add("target");
    Peer newer = target;
    newer.generation = target.instance->attach(1).value();
    target.instance->hand_over();
    newer.deliver({.to = web.id()});
    const patchbay_origin newer_origin = web.take().at(0).origin;
    web.deliver_all({{.to = target.id(), .message = "1"}, {.to = target.id(), .message = "2"}});
    EXPECT_EQ(newer.messages(1), std::vector<std::string>{"1"});
    target.instance->hand_over(*target.generation);
    EXPECT_EQ(newer.take().size(), 0U);
    EXPECT_EQ(target.messages(), std::vector<std::string>{"2"});
    web.deliver({.to = target.id(), .message = "answer", .reply_to = newer_origin});
    EXPECT_EQ(newer.messages(), std::vector<std::string>{"answer"});
    target.instance->detach(*newer.generation);
    web.deliver({.to = target.id(), .message = "3"});
    EXPECT_EQ(target.messages(), std::vector<std::string>{"3"});
}

TEST(Generations, WhatAnswersOneThatHasLeftGoesToTheOneInService) {
    Harness host;
    const Peer web = host.add("web");
    const Peer target = host.add("target");
    target.deliver({.to = web.id()});
    const patchbay_origin old_origin = web.take().at(0).origin;
    Peer newer = target;
    newer.generation = target.instance->attach(1).value();
    target.instance->hand_over();
    web.deliver({.to = target.id(), .message = "early", .reply_to = old_origin});
    target.generation->end_answers();
    EXPECT_EQ(newer.messages(), std::vector<std::string>{"early"}) << "it waited for the old one";
    web.deliver({.to = target.id(), .message = "late", .reply_to = old_origin});
    EXPECT_EQ(newer.messages(), std::vector<std::string>{"late"});
    // Nor is it asked any more.
    web.deliver({.to = target.id(), .message = "whose?"});
    newer.complete(newer.take().at(0).token, PATCHBAY_NOT_MINE);
    EXPECT_EQ(host.dead_letters.last().reason, std::uint32_t{PATCHBAY_REASON_NOT_MINE});
    // One that is needed again hears again.
    target.instance->hand_over(*target.generation);
    web.deliver({.to = target.id(), .message = "again", .reply_to = old_origin});
    EXPECT_EQ(target.messages(), std::vector<std::string>{"again"});
}

TEST(Generations, AThousandReloadsLeaveNothing) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    Generation* current = target.generation;
    for (int i = 0; i < 1000; ++i) {
        Generation* next = target.instance->attach(1).value();
        source.deliver({.to = target.id(), .message = std::to_string(i)});
        target.instance->hand_over();
        EXPECT_EQ(target.instance->detach(*current).tokens, 0U);
        current = next;
        const auto taken = Peer::take_from(*current->lane(0));
        ASSERT_EQ(taken.size(), 1U);
        current->complete(&taken[0].token, 1, PATCHBAY_OK, nullptr);
    }
    EXPECT_TRUE(host.multiplexer.is_idle());
    EXPECT_EQ(host.dead_letters.count(), 0U);
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
