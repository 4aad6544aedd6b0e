// SPDX-License-Identifier: Apache-2.0
#include <patchbay/protocols/default.hpp>
#include <patchbay/stub_format.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay {
namespace {

using protocols::DefaultBytes;
using protocols::DefaultMessage;

std::string wrapped(std::string content) {
    DefaultMessage message;
    message.header = {"7e47af158e9db54f", "", 1, 0};
    message.body = DefaultBytes{std::move(content)};
    return *protocols::encode(message);
}

std::string line_of(std::string_view message) {
    std::string line;
    EXPECT_TRUE(append_stub_line({"to", "from", "fetchai/default:1.0.0", message}, line));
    return line;
}

/// What came out: the message of an envelope, or the code of a malformed line in angle brackets.
std::vector<std::string> drain(StubDecoder& decoder) {
    std::vector<std::string> seen;
    while (auto item = decoder.next()) {
        seen.push_back(item->envelope ? std::string(item->envelope->message)
                                      : "<" + item->envelope.error().code + ">");
    }
    return seen;
}

std::vector<std::string> read_all(std::string_view text, StubLimits limits = {}) {
    StubDecoder decoder(limits);
    decoder.feed(text);
    decoder.settle();
    return drain(decoder);
}

using Seen = std::vector<std::string>;

TEST(StubDecoder, SplitsABurstOfMessagesByTheirInnerLengths) {
    const std::string first = wrapped("one, two,\nto,from,fetchai/default:1.0.0,not a line,\n,");
    const std::string second = wrapped(std::string(300, ','));
    const std::string third = wrapped("");
    EXPECT_EQ(read_all(line_of(first) + line_of(second) + line_of(third)),
              (Seen{first, second, third}));
    EXPECT_EQ(read_all(line_of(first) + "\n" + line_of(second) + "\r\n" + line_of(third) + "\n"),
              (Seen{first, second, third}));
}

TEST(StubDecoder, DoesNotWaitForTheEndOfTheStreamWhenLengthsTellTheEnd) {
    StubDecoder decoder;
    decoder.feed(line_of(wrapped("a")));
    EXPECT_EQ(drain(decoder), Seen{wrapped("a")});
}

TEST(StubDecoder, SplitsABurstOfOpaqueMessages) {
    std::string text;
    Seen expected;
    for (int i = 0; i < 1000; ++i) {
        expected.push_back("message " + std::to_string(i) + ", with a comma\nand a newline");
        text += line_of(expected.back());
        if (i % 3 == 0) {
            text += '\n';
        }
    }
    EXPECT_EQ(read_all(text), expected);
}

TEST(StubDecoder, KeepsAnIncompleteLineForTheNextRead) {
    const std::string message = wrapped("hello, you");
    const std::string text = line_of(message) + line_of("opaque") + line_of(message);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        StubDecoder decoder;
        decoder.feed(std::string_view(text).substr(0, cut));
        Seen seen = drain(decoder);
        EXPECT_LE(decoder.consumed(), cut);
        decoder.feed(std::string_view(text).substr(cut));
        decoder.settle();
        const Seen rest = drain(decoder);
        seen.insert(seen.end(), rest.begin(), rest.end());
        EXPECT_EQ(seen, (Seen{message, "opaque", message})) << "cut at " << cut;
        EXPECT_EQ(decoder.consumed(), text.size());
    }
}

TEST(StubDecoder, AMessageCutInTwoIsKeptEvenWhenTheReaderHasSeenTheEnd) {
    const std::string message = wrapped("one, two, three");
    const std::string text = line_of(message);
    StubDecoder decoder;
    for (const char c : text) {
        EXPECT_TRUE(drain(decoder).empty());
        decoder.feed({&c, 1});
        decoder.settle();
    }
    EXPECT_EQ(drain(decoder), Seen{message});
}

