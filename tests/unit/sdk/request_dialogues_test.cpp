// SPDX-License-Identifier: Apache-2.0
#include "recorded_nonces.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/request_dialogues.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchbay {
namespace {

using nlohmann::json;

constexpr unsigned http_request = 5;
constexpr unsigned http_response = 6;

RequestDialogues dialogues_with(std::size_t limit) {
    return {"me", "server", protocols::http_dialogue_rules, limit};
}

IncomingMessage answer_to(std::string_view reference) {
    return {"me", "server", reference, "theirs", -1, 1, http_response};
}

std::string code_of(const Result<std::uint64_t>& result) {
    return result ? "accepted" : result.error().code;
}

TEST(RequestDialogues, GiveTheCookieOnceWhateverTheOrderOfAnswers) {
    RequestDialogues dialogues = dialogues_with(1000);
    std::vector<std::string> references;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const auto opened = dialogues.open(i);
        ASSERT_TRUE(opened);
        references.emplace_back(opened->starter_reference);
    }
    EXPECT_EQ(dialogues.size(), 1000U);
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const std::uint64_t other = i * 7 % 1000;
        EXPECT_EQ(dialogues.settle(answer_to(references[other])).value(), other);
        EXPECT_EQ(code_of(dialogues.settle(answer_to(references[other]))), "dialogue.unknown");
    }
    EXPECT_EQ(dialogues.size(), 0U);
}

TEST(RequestDialogues, OpenNothingBeyondTheLimit) {
    RequestDialogues dialogues = dialogues_with(2);
    const auto first = dialogues.open(1);
    ASSERT_TRUE(first);
    ASSERT_TRUE(dialogues.open(2));
    EXPECT_FALSE(dialogues.open(3));
    ASSERT_TRUE(dialogues.settle(answer_to(first->starter_reference)));
    EXPECT_TRUE(dialogues.open(4));
    EXPECT_FALSE(dialogues_with(0).open(1));
}

TEST(RequestDialogues, ARefusedMessageChangesNothing) {
    RequestDialogues dialogues = dialogues_with(10);
    const std::string reference(dialogues.open(42)->starter_reference);
    const IncomingMessage good = answer_to(reference);
    const auto code_with = [&](auto change) {
        IncomingMessage message = good;
        change(message);
        return code_of(dialogues.settle(message));
    };
    const auto least = std::numeric_limits<std::int32_t>::min();
    EXPECT_EQ(code_with([](auto& m) { m.to = "you"; }), "dialogue.misuse");
    EXPECT_EQ(code_with([](auto& m) { m.sender = "me"; }), "dialogue.misuse");
    EXPECT_EQ(code_with([](auto& m) { m.sender = "other"; }), "dialogue.unknown");
    EXPECT_EQ(code_with([](auto& m) { m.starter_reference = ""; }), "dialogue.no_reference");
    EXPECT_EQ(code_with([](auto& m) { m.responder_reference = "", m.message_id = 0; }),
              "dialogue.no_reference");
    EXPECT_EQ(code_with([](auto& m) { m.starter_reference = "short"; }), "dialogue.unknown");
    EXPECT_EQ(code_with([](auto& m) { m.starter_reference.remove_suffix(1); }), "dialogue.unknown");
    const std::string stranger(nonce_size, 'f');
    EXPECT_EQ(code_with([&](auto& m) { m.starter_reference = stranger; }), "dialogue.unknown");
    for (const std::int32_t id : {0, 1, 2, -2, least}) {
        EXPECT_EQ(code_with([&](auto& m) { m.message_id = id; }), "dialogue.bad_message_id");
    }
    for (const std::int32_t target : {0, -1, 2, least}) {
        EXPECT_EQ(code_with([&](auto& m) { m.target = target; }), "dialogue.bad_target");
    }
    for (const unsigned performative : {http_request, 7U, 63U, 64U, 1000U}) {
        EXPECT_EQ(code_with([&](auto& m) { m.performative = performative; }),
                  "dialogue.bad_performative");
    }
    EXPECT_EQ(code_with([](auto& m) { m.responder_reference = "", m.message_id = 1; }),
              "dialogue.bad_performative");
    EXPECT_EQ(dialogues.size(), 1U);
    EXPECT_EQ(dialogues.settle(good).value(), 42U);
}

TEST(RequestDialogues, TellTheAnswerOfAnAbandonedOneApartAsLate) {
    RequestDialogues dialogues = dialogues_with(1);
    const auto opened = dialogues.open(1);
    const std::string reference(opened->starter_reference);
    EXPECT_TRUE(dialogues.abandon(opened->id));
    EXPECT_FALSE(dialogues.abandon(opened->id));
    EXPECT_EQ(dialogues.size(), 0U);
    EXPECT_TRUE(dialogues.open(2));  // an abandoned one takes no place
    EXPECT_EQ(code_of(dialogues.settle(answer_to(reference))), "dialogue.late");
    EXPECT_EQ(code_of(dialogues.settle(answer_to(reference))), "dialogue.late");
    IncomingMessage stranger = answer_to(reference);
    stranger.sender = "other";
    EXPECT_EQ(code_of(dialogues.settle(stranger)), "dialogue.unknown");
}

TEST(RequestDialogues, RememberTheLatestAbandonedOnesOnly) {
    RequestDialogues dialogues = dialogues_with(1);
    std::vector<std::string> references;
    for (std::size_t i = 0; i < RequestDialogues::remembered + 100; ++i) {
        const auto opened = dialogues.open(i);
        references.emplace_back(opened->starter_reference);
        ASSERT_TRUE(dialogues.abandon(opened->id));
    }
    for (std::size_t i = 0; i < references.size(); ++i) {
        EXPECT_EQ(code_of(dialogues.settle(answer_to(references[i]))),
                  i < 100 ? "dialogue.unknown" : "dialogue.late");
    }
}

