// SPDX-License-Identifier: Apache-2.0
#include <patchbay/batch_connection.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay {
namespace {

using namespace std::chrono_literals;
using testing::HostDouble;
using testing::HostOptions;

using Codes = std::vector<std::string>;

/// Does with each envelope what its message says.
class Obedient : public BatchConnection {
  public:
    explicit Obedient(Host& host)
        : BatchConnection(host),
          limit_(config().get<std::size_t>("held_limit", 1000)),
          seen_(counter("seen", "Envelopes")) {}

    Result<void> connect() override {
        if (config().get<bool>("connects", true)) {
            return {};
        }
        return failure(ErrorClass::failed, "obedient.connect", "told so");
    }
    Result<void> disconnect() override {
        for (const std::uint64_t token : kept_) {
            complete(token, failure(ErrorClass::disconnected, "obedient.disconnected", "the end"));
        }
        kept_.clear();
        return {};
    }
    void on_batch(Batch& batch) override {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const TakenEnvelope envelope = batch[i];
            seen_.add();
            obey(batch, i, envelope.message());
        }
    }
    void on_cancel(std::uint64_t token) override {
        log().info("cancelled");
        std::erase(kept_, token);
        complete(token, failure(ErrorClass::failed, "obedient.cancelled", "not wanted"));
    }
    void on_timer(std::uint64_t token) override {
        log().info("timer " + std::to_string(token));
        if (token == 13) {
            throw std::runtime_error("unlucky");
        }
    }
    void on_wake() override { log().info("awake"); }
    void on_room() override { log().info("room"); }
    void on_receipt(std::uint64_t receipt, const Receipt& what) override {
        log().info("receipt " + std::to_string(receipt) + ' ' + what.code);
    }
    Result<std::string> on_call(std::string_view method, std::string_view arguments) override {
        if (method == "throw") {
            throw std::runtime_error("called");
        }
        return method == "say" ? Result<std::string>(std::string(arguments))
                               : BatchConnection::on_call(method, arguments);
    }
    std::size_t held_limit() const override { return limit_; }

  private:
    void obey(Batch& batch, std::size_t i, std::string_view order) {
        const Error error{ErrorClass::invalid, "obedient.failed", "told so"};
        if (order == "fail") {
            batch.fail(i, error);
            EXPECT_EQ(batch.reply(i, 1), nullptr);
            batch.keep(i);  // it has failed: nothing else can become of it
        } else if (order == "withdraw") {
            answer(batch, i, "never to be seen");
            batch.fail(i, error);
        } else if (order == "twice") {
            answer(batch, i, "never to be seen");
            answer(batch, i, "the second");
        } else if (order == "not mine") {
            batch.not_mine(i);
        } else if (order == "keep") {
            batch.keep(i);
            kept_.push_back(batch[i].token());
        } else if (order == "throw") {
            throw std::runtime_error("told so");
        } else if (order == "timer" || order == "unlucky timer") {
            EXPECT_TRUE(set_timer(order == "timer" ? 7 : 13, 1s));
        } else if (order == "no timer") {
            cancel_timer(7);
        } else if (order == "wake") {
            wake();
        } else if (order == "deliver") {
            const Envelope own{"far", "me", "fetchai/default:1.0.0", "own"};
            Delivery delivery(own);
            delivery.receipt = 5;
            const auto delivered = deliver(delivery);
            batch.keep(i);
            complete(batch[i].token(), delivered);
        } else if (order.substr(0, 5) == "size ") {
            answer(batch, i, std::string(std::stoul(std::string(order.substr(5))), 'x'));
        } else if (order != "nothing") {
            answer(batch, i, order);
        }
    }
    static void answer(Batch& batch, std::size_t i, std::string_view text) {
        if (char* space = batch.reply(i, text.size())) {
            std::memcpy(space, text.data(), text.size());
        }
    }

    std::size_t limit_;
    Metric seen_;
    std::vector<std::uint64_t> kept_;
};

Envelope order(std::string text, std::string sender = "you") {
    return {"me", std::move(sender), "fetchai/default:1.0.0", std::move(text), "", ""};
}

