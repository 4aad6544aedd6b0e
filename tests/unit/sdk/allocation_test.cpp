// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the headers call free of allocations, counted. In a program of its own, because it replaces
/// operator new.
#include <patchbay/answer_at_once.hpp>
#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/request_dialogues.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

std::uint64_t allocations = 0;

}  // namespace

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

// NOLINTBEGIN(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)

namespace patchbay {
namespace {

/// A request goes out, is answered at once, and the answer comes back.
bool exchange(RequestDialogues& dialogues, NonceSource& nonces) {
    std::array<char, 1024> bytes{};
    const auto opened = dialogues.open(7);
    if (!opened) {
        return false;
    }
    protocols::HttpMessageView message;
    message.header = {opened->starter_reference, {}, 1, 0, {}};
    message.body = protocols::HttpRequestView{"get", "http://h/p", "1.1", "Host: h\n\n", "body"};
    auto size = protocols::encode_into(message, bytes.data(), bytes.size());
    auto request = protocols::decode_http({bytes.data(), size.value_or(0)});
    if (!request) {
        return false;
    }
    AnswerReference reference{};
    const auto header = answer_at_once(incoming("server", "me", request->header, 5), 6,
                                       protocols::http_dialogue_rules, nonces, reference);
    if (!header) {
        return false;
    }
    std::array<char, 1024> answer{};
    message.header = *header;
    message.body = protocols::HttpResponseView{"1.1", 200, "OK", "\n", "body"};
    size = protocols::encode_into(message, answer.data(), answer.size());
    const auto response = protocols::decode_http({answer.data(), size.value_or(0)});
    return response && dialogues.settle(incoming("me", "server", response->header, 6)) == 7U;
}

TEST(HotPath, OneRequestAndItsAnswerAllocateNothing) {
    RequestDialogues dialogues("me", "server", protocols::http_dialogue_rules, 100);
    RandomNonces nonces;
    ASSERT_TRUE(exchange(dialogues, nonces));
    const std::uint64_t before = allocations;
    bool all = true;
    for (int i = 0; i < 1000; ++i) {
        all = exchange(dialogues, nonces) && all;
    }
    EXPECT_TRUE(all);
    EXPECT_EQ(allocations, before);
    const std::uint64_t counted = allocations;
    const auto failed = dialogues.settle({});  // an error has texts: the counter works
    EXPECT_FALSE(failed);
    EXPECT_GT(allocations, counted);
}

/// A first message comes in and is answered, which opens a dialogue that stays on record.
bool answer(Dialogues& dialogues, NonceSource& nonces) {
    std::array<char, nonce_size> reference{};
    nonces.next_into(reference.data());
    std::array<char, 1024> bytes{};
    const protocols::DefaultBytesView first{{{reference.data(), reference.size()}, {}, 1, 0, {}},
                                            "what a message says"};
    const auto size = protocols::encode_into(first, bytes.data(), bytes.size());
    const auto wrapper = protocols::decode_message({bytes.data(), size.value_or(0)});
    const auto content = wrapper ? protocols::default_bytes_of(*wrapper) : std::nullopt;
    if (!content) {
        return false;
    }
    const auto performative = static_cast<unsigned>(protocols::DefaultPerformative::bytes);
    const auto updated = dialogues.update(
        incoming("me", "an address that is longer than a few characters", *wrapper, performative));
    const auto reply = updated ? dialogues.reply(updated->id, performative)
                               : Result<OutgoingMessage>(tl::unexpected(updated.error()));
    return reply && protocols::encode_into({reply->with({}), *content}, bytes.data(), bytes.size());
}

TEST(HotPath, ADialogueInThePlaceOfTheOldestAllocatesNothing) {
    constexpr std::size_t kept = 16;
    Dialogues dialogues("me", protocols::default_dialogue_rules, {kept, 64});
    RandomNonces nonces;
    for (std::size_t i = 0; i < 2 * kept; ++i) {
        ASSERT_TRUE(answer(dialogues, nonces));
    }
    const std::uint64_t before = allocations;
    bool all = true;
    for (int i = 0; i < 1000; ++i) {
        all = answer(dialogues, nonces) && all;
    }
    EXPECT_TRUE(all);
    EXPECT_EQ(allocations, before);
    EXPECT_EQ(dialogues.size(), kept);
}

}  // namespace
}  // namespace patchbay
