// SPDX-License-Identifier: Apache-2.0
/// \file
/// The connection against a host double, with real files. Named after upstream's tests of its stub
/// where there is one (reference in the comments).
#include "stub_connection.hpp"

#include "scratch_folder.hpp"

#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

namespace patchbay::stub {
namespace {

using patchbay::testing::HostDouble;
using patchbay::testing::HostOptions;

constexpr patchbay_class table = connection_class<StubConnection>("StubConnection");

class StubConnectionTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::unique_ptr<HostDouble> make_host(std::string config = "{}") const {
        HostOptions options;
        options.config_json = std::move(config);
        options.data_folder = folder_.file("");
        options.disconnect_limit = std::chrono::milliseconds(600);
        return std::make_unique<HostDouble>(table, std::move(options));
    }
    [[nodiscard]] std::string input() const { return folder_.file("input_file"); }
    [[nodiscard]] std::string output() const { return folder_.file("output_file"); }
    static void wait_for(const std::function<bool()>& condition, const char* what) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << what;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    static Envelope envelope_with(std::string text) {
        return {"receiver", "sender", std::string(protocols::default_protocol_id),
                message_with(std::move(text))};
    }

    ScratchFolder folder_;
};

TEST_F(StubConnectionTest, ConnectsTwiceAndDisconnectsTwice) {  // test_connection_when_already_...
    const auto host = make_host();
    ASSERT_TRUE(host->creation());
    ASSERT_TRUE(host->connect());
    EXPECT_TRUE(std::filesystem::exists(input()));
    EXPECT_TRUE(std::filesystem::exists(output()));
    ASSERT_TRUE(host->disconnect());
    ASSERT_TRUE(host->connect());
    host->push(envelope_with("after a reconnect"));
    host->wait_for_completions(1);
    EXPECT_EQ(host->completions()[0].status, PATCHBAY_OK);
    ASSERT_TRUE(host->disconnect());
    EXPECT_TRUE(host->misbehaviour().empty());
}

TEST_F(StubConnectionTest, ReceivesWhatIsInTheFile) {  // test_reception_a, _b
    append_plainly(input(), line_with("before"));
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    ASSERT_EQ(host->wait_for_deliveries(1).size(), 1U);
    const std::string nasty = "commas,,, and\nnewlines,\n,";
    append_plainly(input(), line_with(nasty) + "\n" + line_with("burst") + line_with("burst"));
    const auto delivered = host->wait_for_deliveries(4);
    EXPECT_EQ(delivered[0].envelope.to, "to");
    EXPECT_EQ(delivered[0].envelope.sender, "from");
    EXPECT_EQ(delivered[0].envelope.protocol_id, protocols::default_protocol_id);
    EXPECT_EQ(text_in(delivered[0].envelope.message), "before");
    EXPECT_EQ(text_in(delivered[1].envelope.message), nasty);
    EXPECT_EQ(text_in(delivered[3].envelope.message), "burst");
    EXPECT_NE(delivered[0].receipt, 0U);
    EXPECT_NE(delivered[0].flags & PATCHBAY_ENVELOPE_REQUEST, 0U);
}

TEST_F(StubConnectionTest, ReceivesAThousandOfABurst) {  // upstream: 55 of 1,000
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    std::string lines;
    for (int i = 0; i < 1000; ++i) {
        lines += line_with(std::to_string(i));
    }
    append_plainly(input(), lines);
    const auto delivered = host->wait_for_deliveries(1000);
    for (std::size_t i = 0; i < 1000; ++i) {
        ASSERT_EQ(text_in(delivered[i].envelope.message), std::to_string(i));
    }
}

TEST_F(StubConnectionTest, AddsTheVersionThatAProtocolIdLacks) {
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    append_plainly(input(), "to,from,fetchai/default," + message_with("x") + ",");
    EXPECT_EQ(host->wait_for_deliveries(1)[0].envelope.protocol_id, "fetchai/default:latest");
}

TEST_F(StubConnectionTest, ALineIsConsumedByItsReceiptOnly) {
    append_plainly(input(), line_with("1") + line_with("2"));
    {
        const auto host = make_host();
        ASSERT_TRUE(host->connect());
        const auto delivered = host->wait_for_deliveries(2);
        host->send_receipt(delivered[0].receipt, PATCHBAY_RECEIPT_DONE);
        wait_for(
            [&] {
                return content_of(input() + ".offset")
                           .find("offset=" + std::to_string(line_with("1").size()) + " ") !=
                       std::string::npos;
            },
            "the bookmark behind the first line");
        ASSERT_TRUE(host->disconnect());
        EXPECT_NE(content_of(input()), "");
        host->wait_for_log("1 lines of the input file were handed out and not settled");
    }
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    const auto delivered = host->wait_for_deliveries(1);
    EXPECT_EQ(text_in(delivered[0].envelope.message), "2");
    host->send_receipt(delivered[0].receipt, PATCHBAY_RECEIPT_DEAD_LETTERED, "no_route");
    wait_for([&] { return content_of(input()).empty(); }, "the consumed file to be emptied");
    EXPECT_EQ(host->deliveries().size(), 1U);
}

TEST_F(StubConnectionTest, ALateReceiptDoesNotConsumeAnotherLine) {
    append_plainly(input(), line_with("1"));
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    const auto late = host->wait_for_deliveries(1)[0].receipt;
    ASSERT_TRUE(host->disconnect());
    ASSERT_TRUE(host->connect());
    const auto delivered = host->wait_for_deliveries(2);
    EXPECT_NE(delivered[1].receipt, late);
    host->send_receipt(late, PATCHBAY_RECEIPT_DONE);
    ASSERT_TRUE(host->disconnect());
    EXPECT_EQ(content_of(input()), line_with("1"));
}

TEST_F(StubConnectionTest, DisconnectWaitsForWhatIsOut) {
    append_plainly(input(), line_with("1"));
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    const auto delivered = host->wait_for_deliveries(1);
    host->begin_disconnect();
    host->send_receipt(delivered[0].receipt, PATCHBAY_RECEIPT_DONE);
    ASSERT_TRUE(host->wait_for_operation());
    EXPECT_NE(content_of(input() + ".offset")
                  .find("offset=" + std::to_string(line_with("1").size()) + " "),
              std::string::npos);
}

TEST_F(StubConnectionTest, MalformedLinesBecomeDeadLettersWithTheirOffset) {  // test_bad_envelope
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    append_plainly(input(), line_with("good") + "\nYm FkIGVudmVsb3Bl\n" + line_with("good"));
    ASSERT_EQ(host->wait_for_deliveries(2).size(), 2U);
    const auto malformed = host->malformed();
    ASSERT_EQ(malformed.size(), 1U);
    EXPECT_EQ(malformed[0].first, "stub.not_a_line");
    EXPECT_EQ(malformed[0].second, "Ym FkIGVudmVsb3Bl\n");
    host->wait_for_log("at offset " + std::to_string(line_with("good").size() + 1) + " of " +
                       input());
    EXPECT_EQ(host->metrics().at("lines_malformed"), 1);
}

TEST_F(StubConnectionTest, WhatTheHostKeepsAsADeadLetterIsConsumed) {
    const auto host = make_host();
    host->refuse("to", PATCHBAY_REASON_NO_ROUTE);
    ASSERT_TRUE(host->connect());
    append_plainly(input(), line_with("nobody wants this"));
    wait_for([&] { return content_of(input()).empty(); }, "the consumed file to be emptied");
}

TEST_F(StubConnectionTest, AFileFullOfGarbageIsReportedLineByLine) {
    const auto host = make_host(R"({"max_outstanding": 100})");
    ASSERT_TRUE(host->connect());
    std::string garbage;
    for (int i = 0; i < 350; ++i) {
        garbage += "garbage " + std::to_string(i) + "\n";
    }
    append_plainly(input(), garbage + line_with("good"));
    ASSERT_EQ(host->wait_for_deliveries(1).size(), 1U);
    const auto malformed = host->malformed();
    ASSERT_EQ(malformed.size(), 350U);
    EXPECT_EQ(malformed[349].second, "garbage 349\n");
}

TEST_F(StubConnectionTest, AnOrderlyEndDoesNotReadDeadLettersAgain) {
    append_plainly(input(), "garbage\n");
    {
        const auto host = make_host();
        ASSERT_TRUE(host->connect());
        host->wait_for_log("stub.not_a_line");
        ASSERT_TRUE(host->disconnect());
    }
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    append_plainly(input(), line_with("next"));
    ASSERT_EQ(host->wait_for_deliveries(1).size(), 1U);
    EXPECT_TRUE(host->malformed().empty());
}

TEST_F(StubConnectionTest, WaitsForRoomAndKeepsTakingItsOwnMailbox) {
    const auto host = make_host();
    host->fill("to");
    ASSERT_TRUE(host->connect());
    append_plainly(input(), line_with("1") + line_with("2"));
    host->wait_for_full_answers(1);
    host->push(envelope_with("meanwhile"));
    host->wait_for_completions(1);
    EXPECT_TRUE(host->deliveries().empty());
    host->make_room("to");
    const auto delivered = host->wait_for_deliveries(2);
    EXPECT_EQ(text_in(delivered[0].envelope.message), "1");
    EXPECT_EQ(text_in(delivered[1].envelope.message), "2");
}

TEST_F(StubConnectionTest, ADisconnectDoesNotWaitForRoom) {
    auto host = make_host();
    host->fill("to");
    ASSERT_TRUE(host->connect());
    append_plainly(input(), line_with("1"));
    host->wait_for_full_answers(1);
    ASSERT_TRUE(host->disconnect());
    EXPECT_TRUE(host->lost().empty());
    host->make_room("to");
    ASSERT_TRUE(host->connect());
    EXPECT_EQ(text_in(host->wait_for_deliveries(1)[0].envelope.message), "1");
}

TEST_F(StubConnectionTest, WritesEnvelopesInOrder) {  // test_send_message
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    std::vector<Envelope> envelopes;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        envelopes.push_back(envelope_with(std::to_string(i)));
        ASSERT_TRUE(append_stub_line(envelopes.back().view(), expected));
    }
    host->push(envelopes);
    for (const auto& completed : host->wait_for_completions(1000)) {
        EXPECT_EQ(completed.status, PATCHBAY_OK);
    }
    EXPECT_TRUE(content_of(output()) == expected);
    EXPECT_EQ(host->metrics().at("lines_written"), 1000);
}