TEST(StubDecoder, TellsPositionsInTheStream) {
    const std::string message = wrapped("x");
    const std::string line = line_of(message);
    StubDecoder decoder({}, 1000);
    decoder.feed(std::string(3, '\0') + line + "\n" + line.substr(0, 5));
    const auto item = decoder.next();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->offset, 1003U);
    EXPECT_EQ(item->length, line.size());
    EXPECT_EQ(item->raw, line);
    EXPECT_FALSE(decoder.next());
    EXPECT_EQ(decoder.consumed(), 1003 + line.size() + 1);
    EXPECT_EQ(decoder.fed(), decoder.consumed() + 5);
    decoder.restart(7);
    EXPECT_EQ(decoder.consumed(), 7U);
    decoder.feed(line);
    EXPECT_EQ(decoder.next()->offset, 7U);
}

TEST(StubDecoder, TheRestOfAStreamThatEndedCanBeReported) {
    const std::string line = line_of(wrapped("x"));
    StubDecoder decoder;
    EXPECT_FALSE(decoder.abandon());
    decoder.feed(line + line.substr(0, 20));
    EXPECT_EQ(drain(decoder), Seen{wrapped("x")});
    const auto rest = decoder.abandon();
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->envelope.error().code, "stub.cut_off");
    EXPECT_EQ(rest->offset, line.size());
    EXPECT_EQ(rest->raw, line.substr(0, 20));
    EXPECT_EQ(decoder.consumed(), decoder.fed());
    EXPECT_FALSE(decoder.abandon());
}

TEST(StubDecoder, GarbageIsReportedAndDoesNotSwallowTheLineAfterIt) {
    const std::string good = line_of(wrapped("good"));
    const std::string good_message = wrapped("good");
    EXPECT_EQ(read_all("garbage\n" + good), (Seen{"<stub.not_a_line>", good_message}));
    EXPECT_EQ(read_all("a,b,c,d,e,\n" + good), (Seen{"<envelope.bad_protocol_id>", good_message}));
    EXPECT_EQ(read_all("junk," + good), (Seen{"<envelope.bad_protocol_id>", good_message}));
    EXPECT_EQ(read_all("hello,\n" + good), (Seen{"<stub.not_a_line>", good_message}));
    EXPECT_EQ(read_all("to,from,fetchai/default:1.0.0,no comma at the end\n" + good),
              (Seen{"<stub.no_final_comma>", good_message}));
    EXPECT_EQ(read_all("a/b,from,fetchai/default:1.0.0,x," + good),
              (Seen{"<envelope.mixed_addresses>", good_message}));
    EXPECT_EQ(read_all("\xff,from,fetchai/default:1.0.0,x,\n" + good),
              (Seen{"<envelope.not_utf8>", good_message}));
    EXPECT_EQ(read_all(std::string(5000, 'x') + "\n" + good),
              (Seen{"<stub.field_too_long>", good_message}));
}

TEST(StubDecoder, ABadHeaderBeforeAGoodMessageIsOneMalformedLine) {
    const std::string message = wrapped("line one\nline two,\nline three");
    EXPECT_EQ(read_all("to,from,not an id," + message + ",\n" + line_of(message)),
              (Seen{"<envelope.bad_protocol_id>", message}));
}

TEST(StubDecoder, ALineThatIsTooLongIsSkippedWithoutBeingKept) {
    StubLimits limits;
    limits.max_line = 1000;
    const std::string good = line_of(wrapped("good"));
    const std::string long_message = wrapped(std::string(100000, ','));
    const std::string long_opaque = std::string(100000, 'x');
    EXPECT_EQ(read_all(line_of(long_message) + good, limits),
              (Seen{"<stub.line_too_long>", wrapped("good")}));
    EXPECT_EQ(read_all(line_of(long_opaque) + "\n" + good, limits),
              (Seen{"<stub.line_too_long>", wrapped("good")}));

    for (const std::string& text : {line_of(long_message), line_of(long_opaque)}) {
        StubDecoder decoder(limits);
        Seen seen;
        const std::string stream = text + good;
        for (std::size_t at = 0; at < stream.size(); at += 100) {
            decoder.feed(std::string_view(stream).substr(at, 100));
            for (const std::string& one : drain(decoder)) {
                seen.push_back(one);
            }
        }
        EXPECT_EQ(seen, (Seen{"<stub.line_too_long>", wrapped("good")}));
        EXPECT_EQ(decoder.consumed(), stream.size());
    }
}

