// SPDX-License-Identifier: Apache-2.0
#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace patchbay {
namespace {

constexpr unsigned bytes = 5;
constexpr unsigned end = 6;

IncomingMessage first_from(std::string_view sender, std::string_view reference) {
    return {"me", sender, reference, "", 1, 0, bytes};
}

TEST(Dialogues, ForgetTheQuietestWhenFullAndCountIt) {
    Dialogues dialogues("me", protocols::default_dialogue_rules, {2, 16});
    const auto first = dialogues.update(first_from("a", "1"));
    const auto second = dialogues.update(first_from("a", "2"));
    const DialogueId first_id = first->id;
    const DialogueId second_id = second->id;
    ASSERT_TRUE(dialogues.reply(first_id, bytes));  // now the second is the quietest
    ASSERT_TRUE(dialogues.update(first_from("a", "3")));
    EXPECT_EQ(dialogues.size(), 2U);
    EXPECT_EQ(dialogues.evicted(), 1U);
    EXPECT_NE(dialogues.find(first_id), nullptr);
    EXPECT_EQ(dialogues.find(second_id), nullptr);
    EXPECT_EQ(dialogues.reply(second_id, bytes).error().code, "dialogue.unknown");
}

TEST(Dialogues, ForgetEndedOnesBeforeLiveOnes) {
    Dialogues dialogues("me", protocols::default_dialogue_rules, {2, 16});
    const DialogueId old = dialogues.update(first_from("a", "1"))->id;
    const DialogueId ended = dialogues.update(first_from("a", "2"))->id;
    ASSERT_TRUE(dialogues.reply(ended, end));
    ASSERT_TRUE(dialogues.update(first_from("a", "3")));
    EXPECT_NE(dialogues.find(old), nullptr);
    EXPECT_EQ(dialogues.find(ended), nullptr);
}

TEST(Dialogues, StayWithinTheirBoundUnderAFlood) {
    Dialogues dialogues("me", protocols::default_dialogue_rules, {10, 4});
    for (int i = 0; i < 10000; ++i) {
        ASSERT_TRUE(dialogues.update(first_from("flood", std::to_string(i))));
    }
    EXPECT_EQ(dialogues.size(), 10U);
    EXPECT_EQ(dialogues.evicted(), 9990U);
}

TEST(Dialogues, RefuseTargetsOlderThanTheWindow) {
    Dialogues dialogues("me", protocols::default_dialogue_rules, {10, 4});
    const DialogueId id = dialogues.update(first_from("a", "1"))->id;
    for (int i = 0; i < 9; ++i) {
        ASSERT_TRUE(dialogues.reply(id, bytes));
    }
    EXPECT_EQ(dialogues.reply(id, bytes, -5).error().code, "dialogue.bad_target");
    EXPECT_TRUE(dialogues.reply(id, bytes, -6));
    EXPECT_TRUE(dialogues.reply(id, bytes, 1));
}

TEST(Dialogues, AMessageIdIsNeverMistakenAtTheLimitsOfItsType) {
    Dialogues dialogues("me", protocols::default_dialogue_rules);
    const DialogueId id = dialogues.update(first_from("a", "1"))->id;
    for (const std::int32_t odd :
         {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()}) {
        EXPECT_EQ(dialogues.update({"me", "a", "1", "", 2, odd, bytes}).error().code,
                  "dialogue.bad_target");
        EXPECT_EQ(dialogues.update({"me", "a", "1", "", odd, 1, bytes}).error().code,
                  "dialogue.bad_message_id");
        EXPECT_EQ(dialogues.reply(id, bytes, odd).error().code, "dialogue.bad_target");
    }
    EXPECT_EQ(dialogues.reply(id, 200).error().code, "dialogue.bad_performative");
}

TEST(Dialogues, ARefusedAnswerDoesNotTakeTheDialogueOver) {
    Dialogues dialogues("me", protocols::http_dialogue_rules);
    const auto request = dialogues.create("server", 5);
    const std::string reference(request->starter_reference);
    // Someone who knows the reference sends a bad answer with a reference of his own.
    EXPECT_FALSE(dialogues.update({"me", "server", reference, "bad", 1, 1, 6}));
    EXPECT_TRUE(dialogues.update({"me", "server", reference, "good", -1, 1, 6}));
}

TEST(Dialogues, AnswersOfOthersAreNotTaken) {
    Dialogues dialogues("me", protocols::http_dialogue_rules);
    const auto request = dialogues.create("server", 5);
    const std::string reference(request->starter_reference);
    EXPECT_EQ(dialogues.update({"me", "other", reference, "r", -1, 1, 6}).error().code,
              "dialogue.unknown");
    EXPECT_EQ(dialogues.update({"you", "server", reference, "r", -1, 1, 6}).error().code,
              "dialogue.misuse");
    EXPECT_EQ(dialogues.update({"me", "me", reference, "r", -1, 1, 6}).error().code,
              "dialogue.misuse");
}

TEST(Dialogues, ADroppedDialogueCanStillBeReadRightAfterItsLastMessage) {
    Dialogues dialogues("me", protocols::http_dialogue_rules);
    const auto request = dialogues.create("server", 5);
    const DialogueId id = request->id;
    const std::string reference(request->starter_reference);
    const auto updated = dialogues.update({"me", "server", reference, "r", -1, 1, 6});
    ASSERT_TRUE(updated);
    EXPECT_TRUE(updated->dialogue.has_ended());
    EXPECT_EQ(updated->dialogue.label().responder_reference, "r");
    EXPECT_EQ(updated->id, id);
    EXPECT_EQ(dialogues.find(id), nullptr);
    EXPECT_FALSE(dialogues.remove(id));
}

TEST(Dialogues, AnIdNeverNamesALaterDialogue) {
    Dialogues dialogues("me", protocols::default_dialogue_rules);
    const DialogueId id = dialogues.create("a", bytes)->id;
    EXPECT_TRUE(dialogues.remove(id));
    const DialogueId next = dialogues.create("b", bytes)->id;
    EXPECT_EQ(next.slot, id.slot);
    EXPECT_EQ(dialogues.find(id), nullptr);
    EXPECT_NE(dialogues.find(next), nullptr);
    EXPECT_EQ(dialogues.find(DialogueId{}), nullptr);
}

}  // namespace
}  // namespace patchbay
