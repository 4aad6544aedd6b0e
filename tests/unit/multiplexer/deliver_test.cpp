// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include <gtest/gtest.h>

namespace patchbay::multiplexer::testing {
namespace {

TEST(Deliver, CarriesEveryPartToTheInstanceNamedByTo) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    Draft draft{.to = target.id(), .message = std::string("a\0b", 3)};
    draft.uri = "http://x/y";
    const patchbay_delivery result = source.deliver(draft);
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(result.destination, target.instance->number());
    const auto taken = target.take();
    ASSERT_EQ(taken.size(), 1U);
    EXPECT_EQ(taken[0].to, target.id());
    EXPECT_EQ(taken[0].sender, "alice");
    EXPECT_EQ(taken[0].protocol_id, "fetchai/default:1.0.0");
    EXPECT_EQ(taken[0].message, std::string("a\0b", 3));
    EXPECT_EQ(taken[0].uri, "http://x/y");
    EXPECT_EQ(taken[0].hops, 1U);
    EXPECT_NE(taken[0].token, 0U);
    EXPECT_NE(taken[0].to_handle, 0U);
    EXPECT_NE(taken[0].protocol_handle, 0U);
    target.complete(taken[0].token);
    EXPECT_EQ(target.counters().in_flight, 0U);
    EXPECT_EQ(target.counters().completed, 1U);
    EXPECT_EQ(source.counters().delivered, 1U);
    EXPECT_EQ(source.counters().delivered_bytes, 3U);
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(Deliver, KeepsOrderWithinABatchOverManyDestinations) {
    Harness host;
    const Peer source = host.add("source");
    std::vector<Peer> targets;
    for (int i = 0; i < 10; ++i) {
        targets.push_back(host.add("target_" + std::to_string(i)));
    }
    std::vector<Draft> drafts;
    for (int i = 0; i < 1000; ++i) {
        drafts.push_back({.to = targets[static_cast<std::size_t>(i * 7 % 10)].id(),
                          .message = std::to_string(i)});
    }
    for (const patchbay_delivery& result : source.deliver_all(drafts)) {
        EXPECT_EQ(result.status, PATCHBAY_DELIVERY_ACCEPTED);
    }
    std::size_t sum = 0;
    for (const Peer& target : targets) {
        int before = -1;
        for (const std::string& message : target.messages()) {
            EXPECT_LT(before, std::stoi(message));
            before = std::stoi(message);
            ++sum;
        }
    }
    EXPECT_EQ(sum, 1000U);
}

TEST(Deliver, AcceptsABurstThatArrivesTogether) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    std::vector<Draft> drafts(5000, Draft{.to = target.id()});
    for (const patchbay_delivery& result : source.deliver_all(drafts)) {
        ASSERT_EQ(result.status, PATCHBAY_DELIVERY_ACCEPTED);
    }
    EXPECT_EQ(target.messages(10'000).size(), 5000U);
}

TEST(Deliver, TakesOverAGivenBlockAndSharesOneThatIsNotGiven) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    for (const bool give : {true, false}) {
        std::vector<patchbay_buffer> buffers(1);
        patchbay_array array = array_of(buffers);
        ASSERT_EQ(source.generation->allocate(200, &array), PATCHBAY_OK);
        ASSERT_EQ(array.count, 1U);
        ASSERT_GE(buffers[0].capacity, 200U);
        std::string text = target.id() + "alicefetchai/default:1.0.0";
        std::memcpy(buffers[0].data, text.data(), text.size());
        const auto* base = reinterpret_cast<const char*>(buffers[0].data);
        patchbay_envelope envelope{};
        envelope.to = base;
        envelope.to_size = static_cast<std::uint32_t>(target.id().size());
        envelope.sender = base + envelope.to_size;
        envelope.sender_size = 5;
        envelope.protocol_id = envelope.sender + 5;
        envelope.protocol_id_size = 21;
        envelope.message = buffers[0].data;
        envelope.message_size = 10;
        envelope.block = buffers[0].block;
        envelope.flags = give ? std::uint32_t{PATCHBAY_ENVELOPE_GIVE_BLOCK} : 0U;
        std::vector<patchbay_envelope> batch{envelope};
        ASSERT_EQ(source.deliver_raw(batch)[0].status, PATCHBAY_DELIVERY_ACCEPTED);
        const auto taken = target.take();
        ASSERT_EQ(taken.size(), 1U);
        EXPECT_EQ(taken[0].block, buffers[0].block) << "not copied";
        target.complete(taken[0].token);
        EXPECT_EQ(source.counters().held_bytes, 0U + (give ? 0U : source.counters().held_bytes));
        if (!give) {
            source.generation->release(&buffers[0].block, 1);
        }
    }
    EXPECT_EQ(source.counters().held_bytes, 0U);
    EXPECT_TRUE(source.observer->misbehaviour.empty());
    const Reclaimed reclaimed = source.instance->detach(*source.generation);
    EXPECT_EQ(reclaimed.blocks, 0U);
}

TEST(Deliver, SeveralEnvelopesMayShareOneBlock) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    std::vector<patchbay_buffer> buffers(1);
    patchbay_array array = array_of(buffers);
    ASSERT_EQ(source.generation->allocate(400, &array), PATCHBAY_OK);
    std::string text = target.id() + "alicefetchai/default:1.0.0";
    std::memcpy(buffers[0].data, text.data(), text.size());
    const auto* base = reinterpret_cast<const char*>(buffers[0].data);
    std::vector<patchbay_envelope> batch(5);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        batch[i].to = base;
        batch[i].to_size = static_cast<std::uint32_t>(target.id().size());
        batch[i].sender = base + batch[i].to_size;
        batch[i].sender_size = 5;
        batch[i].protocol_id = batch[i].sender + 5;
        batch[i].protocol_id_size = 21;
        buffers[0].data[200 + i] = static_cast<std::uint8_t>('a' + i);
        batch[i].message = buffers[0].data + 200 + i;
        batch[i].message_size = 1;
        batch[i].block = buffers[0].block;
    }
    for (const auto& result : source.deliver_raw(batch)) {
        EXPECT_EQ(result.status, PATCHBAY_DELIVERY_ACCEPTED);
    }
    source.generation->release(&buffers[0].block, 1);
    EXPECT_EQ(target.messages(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
}

TEST(Deliver, ForwardsATakenBlockWithoutACopy) {
    Harness host;
    const Peer source = host.add("source");
    const Peer middle = host.add("middle");
    const Peer target = host.add("target");
    source.deliver({.to = middle.id(), .message = "onwards"});
    std::vector<patchbay_envelope> items(1);
    patchbay_array array = array_of(items);
    middle.lane().take(&array);
    ASSERT_EQ(array.count, 1U);
    patchbay_envelope forwarded = items[0];
    // The instance's id lies outside of the block, so `to` stays what it is and a handle would
    // not help: it goes on by the directory.
    ASSERT_TRUE(
        host.multiplexer.agents().attach("bob", {target.instance->number(), any_lane}).has_value());
    forwarded.parent = items[0].token;
    std::vector<patchbay_envelope> batch{forwarded};
    // `to` names `middle` itself: by `to` an envelope may return.
    EXPECT_EQ(middle.deliver_raw(batch)[0].status, PATCHBAY_DELIVERY_ACCEPTED);
    const auto again = middle.take();
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].block, items[0].block);
    EXPECT_EQ(again[0].message, "onwards");
    EXPECT_EQ(again[0].hops, 2U);
    middle.complete(items[0].token);
    middle.complete(again[0].token);
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(Deliver, RefusesViewsOutsideOfTheBlockAndForgedBlocks) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    std::vector<patchbay_buffer> buffers(1);
    patchbay_array array = array_of(buffers);
    ASSERT_EQ(source.generation->allocate(100, &array), PATCHBAY_OK);
    const Draft draft{.to = target.id()};
    std::vector<patchbay_envelope> batch{envelope_of(draft)};
    batch[0].block = buffers[0].block;
    EXPECT_EQ(source.deliver_raw(batch)[0].reason, PATCHBAY_REASON_BAD_VIEW);
    int outside = 0;
    for (void* forged :
         {static_cast<void*>(&outside), static_cast<void*>(buffers[0].data),
          reinterpret_cast<void*>(std::uintptr_t{8}), static_cast<void*>(buffers[0].data + 128)}) {
        batch[0].block = static_cast<patchbay_block*>(forged);
        const auto result = source.deliver_raw(batch)[0];
        EXPECT_EQ(result.status, PATCHBAY_DELIVERY_INVALID);
        EXPECT_EQ(result.reason, PATCHBAY_REASON_BAD_VIEW);
        source.generation->release(&batch[0].block, 1);
        source.generation->retain(batch[0].block);
    }
    EXPECT_EQ(source.counters().misbehaviour, 8U);
    // Views that begin inside and end outside.
    const auto* base = reinterpret_cast<const char*>(buffers[0].data);
    batch[0] = {};
    batch[0].block = buffers[0].block;
    batch[0].to = batch[0].sender = batch[0].protocol_id = base;
    batch[0].to_size = batch[0].sender_size = batch[0].protocol_id_size = 5;
    std::memcpy(buffers[0].data, "alice", 5);
    batch[0].message = buffers[0].data;
    batch[0].message_size = static_cast<std::uint32_t>(buffers[0].capacity) + 1;
    EXPECT_EQ(source.deliver_raw(batch)[0].status, PATCHBAY_DELIVERY_DEAD_LETTERED)
        << "no route comes before the block is looked at";
    ASSERT_TRUE(host.multiplexer.agents()
                    .attach("alice", {target.instance->number(), any_lane})
                    .has_value());
    EXPECT_EQ(source.deliver_raw(batch)[0].reason, PATCHBAY_REASON_BAD_VIEW);
    source.generation->release(&buffers[0].block, 1);
    EXPECT_EQ(target.take().size(), 0U);
}

