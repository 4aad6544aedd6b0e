// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/content_coding.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace patchbay::net {
namespace {

constexpr std::uint64_t no_limit = 1ULL << 32U;

std::string text_of(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; text.size() < size; ++i) {
        text += std::to_string(i * i) + ' ';
    }
    text.resize(size);
    return text;
}

std::string encoded(ContentCoding coding, std::string_view body) {
    std::string output;
    EXPECT_TRUE(ContentEncoder(coding).encode(body, output));
    return output;
}

/// The body decoded in pieces of `step` bytes, or the code of the failure.
std::string decoded(ContentCoding coding, std::string_view bytes, std::size_t step,
                    std::uint64_t limit = no_limit) {
    ContentDecoder decoder(coding, limit);
    std::string output;
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        if (const auto good = decoder.decode(piece, output); !good) {
            return good.error().code;
        }
    }
    const auto good = decoder.finish();
    return good ? output : good.error().code;
}

/// "hello" in deflate without any wrapper, one stored block.
const std::string raw_hello("\x01\x05\x00\xfa\xffhello", 10);

TEST(ContentCodingTest, KnowsItsNames) {
    EXPECT_EQ(content_coding("gzip"), ContentCoding::gzip);
    EXPECT_EQ(content_coding("X-GZip"), ContentCoding::gzip);
    EXPECT_EQ(content_coding("Deflate"), ContentCoding::deflate);
    for (const auto* other : {"", "identity", "br", "gzip, gzip", "gzi", "gzipp"}) {
        EXPECT_FALSE(content_coding(other)) << other;
    }
}

TEST(ContentCodingTest, GivesBackWhatWasEncodedInPiecesOfAnySize) {
    for (const ContentCoding coding : {ContentCoding::gzip, ContentCoding::deflate}) {
        for (const std::size_t size :
             {std::size_t{0}, std::size_t{1}, std::size_t{5000}, std::size_t{3'000'000}}) {
            const std::string body = text_of(size);
            const std::string bytes = encoded(coding, body);
            for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
                if (step != 1 || size <= 5000) {
                    EXPECT_TRUE(decoded(coding, bytes, step) == body) << size << ' ' << step;
                }
            }
        }
    }
}

TEST(ContentCodingTest, EncodesSeveralBodiesOneAfterTheOther) {
    ContentEncoder encoder(ContentCoding::gzip);
    for (const std::size_t size : {10U, 100'000U, 0U, 10U}) {
        std::string output = "kept";
        ASSERT_TRUE(encoder.encode(text_of(size), output));
        ASSERT_EQ(output.substr(0, 4), "kept");
        EXPECT_TRUE(decoded(ContentCoding::gzip, output.substr(4), 1000) == text_of(size));
    }
}

TEST(ContentCodingTest, TakesDeflateWithoutItsWrapper) {
    EXPECT_EQ(decoded(ContentCoding::deflate, raw_hello, 100), "hello");
    EXPECT_EQ(decoded(ContentCoding::deflate, raw_hello, 1), "hello");
}

TEST(ContentCodingTest, TakesGzipOfSeveralMembers) {
    const std::string two = encoded(ContentCoding::gzip, "one ") +
                            encoded(ContentCoding::gzip, "") + encoded(ContentCoding::gzip, "two");
    EXPECT_EQ(decoded(ContentCoding::gzip, two, two.size()), "one two");
    EXPECT_EQ(decoded(ContentCoding::gzip, two, 1), "one two");
}

TEST(ContentCodingTest, AnEmptyBodyIsGood) {
    EXPECT_EQ(decoded(ContentCoding::gzip, "", 1), "");
    EXPECT_EQ(decoded(ContentCoding::deflate, "", 1), "");
}

TEST(ContentCodingTest, StopsABombAtItsLimit) {
    const std::string bomb = encoded(ContentCoding::gzip, std::string(64UL << 20U, '\0'));
    ASSERT_LT(bomb.size(), 100'000U);
    ContentDecoder decoder(ContentCoding::gzip, 1'000'000);
    std::string output;
    const auto result = decoder.decode(bomb, output);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "content_coding.too_large");
    EXPECT_NE(result.error().message.find("1000000 bytes"), std::string::npos);
    EXPECT_EQ(output.size(), 1'000'000U);
    EXPECT_LT(output.capacity(), 4'000'000U);
}

TEST(ContentCodingTest, ABodyOfExactlyTheLimitIsGood) {
    const std::string body = text_of(10'000);
    const std::string bytes = encoded(ContentCoding::gzip, body);
    EXPECT_TRUE(decoded(ContentCoding::gzip, bytes, 100, body.size()) == body);
    EXPECT_EQ(decoded(ContentCoding::gzip, bytes, 100, body.size() - 1),
              "content_coding.too_large");
}

TEST(ContentCodingTest, NoticesAMissingEnd) {
    const std::string gzip = encoded(ContentCoding::gzip, "some text");
    for (std::size_t size = 1; size < gzip.size(); ++size) {
        EXPECT_EQ(decoded(ContentCoding::gzip, gzip.substr(0, size), 5), "content_coding.truncated")
            << size;
    }
    EXPECT_EQ(decoded(ContentCoding::deflate, raw_hello.substr(0, 8), 5),
              "content_coding.truncated");
    EXPECT_EQ(decoded(ContentCoding::deflate, "x", 5), "content_coding.truncated");
}

TEST(ContentCodingTest, NoticesWhatIsNoneOfItsBytes) {
    const std::string gzip = encoded(ContentCoding::gzip, "some text");
    std::string wrong_sum = gzip;
    wrong_sum[gzip.size() - 5] = static_cast<char>(wrong_sum[gzip.size() - 5] ^ 1);
    for (const std::string& bytes :
         {std::string("plain text"), wrong_sum, gzip + "more", gzip + std::string(1, '\0') + "x"}) {
        EXPECT_EQ(decoded(ContentCoding::gzip, bytes, 3), "content_coding.malformed");
    }
    EXPECT_EQ(decoded(ContentCoding::deflate, raw_hello + "more", 3), "content_coding.malformed");
}

}  // namespace
}  // namespace patchbay::net
