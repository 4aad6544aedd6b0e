// SPDX-License-Identifier: Apache-2.0
#include "recorded_nonces.hpp"

#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace patchbay {
namespace {

using nlohmann::json;

void expect_label(const json& expected, const DialogueLabel& label) {
    EXPECT_EQ(label.starter_reference, expected.at("starter_reference").get<std::string>());
    EXPECT_EQ(label.responder_reference, expected.at("responder_reference").get<std::string>());
    EXPECT_EQ(label.opponent_address, expected.at("opponent_address").get<std::string>());
    EXPECT_EQ(label.starter_address, expected.at("starter_address").get<std::string>());
}

void expect_message(const json& expected, const OutgoingMessage& message) {
    EXPECT_EQ(message.to, expected.at("to").get<std::string>());
    EXPECT_EQ(message.sender, expected.at("sender").get<std::string>());
    EXPECT_EQ(message.starter_reference,
              expected.at("dialogue_reference").at(0).get<std::string>());
    EXPECT_EQ(message.responder_reference,
              expected.at("dialogue_reference").at(1).get<std::string>());
    EXPECT_EQ(message.message_id, expected.at("message_id").get<std::int32_t>());
    EXPECT_EQ(message.target, expected.at("target").get<std::int32_t>());
}

/// Runs one step and returns the dialogue it was about. Upstream's `rejected` (returns nothing) and
/// `raises` are both a refusal with a defined code here: no message of a peer makes ours throw.
DialogueId run(Dialogues& dialogues, const json& step, const std::vector<DialogueId>& earlier) {
    const json& expect = step.at("expect");
    const bool accepted = expect.at("result") == "accepted";
    if (step.at("op") == "update") {
        const RecordedMessage message(step.at("message"));
        const auto updated = dialogues.update(message.view());
        EXPECT_EQ(updated.has_value(), accepted)
            << (updated ? "accepted" : to_string(updated.error()));
        if (!updated) {
            EXPECT_EQ(updated.error().code.substr(0, 9), "dialogue.");
            return {};
        }
        if (accepted) {
            expect_label(expect.at("label"), updated->dialogue.label());
            EXPECT_EQ(updated->dialogue.is_self_initiated(),
                      expect.at("self_initiated").get<bool>());
        }
        return updated->id;
    }
    Result<OutgoingMessage> sent = failure(ErrorClass::failed, "", "");
    if (step.at("op") == "create") {
        sent = dialogues.create(step.at("counterparty").get<std::string>(), performative_of(step));
    } else {
        std::optional<std::int32_t> target;
        if (!step.at("target").is_null()) {
            target = step.at("target").get<std::int32_t>();
        }
        sent = dialogues.reply(earlier.at(step.at("in_dialogue_of_step").get<std::size_t>()),
                               performative_of(step), target);
    }
    EXPECT_EQ(sent.has_value(), accepted) << (sent ? "accepted" : to_string(sent.error()));
    if (!sent) {
        EXPECT_EQ(sent.error().code.substr(0, 9), "dialogue.");
        return {};
    }
    if (accepted) {
        expect_message(expect.at("message"), *sent);
        const Dialogue* dialogue = dialogues.find(sent->id);
        if (dialogue != nullptr) {
            expect_label(expect.at("label"), dialogue->label());
        }
    }
    return sent->id;
}

TEST(DialogueVectors, GoStepByStepAsUpstream) {
    for (const json& vector : vectors::group("dialogue")) {
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        const DialogueRules& rules = vector.at("protocol") == "http"
                                         ? protocols::http_dialogue_rules
                                         : protocols::default_dialogue_rules;
        Dialogues dialogues(
            vector.at("self_address").get<std::string>(), rules, {},
            std::make_unique<RecordedNonces>(vector.at("nonces").get<std::vector<std::string>>()));
        std::vector<DialogueId> ids;
        for (const json& step : vector.at("steps")) {
            SCOPED_TRACE("step " + std::to_string(ids.size()));
            ids.push_back(run(dialogues, step, ids));
            EXPECT_EQ(dialogues.size(), step.at("expect").at("dialogues_kept").get<std::size_t>());
        }
    }
}

}  // namespace
}  // namespace patchbay