TEST(RequestDialogues, AnIdNeverNamesALaterDialogue) {
    RequestDialogues dialogues = dialogues_with(10);
    const auto first = dialogues.open(1);
    ASSERT_TRUE(dialogues.settle(answer_to(first->starter_reference)));
    const auto second = dialogues.open(2);
    EXPECT_EQ(second->id.slot, first->id.slot);
    EXPECT_FALSE(dialogues.abandon(first->id));
    EXPECT_FALSE(dialogues.abandon(RequestId{}));
    EXPECT_FALSE(dialogues.abandon(RequestId{1000000, 1}));
    EXPECT_TRUE(dialogues.abandon(second->id));
}

TEST(RequestDialogues, AViewOfAReferenceSurvivesThoseOpenedAfterIt) {
    RequestDialogues dialogues = dialogues_with(10000);
    const auto first = dialogues.open(1);
    const std::string copy(first->starter_reference);
    for (int i = 0; i < 9999; ++i) {
        ASSERT_TRUE(dialogues.open(2));
    }
    EXPECT_EQ(first->starter_reference, copy);
}

TEST(RequestDialogues, OpenNothingWithAReferenceInUse) {
    const std::string same(nonce_size, '1');
    RequestDialogues dialogues(
        "me", "server", protocols::http_dialogue_rules, 10,
        std::make_unique<RecordedNonces>(std::vector<std::string>{same, same, same}));
    EXPECT_TRUE(dialogues.open(1));
    EXPECT_FALSE(dialogues.open(2));
    EXPECT_EQ(dialogues.size(), 1U);
    EXPECT_EQ(dialogues.settle(answer_to(same)).value(), 1U);
    EXPECT_TRUE(dialogues.open(3));
}

TEST(RequestDialogues, RefuseRulesThatAreNotOneRequestAndOneAnswer) {
    EXPECT_THROW(RequestDialogues("me", "server", protocols::default_dialogue_rules, 10),
                 std::invalid_argument);
    DialogueRules rules = protocols::http_dialogue_rules;
    rules.initial = 0;
    EXPECT_THROW(RequestDialogues("me", "server", rules, 10), std::invalid_argument);
    rules = protocols::http_dialogue_rules;
    rules.terminal = 0;
    EXPECT_THROW(RequestDialogues("me", "server", rules, 10), std::invalid_argument);
}

/// Every answer, late answer and stranger is told apart through many rounds of reuse.
TEST(RequestDialogues, AgreeWithAPlainMapThroughManyRandomSteps) {
    std::mt19937 random(20240801);
    RequestDialogues dialogues = dialogues_with(300);
    struct Pending {
        RequestId id;
        std::uint64_t cookie;
    };
    std::unordered_map<std::string, Pending> pending;
    std::vector<std::string> order;
    for (std::uint64_t step = 0; step < 50000; ++step) {
        const auto choice = random() % 8;
        if (choice < 4) {
            const auto opened = dialogues.open(step);
            ASSERT_EQ(opened.has_value(), pending.size() < 300);
            if (opened) {
                const std::string reference(opened->starter_reference);
                ASSERT_TRUE(pending.emplace(reference, Pending{opened->id, step}).second);
                order.push_back(reference);
            }
            continue;
        }
        if (order.empty()) {
            continue;
        }
        std::swap(order[random() % order.size()], order.back());
        const std::string reference = order.back();
        order.pop_back();
        const Pending expected = pending.at(reference);
        pending.erase(reference);
        if (choice == 7) {
            ASSERT_TRUE(dialogues.abandon(expected.id));
            ASSERT_EQ(code_of(dialogues.settle(answer_to(reference))), "dialogue.late");
        } else {
            const auto settled = dialogues.settle(answer_to(reference));
            ASSERT_TRUE(settled) << to_string(settled.error());
            ASSERT_EQ(*settled, expected.cookie);
        }
        ASSERT_EQ(dialogues.size(), pending.size());
    }
}

TEST(RequestDialoguesVectors, GoStepByStepAsUpstream) {
    std::size_t vectors_run = 0;
    for (const json& vector : vectors::group("dialogue")) {
        const json& first = vector.at("steps").at(0);
        if (vector.at("protocol") != "http" || first.at("op") != "create" ||
            performative_of(first) != http_request) {
            continue;
        }
        ++vectors_run;
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        RequestDialogues dialogues(
            vector.at("self_address").get<std::string>(),
            first.at("counterparty").get<std::string>(), protocols::http_dialogue_rules, 10,
            std::make_unique<RecordedNonces>(vector.at("nonces").get<std::vector<std::string>>()));
        for (const json& step : vector.at("steps")) {
            const json& expect = step.at("expect");
            if (step.at("op") == "create") {
                const auto opened = dialogues.open(7);
                ASSERT_TRUE(opened);
                EXPECT_EQ(opened->starter_reference,
                          expect.at("label").at("starter_reference").get<std::string>());
            } else {
                const RecordedMessage message(step.at("message"));
                const auto settled = dialogues.settle(message.view());
                EXPECT_EQ(settled.has_value(), expect.at("result") == "accepted")
                    << code_of(settled);
                EXPECT_EQ(settled.value_or(7), 7U);
            }
            EXPECT_EQ(dialogues.size(), expect.at("dialogues_kept").get<std::size_t>());
        }
    }
    EXPECT_GE(vectors_run, 6U);
}

}  // namespace
}  // namespace patchbay
