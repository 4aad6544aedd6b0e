// SPDX-License-Identifier: Apache-2.0
/// \file
/// Deliveries: room, order, answers, receipts.
#include "connection_fixture.hpp"

#include <atomic>

namespace patchbay {
namespace {

/// Delivers what a send tells it to: message "N to DESTINATION".
class Deliverer : public Connection {
  public:
    using Connection::Connection;
    std::uint32_t max_in_flight() const override { return 64; }
    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        const std::string text(envelope.message());
        const std::string to(envelope.uri());
        const Envelope made = patchbay::message(text, to);
        if (envelope.protocol_id() == "test/receipt:1.0.0") {
            const auto receipt = co_await deliver_for_receipt(Delivery(made));
            if (!receipt) {
                co_return tl::unexpected<Error>(receipt.error());
            }
            co_return receipt->kind == ReceiptKind::done
                ? success()
                : Result<void>(failure(ErrorClass::failed, receipt->code, "The receipt says so."));
        }
        if (envelope.protocol_id() == "test/reply:1.0.0") {
            co_return co_await reply(envelope, made.view());
        }
        co_return co_await deliver(made);
    }
};

Envelope numbered_order(std::string text, std::string to,
                        std::string protocol = "test/deliver:1.0.0") {
    return {"test", "test", std::move(protocol), std::move(text), std::move(to), ""};
}

std::vector<std::string> texts(const std::vector<testing::Delivered>& deliveries,
                               std::string_view to) {
    std::vector<std::string> found;
    for (const auto& made : deliveries) {
        if (made.envelope.to == to) {
            found.push_back(made.envelope.message);
        }
    }
    return found;
}

TEST(Deliver, WaitsForRoomWhileOthersProceedAndTheMailboxIsTaken) {
    auto host = make_host<Deliverer>();
    ASSERT_TRUE(host->connect());
    host->fill("slow");
    host->push(numbered_order("1", "slow"));
    host->wait_for_full_answers(1);
    host->push({numbered_order("2", "slow"), numbered_order("a", "fast"),
                numbered_order("3", "slow"), numbered_order("b", "fast")});
    auto completed = host->wait_for_completions(2);
    EXPECT_EQ(texts(host->deliveries(), "fast"), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(texts(host->deliveries(), "slow").empty());
    host->make_room("slow");
    host->wait_for_completions(5);
    EXPECT_EQ(texts(host->deliveries(), "slow"), (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST(Deliver, KeepsTheOrderWhenRoomComesBeforeTheSignalIsSeen) {
    // Room is made and filled again and again; later deliveries must not overtake held ones.
    auto host = make_host<Deliverer>();
    ASSERT_TRUE(host->connect());
    std::vector<std::string> expected;
    for (int round = 0; round < 50; ++round) {
        host->fill("slow");
        for (int i = 0; i < 3; ++i) {
            expected.push_back(std::to_string(round * 3 + i));
            host->push(numbered_order(expected.back(), "slow"));
        }
        host->make_room("slow");
    }
    host->wait_for_completions(expected.size());
    EXPECT_EQ(texts(host->deliveries(), "slow"), expected);
}

TEST(Deliver, CancellationForgetsWhatWaits) {
    auto host = make_host<Deliverer>();
    ASSERT_TRUE(host->connect());
    host->fill("slow");
    const auto token = host->push(numbered_order("1", "slow"));
    host->wait_for_full_answers(1);
    host->cancel(token);
    EXPECT_EQ(host->wait_for_completions(1)[0].code, "operation.cancelled");
    host->make_room("slow");
    host->push(numbered_order("2", "slow"));
    host->wait_for_completions(2);
    EXPECT_EQ(texts(host->deliveries(), "slow"), std::vector<std::string>{"2"});
}

TEST(Deliver, TellsWhatTheHostRefused) {
    auto host = make_host<Deliverer>();
    ASSERT_TRUE(host->connect());
    host->refuse("nowhere", PATCHBAY_REASON_NO_ROUTE);
    host->push({numbered_order("1", "nowhere"), numbered_order("2", "")});
    const auto completed = host->wait_for_completions(2);
    EXPECT_EQ(completed[0].code, "delivery.no_route");
    EXPECT_EQ(completed[0].status, PATCHBAY_FAILED);
    EXPECT_EQ(completed[1].code, "delivery.bad_field");
    EXPECT_EQ(completed[1].status, PATCHBAY_INVALID);
}

TEST(Deliver, DisconnectEndsWhatWaitsForRoom) {
    testing::HostOptions options;
    options.disconnect_limit = std::chrono::milliseconds(50);
    auto host = make_host<Deliverer>(options);
    ASSERT_TRUE(host->connect());
    host->fill("slow");
    host->push(numbered_order("1", "slow"));
    host->wait_for_full_answers(1);
    ASSERT_TRUE(host->disconnect());
    EXPECT_EQ(host->wait_for_completions(1)[0].code, "delivery.disconnected");
}

TEST(Reply, NamesTheRequestAsOriginAndParent) {
    auto host = make_host<Deliverer>();
    ASSERT_TRUE(host->connect());
    const auto token = host->push(numbered_order("answer", "asker", "test/reply:1.0.0"));
    const auto made = host->wait_for_deliveries(1)[0];
    EXPECT_EQ(made.parent, token);
    EXPECT_EQ(made.reply_to.instance, 1u);
    EXPECT_EQ(made.reply_to.check, static_cast<std::uint32_t>(token));
    EXPECT_EQ(made.hops, 0u);
    // The parent is completed after the child was accepted.
    EXPECT_EQ(host->wait_for_completions(1)[0].status, PATCHBAY_OK);
}

TEST(Forward, KeepsHopsAndHandles) {
    patchbay_envelope abi{};
    abi.to = "a";
    abi.to_size = 1;
    abi.protocol_id = "p";
    abi.protocol_id_size = 1;
    abi.to_handle = 3;
    abi.protocol_handle = 4;
    abi.hops = 5;
    abi.token = 6;
    const TakenEnvelope taken(abi);
    const Delivery same = Delivery::forward(taken, taken.view());
    EXPECT_EQ(same.to_handle, 3u);
    EXPECT_EQ(same.protocol_handle, 4u);
    EXPECT_EQ(same.hops, 5u);
    EXPECT_EQ(same.parent, 6u);
    const Delivery other = Delivery::forward(taken, {"b", "c", "q", "", "", ""});
    EXPECT_EQ(other.to_handle, 0u);
    EXPECT_EQ(other.protocol_handle, 0u);
}

TEST(DeliverForReceipt, WaitsForWhatBecameOfIt) {
    auto host = make_host<Deliverer>();
    ASSERT_TRUE(host->connect());
    host->push({numbered_order("1", "x", "test/receipt:1.0.0"),
                numbered_order("2", "x", "test/receipt:1.0.0")});
    const auto made = host->wait_for_deliveries(2);
    EXPECT_EQ(made[0].flags & PATCHBAY_ENVELOPE_RECEIPT, std::uint32_t{PATCHBAY_ENVELOPE_RECEIPT});
    EXPECT_TRUE(host->completions().empty());
    host->send_receipt(made[1].receipt, PATCHBAY_RECEIPT_FAILED, "disk.full");
    EXPECT_EQ(host->wait_for_completions(1)[0].code, "disk.full");
    host->send_receipt(made[0].receipt, PATCHBAY_RECEIPT_DONE);
    EXPECT_EQ(host->wait_for_completions(2)[1].status, PATCHBAY_OK);
}

/// Posts without waiting, and counts receipts by number.
class Poster : public Connection {
  public:
    using Connection::Connection;
    std::uint32_t held_limit() const override { return 2; }
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override {
        for (const TakenEnvelope& envelope : batch) {
            const std::string to(envelope.uri());
            Delivery delivery(EnvelopeView{to, "me", "p/p:1.0.0", envelope.message(), "", ""});
            delivery.receipt = 77;
            const bool posted = lane.post(delivery);
            lane.complete(envelope.token(),
                          posted ? success()
                                 : Result<void>(failure(ErrorClass::overloaded, "held.full", "")));
        }
    }
    void on_receipt(Lane&, std::uint64_t number, const Receipt& receipt) override {
        log().info("receipt " + std::to_string(number) + ' ' + receipt.code);
    }
};

TEST(Post, KeepsCopiesUpToItsBound) {
    auto host = make_host<Poster>();
    ASSERT_TRUE(host->connect());
    host->fill("slow");
    host->push(
        {numbered_order("1", "slow"), numbered_order("2", "slow"), numbered_order("3", "slow")});
    const auto completed = host->wait_for_completions(3);
    EXPECT_EQ(completed[1].status, PATCHBAY_OK);
    EXPECT_EQ(completed[2].code, "held.full");
    host->make_room("slow");
    host->wait_for_deliveries(2);
    EXPECT_EQ(texts(host->deliveries(), "slow"), (std::vector<std::string>{"1", "2"}));
    host->send_receipt(77, PATCHBAY_RECEIPT_DEAD_LETTERED, "no.way");
    host->wait_for_log("receipt 77 no.way");
}

TEST(Post, WhatWaitsAtTheEndBecomesADeadLetter) {
    testing::HostOptions options;
    options.disconnect_limit = std::chrono::milliseconds(20);
    auto host = make_host<Poster>(options);
    ASSERT_TRUE(host->connect());
    host->fill("slow");
    host->push(numbered_order("1", "slow"));
    host->wait_for_completions(1);
    ASSERT_TRUE(host->disconnect());
    const auto dead = host->malformed();
    ASSERT_EQ(dead.size(), 1u);
    EXPECT_EQ(dead[0].first, "delivery.disconnected");
    const auto envelope = decode(dead[0].second);
    ASSERT_TRUE(envelope);
    EXPECT_EQ(envelope->message, "1");
}

}  // namespace
}  // namespace patchbay