TEST(StubDecoder, UnescapesTypedLinesAsUpstreamAndKeepsBytesWhenTheyMakeAMessage) {
    const std::string head = "to,from,fetchai/default:1.0.0,";
    EXPECT_EQ(read_all(head + R"(\x12\x11\x08\x01\x12\x02aa*\t*\x07\n\x05hello,)" + "\n"),
              Seen{std::string("\x12\x11\x08\x01\x12\x02"
                               "aa*\t*\x07\n\x05hello")});
    // A reply carries message id -1: ten bytes from 0x80 on, which upstream would turn into UTF-8.
    std::string escaped;
    DefaultMessage reply;
    reply.header = {"aa", "bb", -1, 1};
    reply.body = DefaultBytes{"hi"};
    const std::string message = *protocols::encode(reply);
    for (const char c : message) {
        const auto byte = static_cast<unsigned char>(c);
        constexpr std::string_view digits = "0123456789abcdef";
        escaped += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
    }
    EXPECT_EQ(read_all(head + escaped + ",\n"), Seen{message});
    EXPECT_EQ(read_all(head + R"(\x41\u00e9\101\q\\,)"), Seen{"A\xc3\xa9"
                                                              "A\\q\\"});
    for (const char* bad : {R"(\x41\,)", R"(\x4,)", R"(\x41\,x\xzz,)", R"(\x41\ud800,)",
                            R"(\x41\U00110000,)", R"(\x41\N{DASH},)"}) {
        EXPECT_EQ(read_all(head + bad), Seen{"<stub.bad_escape>"}) << bad;
    }
    const std::string genuine = wrapped(R"(C:\xyz)");
    EXPECT_EQ(read_all(line_of(genuine)), Seen{genuine}) << "upstream corrupts this one";
}

TEST(StubDecoder, TextThatMerelyBeginsLikeAMessageIsNotWaitedFor) {
    for (const std::string message : {"\x12 is a tag", "\x12\x7f", "\nhello", "\x12\x05hello"}) {
        EXPECT_EQ(read_all(line_of(message)), Seen{message});
    }
}

TEST(StubLine, RefusesWhatIsNoEnvelope) {
    std::string text = "kept";
    EXPECT_EQ(append_stub_line({"a/b", "from", "c/d:1.0.0", "x"}, text).error().code,
              "envelope.mixed_addresses");
    EXPECT_EQ(append_stub_line({"to", "from", "nothing", "x"}, text).error().code,
              "envelope.bad_protocol_id");
    EXPECT_EQ(text, "kept");
}

/// Any sequence of messages, cut into any pieces, comes out as it went in.
TEST(StubDecoder, RandomStreamsInRandomPiecesComeOutWhole) {
    std::mt19937 random(42);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    constexpr std::string_view nasty = ",\n\x12\x08\x2c\\x\0to,a/b:1.0.0,";
    for (int round = 0; round < 300; ++round) {
        std::string stream;
        Seen expected;
        const std::size_t count = 1 + below(20);
        for (std::size_t i = 0; i < count; ++i) {
            std::string content;
            for (std::size_t k = below(60); k != 0; --k) {
                content += nasty[below(nasty.size())];
            }
            expected.push_back(wrapped(content));
            stream += std::string(below(3), below(2) == 0 ? '\n' : '\0') + line_of(expected.back());
        }
        StubDecoder decoder;
        Seen seen;
        std::size_t at = 0;
        while (at < stream.size()) {
            const std::size_t size = 1 + below(80);
            decoder.feed(std::string_view(stream).substr(at, size));
            at += size;
            if (below(2) == 0) {
                decoder.settle();
            }
            for (std::string& one : drain(decoder)) {
                seen.push_back(std::move(one));
            }
        }
        ASSERT_EQ(seen, expected) << "round " << round;
    }
}

}  // namespace
}  // namespace patchbay