TEST_F(StubConnectionTest, WritesWhenTheLockIsFreeAgain) {
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    {
        const Locked reader(output());
        host->push(envelope_with("1"));
        host->push(envelope_with("2"));
        const auto sleeps = host->sleeps();
        host->wait_for_sleep(sleeps == 0 ? 0 : sleeps - 1);
        EXPECT_TRUE(host->completions().empty());
        EXPECT_EQ(content_of(output()), "");
    }
    host->wait_for_completions(2);
    std::string expected;
    ASSERT_TRUE(append_stub_line(envelope_with("1").view(), expected));
    ASSERT_TRUE(append_stub_line(envelope_with("2").view(), expected));
    EXPECT_EQ(content_of(output()), expected);
}

TEST_F(StubConnectionTest, AWriteThatIsNoLongerWantedIsNotMade) {
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    {
        const Locked reader(output());
        const auto token = host->push(envelope_with("too late"));
        host->push(envelope_with("in time"));
        wait_for([&] { return host->sleeps() > 1; }, "the lane to take them");
        host->cancel(token);
        EXPECT_EQ(host->wait_for_completions(1)[0].code, "stub.output_locked");
    }
    host->wait_for_completions(2);
    EXPECT_EQ(content_of(output()).find("too late"), std::string::npos);
    EXPECT_NE(content_of(output()).find("in time"), std::string::npos);
}