TEST(Deliver, RefusesEmptyOverlongAndIllFormedFields) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    const std::string overlong(longest_name + 1, 'x');
    for (Draft draft :
         {Draft{.to = ""}, Draft{.to = overlong}, Draft{.to = target.id(), .sender = ""},
          Draft{.to = target.id(), .sender = overlong},
          Draft{.to = target.id(), .sender = "\xff\xfe"}, Draft{.to = "\xc0\x80"},
          Draft{.to = target.id(), .protocol_id = ""},
          Draft{.to = target.id(), .protocol_id = "\xed\xa0\x80"}}) {
        const auto result = source.deliver(draft);
        EXPECT_EQ(result.status, PATCHBAY_DELIVERY_INVALID);
        EXPECT_EQ(result.reason, PATCHBAY_REASON_BAD_FIELD);
    }
    EXPECT_EQ(source.deliver({.to = target.id(), .sender = "\xc3\xa4gent"}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(source.counters().invalid, 8U);
    EXPECT_EQ(host.dead_letters.count(), 0U);
}

TEST(Deliver, RefusesWhatIsLargerThanTheLargestPayload) {
    Options options;
    options.largest_payload = 1 << 20;
    Harness host(options);
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    const auto result = source.deliver({.to = target.id(), .message = std::string(1 << 20, 'x')});
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_INVALID);
    EXPECT_EQ(result.reason, PATCHBAY_REASON_TOO_LARGE);
    const std::string large((1 << 20) - 100, 'y');
    EXPECT_EQ(source.deliver({.to = target.id(), .message = large}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(target.messages(), std::vector<std::string>{large});
}

TEST(Deliver, ReadsShorterAndLongerStrides) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    for (const std::size_t stride :
         {std::size_t{120}, sizeof(patchbay_envelope), sizeof(patchbay_envelope) + 40,
          sizeof(patchbay_envelope) + 3}) {
        std::vector<Draft> drafts;
        for (int i = 0; i < 5; ++i) {
            drafts.push_back({.to = target.id(), .message = std::to_string(i)});
        }
        std::vector<unsigned char> memory(stride * drafts.size(), 0xEE);
        for (std::size_t i = 0; i < drafts.size(); ++i) {
            const patchbay_envelope envelope = envelope_of(drafts[i]);
            std::memcpy(memory.data() + i * stride, &envelope, std::min(stride, sizeof envelope));
        }
        const patchbay_array in{sizeof(patchbay_array), static_cast<std::uint32_t>(stride), 5, 0,
                                memory.data()};
        constexpr std::size_t result_stride = sizeof(patchbay_delivery) + 5;
        std::vector<unsigned char> results(result_stride * 5, 0xEE);
        patchbay_array out{sizeof(patchbay_array), result_stride, 5, 0, results.data()};
        ASSERT_EQ(source.lane().deliver(&in, &out), PATCHBAY_OK);
        for (std::size_t i = 0; i < 5; ++i) {
            EXPECT_EQ(results[i * result_stride], PATCHBAY_DELIVERY_ACCEPTED);
            EXPECT_EQ(results[i * result_stride + sizeof(patchbay_delivery)], 0U) << "zeroed";
        }
        std::vector<unsigned char> taken(stride * 5, 0xEE);
        patchbay_array array{sizeof(patchbay_array), static_cast<std::uint32_t>(stride), 5, 0,
                             taken.data()};
        target.lane().take(&array);
        ASSERT_EQ(array.count, 5U);
        for (std::uint32_t i = 0; i < 5; ++i) {
            patchbay_envelope envelope{};
            std::memcpy(&envelope, patchbay_array_at(&array, i), std::min(stride, sizeof envelope));
            EXPECT_EQ(
                std::string(reinterpret_cast<const char*>(envelope.message), envelope.message_size),
                std::to_string(i));
            target.complete(envelope.token);
            if (stride > sizeof envelope) {
                EXPECT_EQ(taken[i * stride + stride - 1], 0U) << "zeroed";
            }
        }
    }
    EXPECT_TRUE(target.observer->misbehaviour.empty());
}

TEST(Deliver, ChecksHandlesAgainstTheText) {
    Harness host;
    const Peer source = host.add("source");
    const Peer right = host.add("right");
    const Peer wrong = host.add("wrong");
    const std::uint32_t handle = source.generation->address_handle(wrong.id());
    ASSERT_NE(handle, 0U);
    EXPECT_EQ(source.generation->address_handle("nobody"), 0U);
    const std::uint32_t protocol = source.generation->protocol_handle("a/b:1.0.0");
    for (const std::uint32_t forged : {handle, 0xFFFFFFFFU, 77'777U, 1'000'000U}) {
        source.deliver({.to = right.id(), .to_handle = forged, .protocol_handle = forged});
        source.deliver({.to = right.id(), .to_handle = forged, .protocol_handle = protocol});
    }
    EXPECT_EQ(right.messages().size(), 8U);
    EXPECT_EQ(wrong.take().size(), 0U);
    source.deliver({.to = wrong.id(), .to_handle = handle});
    EXPECT_EQ(wrong.messages().size(), 1U);
}

TEST(Deliver, MakesADeadLetterOfTheSixteenthHop) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    EXPECT_EQ(source.deliver({.to = target.id(), .hops = 15}).status, PATCHBAY_DELIVERY_ACCEPTED);
    const auto result = source.deliver({.to = target.id(), .hops = 16});
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_DEAD_LETTERED);
    EXPECT_EQ(result.reason, PATCHBAY_REASON_HOP_LIMIT);
    EXPECT_EQ(host.dead_letters.last().code, "hop_limit");
    EXPECT_EQ(source.counters().dead_lettered[PATCHBAY_REASON_HOP_LIMIT], 1U);
}