struct BatchConnectionTest : ::testing::Test {
    HostDouble& start(HostOptions options = {}) {
        static constexpr patchbay_class table = batch_connection_class<Obedient>("Obedient");
        host_ = std::make_unique<HostDouble>(table, std::move(options));
        return *host_;
    }
    HostDouble& connected(HostOptions options = {}) {
        HostDouble& host = start(std::move(options));
        EXPECT_TRUE(host.connect());
        return host;
    }
    void TearDown() override {
        ASSERT_NE(host_, nullptr);
        host_->stop();
        EXPECT_EQ(host_->blocks_held(), 0U);
        EXPECT_EQ(host_->misbehaviour(), std::vector<std::string>{});
    }
    /// Codes of the completions in the order of their tokens.
    static Codes codes(HostDouble& host, const std::vector<std::uint64_t>& tokens) {
        Codes codes;
        for (const std::uint64_t token : tokens) {
            for (const auto& completed : host.wait_for_completions(tokens.size())) {
                if (completed.token == token) {
                    codes.push_back(completed.status == PATCHBAY_NOT_MINE ? "not mine"
                                                                          : completed.code);
                }
            }
        }
        return codes;
    }
    static Codes messages(const std::vector<testing::Delivered>& deliveries) {
        Codes messages;
        for (const auto& delivered : deliveries) {
            messages.push_back(delivered.envelope.message);
        }
        return messages;
    }

    std::unique_ptr<HostDouble> host_;
};

TEST_F(BatchConnectionTest, IsDrivenByTheHostAndMayRunOnOtherThreads) {
    constexpr patchbay_class table = batch_connection_class<Obedient>("Obedient");
    static_assert(table.run == nullptr && table.flags == PATCHBAY_CLASS_INLINE_OK);
    static_assert(batch_connection_class<Obedient>("Obedient", 0).flags == 0);
    start();
}

TEST_F(BatchConnectionTest, AnswersGoBackToTheLaneThatAskedWithoutACopy) {
    HostDouble& host = connected();
    Envelope asked = order("hello");
    asked.uri = "/uri";
    const auto token = host.push(asked);
    const auto made = host.wait_for_deliveries(1)[0];
    EXPECT_EQ(made.envelope, (Envelope{"you", "me", "fetchai/default:1.0.0", "hello", "/uri", ""}));
    EXPECT_EQ(made.parent, token);
    EXPECT_EQ(made.reply_to.check, static_cast<std::uint32_t>(token));
    EXPECT_EQ(made.hops, 1U);
    EXPECT_EQ(made.flags, std::uint32_t{PATCHBAY_ENVELOPE_GIVE_BLOCK});
    EXPECT_TRUE(made.in_block);
    EXPECT_EQ(host.wait_for_completions(1)[0].status, PATCHBAY_OK);
    ASSERT_TRUE(host.disconnect());
}

TEST_F(BatchConnectionTest, AnswersOfEverySizeArriveWhole) {
    HostDouble& host = connected();
    std::vector<Envelope> orders;
    const std::vector<std::size_t> sizes{0, 1, 60, 100, 128, 129, 1000, 4000, 4096, 5000, 100000};
    for (const std::size_t size : sizes) {
        orders.push_back(order("size " + std::to_string(size)));
    }
    host.push(orders);
    const auto made = host.wait_for_deliveries(sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_EQ(made[i].envelope.message, std::string(sizes[i], 'x'));
    }
    host.wait_for_completions(sizes.size());
    EXPECT_EQ(host.blocks_held(), 0U);  // also those fetched in advance
}

TEST_F(BatchConnectionTest, EachEnvelopeOfABatchHasItsOwnEnd) {
    HostDouble& host = connected();
    const auto tokens = host.push({order("nothing"), order("fail"), order("withdraw"),
                                   order("twice"), order("not mine"), order("answer")});
    EXPECT_EQ(codes(host, tokens),
              (Codes{"", "obedient.failed", "obedient.failed", "", "not mine", ""}));
    EXPECT_EQ(messages(host.deliveries()), (Codes{"the second", "answer"}));
    EXPECT_EQ(host.metrics().at("seen"), 6);
}

