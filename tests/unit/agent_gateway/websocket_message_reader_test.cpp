// SPDX-License-Identifier: Apache-2.0
#include "client_frames.hpp"
#include "websocket/message_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace patchbay::agent_gateway::websocket {

namespace {

using test::client_frame;
using test::raw_frame;

/// What a stream of bytes is read as, with payloads copied.
struct Seen {
    EventKind kind = EventKind::need_more;
    std::string payload{};
    bool is_text = false;
    CloseCode code = CloseCode::normal;
};

/// Reads the stream in pieces of `piece` bytes, as a socket would, until it ends or is refused.
std::vector<Seen> read_all(const std::string& stream, std::size_t piece,
                           const ReaderRules& rules = {1 << 20, false}) {
    MessageReader reader;
    ReaderSupport support;
    std::vector<Seen> seen;
    std::string kept;
    for (std::size_t begin = 0; begin < stream.size(); begin += piece) {
        std::vector<char> buffer(kept.begin(), kept.end());
        const std::string_view more = std::string_view(stream).substr(begin, piece);
        buffer.insert(buffer.end(), more.begin(), more.end());
        const std::size_t size = buffer.size();
        buffer.resize(size + padding);
        std::span<char> bytes = std::span(buffer).first(size);
        while (true) {
            const Event event = reader.next(bytes, rules, support);
            if (event.kind == EventKind::need_more) {
                break;
            }
            seen.push_back({event.kind, std::string(event.payload), event.is_text, event.code});
            if (event.kind == EventKind::violation) {
                return seen;
            }
        }
        kept.assign(bytes.data(), bytes.size());
    }
    return seen;
}

constexpr std::size_t all = std::size_t{1} << 30U;

TEST(MessageReader, ReadsWholeMessagesWhereTheyLie) {
    const auto seen = read_all(
        client_frame(Opcode::text, "one") + client_frame(Opcode::binary, std::string("\0\xFF", 2)),
        all);
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].payload, "one");
    EXPECT_TRUE(seen[0].is_text);
    EXPECT_EQ(seen[1].payload, std::string("\0\xFF", 2));
    EXPECT_FALSE(seen[1].is_text);
}

TEST(MessageReader, ReadsTheSameInPiecesOfEverySize) {
    std::string stream;
    stream += client_frame(Opcode::text, "");
    stream += client_frame(Opcode::text, "fir", false);
    stream += client_frame(Opcode::ping, "between");
    stream += client_frame(Opcode::continuation, "", false);
    stream += client_frame(Opcode::continuation, "st");
    stream += client_frame(Opcode::binary, std::string(300, 'b'));
    stream += client_frame(Opcode::pong, "");
    stream += client_frame(Opcode::close,
                           "\x03\xE8"
                           "bye");
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}, all}) {
        const auto seen = read_all(stream, piece);
        ASSERT_EQ(seen.size(), 6U) << piece;
        EXPECT_EQ(seen[0].payload, "");
        EXPECT_EQ(seen[1].kind, EventKind::ping);
        EXPECT_EQ(seen[1].payload, "between");
        EXPECT_EQ(seen[2].payload, "first");
        EXPECT_EQ(seen[3].payload, std::string(300, 'b'));
        EXPECT_EQ(seen[4].kind, EventKind::pong);
        EXPECT_EQ(seen[5].kind, EventKind::close);
        EXPECT_EQ(seen[5].code, CloseCode::normal);
        EXPECT_EQ(seen[5].payload, "bye");
    }
}

TEST(MessageReader, HoldsNothingBetweenMessages) {
    MessageReader reader;
    ReaderSupport support;
    std::string stream = client_frame(Opcode::text, "fragment", false);
    stream.resize(stream.size() + padding);
    std::span<char> bytes(stream.data(), stream.size() - padding);
    EXPECT_FALSE(reader.has_begun());
    EXPECT_EQ(reader.next(bytes, {1024, false}, support).kind, EventKind::need_more);
    EXPECT_TRUE(reader.has_begun());
    EXPECT_EQ(reader.kept(), 8U);
}

/// A stream that is refused, and with what.
struct Bad {
    const char* name;
    std::string stream;
    CloseCode code;
};

