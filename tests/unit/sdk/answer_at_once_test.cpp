// SPDX-License-Identifier: Apache-2.0
#include "recorded_nonces.hpp"

#include <patchbay/answer_at_once.hpp>
#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay {
namespace {

using nlohmann::json;

constexpr unsigned request = 5;
constexpr unsigned response = 6;

Result<protocols::MessageView> answer(const IncomingMessage& message, NonceSource& nonces,
                                      AnswerReference& reference) {
    return answer_at_once(message, response, protocols::http_dialogue_rules, nonces, reference);
}

TEST(AnswerAtOnce, GivesTheHeaderOfTheAnswer) {
    RandomNonces nonces;
    AnswerReference reference{};
    const auto header = answer({"me", "client", "theirs", "", 1, 0, request}, nonces, reference);
    ASSERT_TRUE(header) << to_string(header.error());
    EXPECT_EQ(header->starter_reference, "theirs");
    EXPECT_EQ(header->responder_reference, std::string_view(reference.data(), reference.size()));
    EXPECT_EQ(header->message_id, -1);
    EXPECT_EQ(header->target, 1);
    EXPECT_TRUE(header->content.empty());
}

TEST(AnswerAtOnce, RefusesWhatIsNotAProperFirstMessage) {
    RandomNonces nonces;
    AnswerReference reference{};
    reference.fill('#');
    const AnswerReference before = reference;
    const auto code_of = [&](const IncomingMessage& message, unsigned performative = response) {
        const auto header = answer_at_once(message, performative, protocols::http_dialogue_rules,
                                           nonces, reference);
        return header ? "accepted" : header.error().code;
    };
    EXPECT_EQ(code_of({"me", "me", "r", "", 1, 0, request}), "dialogue.misuse");
    EXPECT_EQ(code_of({"me", "client", "", "", 1, 0, request}), "dialogue.no_reference");
    EXPECT_EQ(code_of({"me", "client", "r", "", 0, 0, request}), "dialogue.no_reference");
    EXPECT_EQ(code_of({"me", "client", "r", "s", 1, 0, request}), "dialogue.unknown");
    EXPECT_EQ(code_of({"me", "client", "r", "", 2, 1, request}), "dialogue.unknown");
    EXPECT_EQ(code_of({"me", "client", "r", "", 1, 1, request}), "dialogue.bad_target");
    EXPECT_EQ(code_of({"me", "client", "r", "", 1, 0, response}), "dialogue.bad_performative");
    EXPECT_EQ(code_of({"me", "client", "r", "", 1, 0, 1000}), "dialogue.bad_performative");
    EXPECT_EQ(code_of({"me", "client", "r", "", 1, 0, request}, request),
              "dialogue.bad_performative");
    EXPECT_EQ(reference, before);
}

TEST(AnswerAtOnceVectors, AnswerAsUpstream) {
    std::size_t answered = 0;
    for (const json& vector : vectors::group("dialogue")) {
        const json& steps = vector.at("steps");
        if (vector.at("protocol") != "http" || steps.at(0).at("op") != "update") {
            continue;
        }
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        RecordedNonces nonces(vector.at("nonces").get<std::vector<std::string>>());
        const RecordedMessage message(steps.at(0).at("message"));
        AnswerReference reference{};
        const auto header = answer(message.view(), nonces, reference);
        ASSERT_EQ(header.has_value(), steps.at(0).at("expect").at("result") == "accepted");
        if (!header || steps.size() < 2 || steps.at(1).at("op") != "reply") {
            continue;
        }
        ++answered;
        const json& expected = steps.at(1).at("expect").at("message");
        EXPECT_EQ(header->starter_reference,
                  expected.at("dialogue_reference").at(0).get<std::string>());
        EXPECT_EQ(header->responder_reference,
                  expected.at("dialogue_reference").at(1).get<std::string>());
        EXPECT_EQ(header->message_id, expected.at("message_id").get<std::int32_t>());
        EXPECT_EQ(header->target, expected.at("target").get<std::int32_t>());
    }
    EXPECT_GE(answered, 3U);
}

}  // namespace
}  // namespace patchbay