TEST_F(BatchConnectionTest, ABatchThatThrowsFailsAsAWholeButForWhatWasKept) {
    HostDouble& host = connected();
    const auto tokens = host.push({order("keep"), order("answer"), order("fail"), order("nothing"),
                                   order("throw"), order("later")});
    const auto completed = host.wait_for_completions(5);
    ASSERT_TRUE(host.disconnect());
    EXPECT_EQ(codes(host, tokens), (Codes{"obedient.disconnected", "exception", "obedient.failed",
                                          "exception", "exception", "exception"}));
    EXPECT_TRUE(host.deliveries().empty());
    host.wait_for_log("on_batch: told so");
}

TEST_F(BatchConnectionTest, KeptEnvelopesAreCompletedLater) {
    HostDouble& host = connected();
    const auto tokens = host.push({order("keep"), order("keep"), order("nothing")});
    host.wait_for_completions(1);
    host.cancel(tokens[1]);
    EXPECT_EQ(host.wait_for_completions(2)[1].code, "obedient.cancelled");
    ASSERT_TRUE(host.disconnect());
    EXPECT_EQ(host.wait_for_completions(3)[2].code, "obedient.disconnected");
}

TEST_F(BatchConnectionTest, RequestsOfRefusedAnswersFail) {
    HostDouble& host = connected();
    host.refuse("nobody", PATCHBAY_REASON_NO_ROUTE);
    const auto tokens = host.push({order("a", "nobody"), order("b"), order("c", "nobody")});
    EXPECT_EQ(codes(host, tokens), (Codes{"delivery.no_route", "", "delivery.no_route"}));
    EXPECT_EQ(messages(host.deliveries()), Codes{"b"});
}

TEST_F(BatchConnectionTest, RequestsFailWhileTheHostHasNoMemory) {
    HostDouble& host = connected();
    host.exhaust_memory();
    const auto tokens = host.push({order("a"), order("size 100000"), order("nothing")});
    EXPECT_EQ(codes(host, tokens), (Codes{"reply.no_memory", "reply.no_memory", ""}));
    host.exhaust_memory(false);
    host.push(order("b"));
    EXPECT_EQ(messages(host.wait_for_deliveries(1)), Codes{"b"});
}

TEST_F(BatchConnectionTest, AnswersWithoutRoomAreHeldInTheirOrderAndDeliveredOnRoom) {
    HostDouble& host = connected();
    host.fill("slow");
    std::vector<Envelope> orders;
    for (int i = 0; i < 300; ++i) {
        orders.push_back(order(std::to_string(i), i % 2 == 0 ? "slow" : "fast"));
    }
    host.push(orders);
    host.wait_for_completions(150);
    EXPECT_EQ(host.deliveries().size(), 150U);  // those with room passed
    host.make_room("slow");
    const auto made = messages(host.wait_for_deliveries(300));
    for (std::size_t i = 0; i < 300; ++i) {
        EXPECT_EQ(made[i], std::to_string(i < 150 ? 2 * i + 1 : 2 * (i - 150)));
    }
    for (const auto& completed : host.wait_for_completions(300)) {
        EXPECT_EQ(completed.status, PATCHBAY_OK);
    }
    host.push(order("after", "slow"));
    EXPECT_EQ(messages(host.wait_for_deliveries(301)).back(), "after");
}

TEST_F(BatchConnectionTest, RoomForOneIsNoRoomForAnother) {
    HostDouble& host = connected();
    host.fill("left");
    host.fill("right");
    host.push({order("1", "left"), order("2", "right")});
    host.wait_for_full_answers(2);
    host.make_room("right");
    host.wait_for_completions(1);
    EXPECT_EQ(messages(host.deliveries()), Codes{"2"});
    host.make_room("left");
    EXPECT_EQ(messages(host.wait_for_deliveries(2)), (Codes{"2", "1"}));
}