TEST(Deliver, AnEnvelopeThatGoesInCirclesEnds) {
    Harness host;
    const Peer ping = host.add("ping");
    const Peer pong = host.add("pong");
    ping.deliver({.to = pong.id()});
    int trips = 0;
    for (; trips < 100; ++trips) {
        const Peer& here = trips % 2 == 0 ? pong : ping;
        const Peer& there = trips % 2 == 0 ? ping : pong;
        const auto taken = here.take();
        if (taken.empty()) {
            break;
        }
        here.complete(taken[0].token);
        here.deliver({.to = there.id(), .hops = taken[0].hops});
    }
    EXPECT_EQ(trips, 16);
    EXPECT_EQ(host.dead_letters.count(), 1U);
}

TEST(Deliver, AnswersDisconnectedUnlessConnectedOrDisconnecting) {
    Harness host;
    const Peer source = host.add("source");
    const Peer target = host.add("target");
    source.instance->set_state(InstanceState::expected);
    source.deliver({.to = target.id()});
    EXPECT_EQ(source.status, PATCHBAY_DISCONNECTED);
    source.instance->set_state(InstanceState::disconnecting);
    source.deliver({.to = target.id()});
    EXPECT_EQ(source.status, PATCHBAY_OK);
    source.instance->set_state(InstanceState::disconnected);
    source.deliver({.to = target.id()});
    EXPECT_EQ(source.status, PATCHBAY_DISCONNECTED);
    EXPECT_EQ(target.take().size(), 1U);
}

TEST(Deliver, RefusesArraysThatCannotBe) {
    Harness host;
    const Peer source = host.add("source");
    std::vector<patchbay_envelope> envelopes(2);
    std::vector<patchbay_delivery> results(1);
    patchbay_array in = array_of(envelopes);
    patchbay_array out = array_of(results);
    EXPECT_EQ(source.lane().deliver(&in, &out), PATCHBAY_INVALID) << "too few results";
    EXPECT_EQ(source.lane().deliver(nullptr, &out), PATCHBAY_INVALID);
    in.items = nullptr;
    in.count = 1;
    EXPECT_EQ(source.lane().deliver(&in, &out), PATCHBAY_INVALID);
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