std::vector<Bad> corpus() {
    const auto close = [](std::string payload) { return client_frame(Opcode::close, payload); };
    return {
        {"an opcode that is not defined", raw_frame(0x83, ""), CloseCode::protocol_error},
        {"a reserved bit", raw_frame(0xA1, "x"), CloseCode::protocol_error},
        {"compression that was not agreed on", raw_frame(0xC1, "x"), CloseCode::protocol_error},
        {"no mask", std::string("\x81\x01x", 3), CloseCode::protocol_error},
        {"a long ping", client_frame(Opcode::ping, std::string(126, 'x')),
         CloseCode::protocol_error},
        {"a ping in fragments", raw_frame(0x09, "x"), CloseCode::protocol_error},
        {"a continuation of nothing", client_frame(Opcode::continuation, "x"),
         CloseCode::protocol_error},
        {"a message within a message",
         client_frame(Opcode::text, "a", false) + client_frame(Opcode::text, "b"),
         CloseCode::protocol_error},
        {"half a close code", close("\x03"), CloseCode::protocol_error},
        {"close code 0", close(std::string("\0\0", 2)), CloseCode::protocol_error},
        {"close code 1005", close("\x03\xED"), CloseCode::protocol_error},
        {"close code 1006", close("\x03\xEE"), CloseCode::protocol_error},
        {"close code 1015", close("\x03\xF7"), CloseCode::protocol_error},
        {"close code 5000", close("\x13\x88"), CloseCode::protocol_error},
        {"a close reason that is not UTF-8", close("\x03\xE8\xFF"), CloseCode::bad_data},
        {"a stray byte in text", client_frame(Opcode::text, "\xFF"), CloseCode::bad_data},
        {"an overlong form", client_frame(Opcode::text, "\xC0\xAF"), CloseCode::bad_data},
        {"a surrogate", client_frame(Opcode::text, "\xED\xA0\x80"), CloseCode::bad_data},
        {"half a character", client_frame(Opcode::text, "a\xC3"), CloseCode::bad_data},
        {"half a character at the end of fragments",
         client_frame(Opcode::text, "\xE2\x82", false) + client_frame(Opcode::continuation, "x"),
         CloseCode::bad_data},
        {"more than the limit", client_frame(Opcode::text, std::string(1025, 'x')),
         CloseCode::too_large},
        {"more than the limit in fragments",
         client_frame(Opcode::text, std::string(1000, 'x'), false) +
             client_frame(Opcode::continuation, std::string(25, 'x')),
         CloseCode::too_large},
    };
}

TEST(MessageReader, RefusesEveryFrameOfTheCorpus) {
    for (const Bad& bad : corpus()) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, all}) {
            const auto seen = read_all(bad.stream, piece, {1024, false});
            ASSERT_FALSE(seen.empty()) << bad.name;
            EXPECT_EQ(seen.back().kind, EventKind::violation) << bad.name;
            EXPECT_EQ(seen.back().code, bad.code) << bad.name;
        }
    }
}

TEST(MessageReader, RefusesALengthBeforeItsBytesCome) {
    const std::string head = client_frame(Opcode::text, std::string(2000, 'x')).substr(0, 8);
    const auto seen = read_all(head, all, {1024, false});
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].code, CloseCode::too_large);
}

TEST(MessageReader, TakesACharacterThatFragmentsCutInTwo) {
    const auto seen = read_all(
        client_frame(Opcode::text, "\xE2\x82", false) + client_frame(Opcode::continuation, "\xAC"),
        all);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].payload, "\xE2\x82\xAC");
}

TEST(MessageReader, ACloseWithoutACodeIsOne) {
    const auto seen = read_all(client_frame(Opcode::close, ""), all);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].kind, EventKind::close);
    EXPECT_EQ(seen[0].code, CloseCode::no_status);
}

TEST(MessageReader, InflatesWithinTheLimit) {
    MessageDeflater deflater;
    std::string packed;
    ASSERT_TRUE(deflater.deflate(std::string(5000, 'x'), packed));
    auto seen = read_all(raw_frame(0xC1, packed), all, {5000, true});
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].payload, std::string(5000, 'x'));
    seen = read_all(raw_frame(0xC1, packed), all, {4999, true});
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].kind, EventKind::violation);
    EXPECT_EQ(seen[0].code, CloseCode::too_large);
    seen = read_all(raw_frame(0xC1, "\xFF\xFF\xFF"), all, {4999, true});
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].code, CloseCode::bad_data);
}

}  // namespace

}  // namespace patchbay::agent_gateway::websocket