TEST_F(BatchConnectionTest, HoldsNoMoreThanItsLimit) {
    HostOptions options;
    options.config_json = R"({"held_limit": 2})";
    HostDouble& host = connected(options);
    host.fill("slow");
    const auto tokens =
        host.push({order("1", "slow"), order("2", "slow"), order("3", "slow"), order("4", "fast")});
    EXPECT_EQ(host.wait_for_completions(2).size(), 2U);
    EXPECT_EQ(host.wait_for_completions(2)[0].code, "delivery.too_many_waiting");
    host.make_room("slow");
    EXPECT_EQ(messages(host.wait_for_deliveries(3)), (Codes{"4", "1", "2"}));
    EXPECT_EQ(codes(host, tokens), (Codes{"", "", "delivery.too_many_waiting", ""}));
}

TEST_F(BatchConnectionTest, HeldAnswersEndWhenCancelledRefusedOrCutOff) {
    HostDouble& host = connected();
    host.fill("slow");
    host.fill("gone");
    const auto tokens = host.push({order("1", "slow"), order("2", "slow"), order("3", "gone")});
    host.wait_for_full_answers(3);
    host.cancel(tokens[0]);
    EXPECT_EQ(host.wait_for_completions(1)[0].code, "operation.cancelled");
    host.refuse("gone", PATCHBAY_REASON_NOT_CONNECTED);
    host.make_room("gone");
    EXPECT_EQ(host.wait_for_completions(2)[1].code, "delivery.not_connected");
    ASSERT_TRUE(host.disconnect());
    EXPECT_EQ(host.wait_for_completions(3)[2].code, "delivery.disconnected");
    EXPECT_TRUE(host.deliveries().empty());
}

TEST_F(BatchConnectionTest, HearsOfTimersWakesRoomAndReceipts) {
    HostDouble& host = connected();
    host.push({order("timer"), order("unlucky timer"), order("wake")});
    host.wait_for_log("awake");
    host.advance(1s);
    host.wait_for_log("timer 7");
    host.wait_for_log("unlucky");  // the exception is told, and the next signal comes all the same
    host.push({order("timer"), order("no timer"), order("deliver")});
    EXPECT_EQ(host.wait_for_deliveries(1)[0].receipt, 5U);
    host.advance(10s);
    host.send_receipt(5, PATCHBAY_RECEIPT_FAILED, "some.code");
    host.wait_for_log("receipt 5 some.code");
    std::size_t timers = 0;
    for (const auto& line : host.log()) {
        timers += line.text == "timer 7" ? 1U : 0U;
    }
    EXPECT_EQ(timers, 1U);
    host.fill("far");
    host.push(order("deliver"));
    EXPECT_EQ(host.wait_for_completions(7)[6].code, "delivery.full");
    host.make_room("far");
    host.wait_for_log("room");
}

TEST_F(BatchConnectionTest, AnswersCallsOfDependents) {
    HostDouble& host = connected();
    EXPECT_EQ(host.call("say", "hello").value(), "hello");
    EXPECT_EQ(host.call("other", "").error().code, "call.unsupported");
    EXPECT_EQ(host.call("throw", "").error().code, "exception");
}

TEST_F(BatchConnectionTest, ConnectsAgainAfterAFailureOfItsOwn) {
    HostOptions options;
    options.config_json = R"({"connects": false})";
    EXPECT_EQ(start(options).connect().error().code, "obedient.connect");
}

TEST_F(BatchConnectionTest, FailsToBeCreatedWithWhatTheConstructorThrows) {
    HostOptions options;
    options.config_json = R"({"held_limit": "many"})";
    EXPECT_EQ(start(options).creation().error().code, "config.wrong_type");
}

/// A later host shows longer items, an earlier one shorter ones.
TEST_F(BatchConnectionTest, ReadsEnvelopesOfOtherStrides) {
    for (const std::uint32_t stride :
         {static_cast<std::uint32_t>(sizeof(patchbay_envelope)) + 40,
          static_cast<std::uint32_t>(offsetof(patchbay_envelope, connection_id))}) {
        HostOptions options;
        options.envelope_stride = stride;
        HostDouble& host = connected(options);
        host.push({order("one"), order("two"), order("three")});
        EXPECT_EQ(messages(host.wait_for_deliveries(3)), (Codes{"one", "two", "three"}));
        host.wait_for_completions(3);
        host.stop();
    }
}

}  // namespace
}  // namespace patchbay
