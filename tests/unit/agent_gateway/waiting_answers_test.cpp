// SPDX-License-Identifier: Apache-2.0
#include "waiting_answers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace patchbay::agent_gateway {

namespace {

class WaitingAnswersTest : public ::testing::Test, public WaitingAnswers::Owner {
  protected:
    void on_waiting_time_up(Waiting& waiting) noexcept override { answers_.remove(waiting); }

    static void describe(Waiting& waiting, std::string_view reference) {
        waiting.connection = 7;
        waiting.describe({"to", "sender", "me/p:0.1.0", "", ""},
                         protocols::MessageView{reference, "responder", 3, -2, {}});
    }

    [[nodiscard]] std::string id_of(const Waiting& waiting) const {
        std::string id;
        answers_.append_id(id, waiting);
        return id;
    }

    WaitingAnswers answers_{*this, "id-"};
};

TEST_F(WaitingAnswersTest, AreFoundByTheirId) {
    Waiting& one = answers_.add_answerable();
    Waiting* const request = answers_.add_request();
    EXPECT_FALSE(one.is_request());
    EXPECT_TRUE(request->is_request());
    const std::string id = id_of(one);
    EXPECT_TRUE(answers_.is_id(id));
    EXPECT_EQ(answers_.find(id), &one);
    EXPECT_EQ(answers_.find(id_of(*request)), request);
    for (const char* wrong : {"", "id-", "id-0", "id-1", "id-x", "id-99999999999999999999999"}) {
        EXPECT_EQ(answers_.find(wrong), nullptr) << wrong;
    }
    EXPECT_EQ(answers_.find(id + " "), nullptr);
    answers_.remove(one);
    EXPECT_EQ(answers_.find(id), nullptr);
}

TEST_F(WaitingAnswersTest, AnIdNeverNamesAnotherOneLater) {
    Waiting* const request = answers_.add_request();
    const std::string id = id_of(*request);
    answers_.remove(*request);
    EXPECT_EQ(answers_.add_request(), request);  // the same slot
    EXPECT_EQ(answers_.find(id), nullptr);
}

TEST_F(WaitingAnswersTest, RequestsAreRefusedBeyondTheBoundAndOthersGiveWay) {
    const std::string oldest = id_of(answers_.add_answerable());
    const std::string second = id_of(answers_.add_answerable());
    for (std::uint32_t i = 2; i < WaitingAnswers::bound; ++i) {
        static_cast<void>(answers_.add_answerable());
    }
    EXPECT_NE(answers_.find(oldest), nullptr);
    static_cast<void>(answers_.add_answerable());
    EXPECT_EQ(answers_.find(oldest), nullptr);
    EXPECT_NE(answers_.find(second), nullptr);
    for (std::uint32_t i = 0; i < WaitingAnswers::bound; ++i) {
        ASSERT_NE(answers_.add_request(), nullptr);
    }
    EXPECT_EQ(answers_.add_request(), nullptr);
    answers_.each_request([&](Waiting& waiting) { answers_.remove(waiting); });
    EXPECT_NE(answers_.add_request(), nullptr);
}

TEST_F(WaitingAnswersTest, AreFoundByTheirDialogueUntilTheyAreRemoved) {
    Waiting& one = answers_.add_answerable();
    describe(one, "one");
    answers_.index_dialogue(one);
    Waiting& two = *answers_.add_request();
    describe(two, "two");
    answers_.index_dialogue(two);
    EXPECT_EQ(answers_.find_by_dialogue(7, "sender", "me/p:0.1.0", "one"), &one);
    EXPECT_EQ(answers_.find_by_dialogue(7, "sender", "me/p:0.1.0", "two"), &two);
    EXPECT_EQ(answers_.find_by_dialogue(8, "sender", "me/p:0.1.0", "one"), nullptr);
    EXPECT_EQ(answers_.find_by_dialogue(7, "other", "me/p:0.1.0", "one"), nullptr);
    EXPECT_EQ(answers_.find_by_dialogue(7, "sender", "me/q:0.1.0", "one"), nullptr);
    EXPECT_EQ(answers_.find_by_dialogue(7, "sender", "me/p:0.1.0", ""), nullptr);
    answers_.remove(one);
    EXPECT_EQ(answers_.find_by_dialogue(7, "sender", "me/p:0.1.0", "one"), nullptr);
}

TEST_F(WaitingAnswersTest, TellWhatTheyWereDescribedWith) {
    Waiting& one = answers_.add_answerable();
    describe(one, "reference");
    EXPECT_EQ(one.to(), "to");
    EXPECT_EQ(one.sender(), "sender");
    EXPECT_EQ(one.protocol_id(), "me/p:0.1.0");
    const protocols::DialogueHeader header = one.header();
    EXPECT_EQ(header.starter_reference, "reference");
    EXPECT_EQ(header.responder_reference, "responder");
    EXPECT_EQ(header.message_id, 3);
    EXPECT_EQ(header.target, -2);
}

}  // namespace

}  // namespace patchbay::agent_gateway
