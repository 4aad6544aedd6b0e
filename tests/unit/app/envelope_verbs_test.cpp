// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "unit/app/run_patchbay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::app {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string from(const char* hex) {
    std::string bytes;
    for (const char* digit = hex; *digit != '\0'; digit += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digit, 2), nullptr, 16));
    }
    return bytes;
}

// Recorded from upstream: default `bytes` "hello", references ("aa", ""), message 1, target 0.
const std::string upstream_line = from(
    "746f2c66726f6d2c666574636861692f64656661756c743a312e302e302c"
    "12110801120261612a092a070a0568656c6c6f2c");
const std::string upstream_protobuf = from(
    "0a02746f120466726f6d1a15666574636861692f64656661756c743a312e302e30"
    "221312110801120261612a092a070a0568656c6c6f");

TEST(EnvelopeEncode, WritesUpstreamsBytes) {
    const std::vector<std::string> arguments = {"envelope", "encode",   "--to",
                                                "to",       "--sender", "from",
                                                "--text",   "hello",    "--starter-reference",
                                                "aa"};
    const Outcome stub = run_patchbay(arguments);
    EXPECT_EQ(stub.code, exit_ok) << stub.err;
    EXPECT_EQ(stub.out, upstream_line);
    std::vector<std::string> more = arguments;
    more.insert(more.end(), {"--format", "protobuf"});
    EXPECT_EQ(run_patchbay(more).out, upstream_protobuf);
}

TEST(EnvelopeEncode, BeginsANewDialogueEachTime) {
    const auto line = [] {
        return run_patchbay({"envelope", "encode", "--to", "to", "--text", "hello"}).out;
    };
    const std::string one = line();
    EXPECT_NE(one, line());
    const json decoded =
        json::parse(run_patchbay({"envelope", "decode", "--json"}, one).out).at("decoded");
    EXPECT_EQ(decoded.at("message_id"), 1);
    EXPECT_EQ(decoded.at("target"), 0);
    EXPECT_EQ(decoded.at("starter_reference").get<std::string>().size(), 64U);
    EXPECT_EQ(decoded.at("responder_reference"), "");
    EXPECT_EQ(decoded.at("content"), "hello");
}

TEST(EnvelopeEncode, ChoosesASenderOfTheSameKindAsTheReceiver) {
    const auto sender = [](const char* to) {
        const Outcome outcome =
            run_patchbay({"envelope", "encode", "--to", to, "--text", "x", "--format", "json"});
        return json::parse(outcome.out).at("sender").get<std::string>();
    };
    EXPECT_EQ(sender("somebody"), "cli");
    EXPECT_EQ(sender("patchbay/echo:0.1.0"), "patchbay/cli:0.1.0");
}

TEST(EnvelopeEncode, OtherProtocolsTakeTheContentAsTheMessage) {
    const Outcome outcome = run_patchbay({"envelope", "encode", "--to", "to", "--protocol",
                                          "a/b:1.0.0", "--hex", "00 ff", "--format", "json"});
    EXPECT_EQ(json::parse(outcome.out).at("message"), "00ff");
}

TEST(EnvelopeEncode, ReadsStandardInput) {
    const Outcome outcome = run_patchbay(
        {"envelope", "encode", "--to", "to", "--file", "-", "--raw", "--format", "json"}, "a,b\n");
    EXPECT_EQ(json::parse(outcome.out).at("message"), "612c620a");
}

TEST(EnvelopeEncode, RefusesWhatTheCodecRefuses) {
    const Outcome outcome = run_patchbay(
        {"envelope", "encode", "--to", "patchbay/echo:0.1.0", "--sender", "me", "--text", "x"});
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("envelope.mixed_addresses"));
    EXPECT_EQ(outcome.out, "");
}

TEST(EnvelopeEncode, NeedsExactlyOneContent) {
    EXPECT_EQ(run_patchbay({"envelope", "encode", "--to", "to"}).code, exit_usage);
    EXPECT_EQ(run_patchbay({"envelope", "encode", "--to", "to", "--text", "a", "--hex", "00"}).code,
              exit_usage);
}

TEST(EnvelopeEncode, NamesAWrongDigit) {
    const Outcome outcome = run_patchbay({"envelope", "encode", "--to", "to", "--hex", "0g"});
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("'g'"));
}

TEST(EnvelopeDecode, PrintsReadableText) {
    const Outcome outcome = run_patchbay({"envelope", "decode"}, upstream_line);
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("to:                  to\nsender:              from\n"));
    EXPECT_THAT(outcome.out, HasSubstr("performative:        bytes\n"));
    EXPECT_THAT(outcome.out, HasSubstr("content:             hello\n"));
}

TEST(EnvelopeDecode, ReadsABurst) {
    const Outcome outcome =
        run_patchbay({"envelope", "decode", "--json"}, upstream_line + upstream_line + '\n');
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2);
}

TEST(EnvelopeDecode, ReadsTheWireForm) {
    const Outcome outcome =
        run_patchbay({"envelope", "decode", "--format", "protobuf", "--json"}, upstream_protobuf);
    EXPECT_EQ(json::parse(outcome.out).at("decoded").at("content"), "hello");
}

TEST(EnvelopeDecode, SaysWhereALineIsWrongAndGoesOn) {
    const Outcome outcome = run_patchbay({"envelope", "decode"}, "nonsense\n" + upstream_line);
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("At byte 0"));
    EXPECT_THAT(outcome.out, HasSubstr("hello"));
}

TEST(EnvelopeDecode, SaysThatTheLastLineIsNotComplete) {
    const Outcome outcome =
        run_patchbay({"envelope", "decode"}, upstream_line.substr(0, upstream_line.size() - 4));
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("not complete"));
}

TEST(EnvelopeDecode, AMissingFileIsAnError) {
    EXPECT_EQ(run_patchbay({"envelope", "decode", "/nowhere/at/all"}).code, exit_failed);
}

}  // namespace
}  // namespace patchbay::app