TEST_F(StubConnectionTest, RefusesEnvelopesBetweenComponents) {
    const auto host = make_host();
    ASSERT_TRUE(host->connect());
    host->push(Envelope{"a/b:1.0.0", "c/d:1.0.0", "fetchai/default:1.0.0", "x"});
    host->push(Envelope{"a/b:1.0.0", "agent", "fetchai/default:1.0.0", "x"});
    for (const auto& completed : host->wait_for_completions(2)) {
        EXPECT_NE(completed.status, PATCHBAY_OK);
        EXPECT_EQ(completed.code, "envelope.not_for_outside");
    }
    EXPECT_EQ(content_of(output()), "");
}

TEST_F(StubConnectionTest, CannotUseADevice) {
    const auto host = make_host(R"({"output_file": "/dev/null"})");
    const auto connected = host->connect();
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().message.find("/dev/null"), std::string::npos);
}

TEST_F(StubConnectionTest, SaysWhatIsWrongWithItsConfiguration) {
    const auto same = make_host(R"({"input_file": "a", "output_file": "./b/../a"})");
    ASSERT_FALSE(same->creation());
    EXPECT_EQ(same->creation().error().code, "config.same_file");
    const auto empty = make_host(R"({"input_file": ""})");
    ASSERT_FALSE(empty->creation());
    EXPECT_NE(empty->creation().error().message.find("input_file"), std::string::npos);
    const auto wrong = make_host(R"({"output_file": 7})");
    EXPECT_FALSE(wrong->creation());
    const auto zero = make_host(R"({"max_outstanding": 0})");
    EXPECT_FALSE(zero->creation());
}

TEST_F(StubConnectionTest, CannotConnectWithoutItsFolderAndSaysSo) {
    const auto host = make_host(R"({"input_file": "no/such/folder/in"})");
    ASSERT_TRUE(host->creation());
    const auto connected = host->connect();
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().message.find("no/such/folder/in"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::stub
