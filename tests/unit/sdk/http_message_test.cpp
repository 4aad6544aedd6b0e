// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <string>

namespace patchbay::protocols {
namespace {

using nlohmann::json;

/// Owns what an HttpMessageView shows.
struct Fields {
    std::string starter, responder, method, url, version, headers, body, status_text;

    explicit Fields(const json& fields)
        : starter(fields.at("dialogue_reference").at(0).get<std::string>()),
          responder(fields.at("dialogue_reference").at(1).get<std::string>()),
          method(vectors::text_of(fields, "method")),
          url(vectors::text_of(fields, "url")),
          version(vectors::text_of(fields, "version")),
          headers(vectors::text_of(fields, "headers")),
          body(vectors::field_bytes(fields, "body")),
          status_text(vectors::text_of(fields, "status_text")) {}

    [[nodiscard]] HttpMessageView view(const json& fields) const {
        HttpMessageView message;
        message.header = {starter,
                          responder,
                          fields.at("message_id").get<std::int32_t>(),
                          fields.at("target").get<std::int32_t>(),
                          {}};
        if (fields.at("performative") == "request") {
            message.body = HttpRequestView{method, url, version, headers, body};
        } else {
            message.body = HttpResponseView{version, fields.at("status_code").get<std::int32_t>(),
                                            status_text, headers, body};
        }
        return message;
    }
};

void expect_equal(const HttpMessageView& left, const HttpMessageView& right) {
    EXPECT_TRUE(header_of(left.header) == header_of(right.header));
    ASSERT_EQ(left.performative(), right.performative());
    if (left.performative() == HttpPerformative::request) {
        const auto& a = std::get<HttpRequestView>(left.body);
        const auto& b = std::get<HttpRequestView>(right.body);
        EXPECT_EQ(a.method, b.method);
        EXPECT_EQ(a.url, b.url);
        EXPECT_EQ(a.version, b.version);
        EXPECT_EQ(a.headers, b.headers);
        EXPECT_TRUE(a.body == b.body);
    } else {
        const auto& a = std::get<HttpResponseView>(left.body);
        const auto& b = std::get<HttpResponseView>(right.body);
        EXPECT_EQ(a.version, b.version);
        EXPECT_EQ(a.status_code, b.status_code);
        EXPECT_EQ(a.status_text, b.status_text);
        EXPECT_EQ(a.headers, b.headers);
        EXPECT_TRUE(a.body == b.body);
    }
}

TEST(HttpMessageVectors, EncodeAndDecodeAsUpstream) {
    for (const json& vector : vectors::group("http_message")) {
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        const Fields fields(vector.at("fields"));
        const HttpMessageView message = fields.view(vector.at("fields"));
        const auto bytes = encode(message);
        ASSERT_TRUE(bytes) << to_string(bytes.error());
        EXPECT_EQ(vectors::difference(vector.at("encoded"), *bytes), "");
        const auto decoded = decode_http(*bytes);
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        expect_equal(*decoded, message);
    }
}

TEST(HttpMessageVectors, EncodeIntoABufferOfTheExactSize) {
    for (const json& vector : vectors::group("http_message")) {
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        const Fields fields(vector.at("fields"));
        const HttpMessageView message = fields.view(vector.at("fields"));
        const std::size_t size = encoded_size(message);
        std::string buffer(size + 1, '#');
        const auto written = encode_into(message, buffer.data(), size);
        ASSERT_TRUE(written) << to_string(written.error());
        EXPECT_EQ(*written, size);
        EXPECT_EQ(buffer.back(), '#');
        buffer.pop_back();
        EXPECT_EQ(vectors::difference(vector.at("encoded"), buffer), "");
    }
}

TEST(HttpMessageVectors, ReadOddInputsAsUpstream) {
    for (const json& vector : vectors::group("decode_odd")) {
        if (vector.at("decoder") != "http") {
            continue;
        }
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        const std::string input = vectors::bytes_of(vector.at("input"));
        const auto decoded = decode_http(input);
        if (vector.at("result") == "error") {
            ASSERT_FALSE(decoded);
            EXPECT_EQ(decoded.error().error_class, ErrorClass::invalid);
            EXPECT_EQ(decoded.error().code.substr(0, 8), "message.");
            continue;
        }
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        const Fields fields(vector.at("fields"));
        expect_equal(*decoded, fields.view(vector.at("fields")));
        EXPECT_EQ(vector.at("consistent").get<bool>(),
                  is_consistent(decoded->header.message_id, decoded->header.target));
        EXPECT_EQ(vectors::difference(vector.at("reencoded"), *encode(*decoded)), "");
    }
}

TEST(HttpMessage, RefusesToWriteTextThatIsNotUtf8) {
    HttpMessageView message;
    message.body = HttpRequestView{"get", "\xff", "", "", ""};
    EXPECT_EQ(encode(message).error().code, "message.not_utf8");
    message.body = HttpResponseView{"", 200, "OK", "\xc0\x80", ""};
    EXPECT_EQ(encode(message).error().code, "message.not_utf8");
    message.body = HttpResponseView{"", 200, "OK", "", "\xff"};
    EXPECT_TRUE(encode(message));
}

TEST(HttpMessage, EncodesEmptyContentsToo) {
    HttpMessageView message;
    for (int alternative = 0; alternative < 2; ++alternative) {
        const auto bytes = encode(message);
        ASSERT_TRUE(bytes) << to_string(bytes.error());
        EXPECT_EQ(bytes->size(), encoded_size(message));
        const auto decoded = decode_http(*bytes);
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        expect_equal(*decoded, message);
        message.body = HttpResponseView{};
    }
}

TEST(HttpMessage, ARefusedMessageLeavesTheBufferAlone) {
    HttpMessageView message;
    message.body = HttpResponseView{"HTTP/1.1", 200, "OK", "", "body"};
    std::string buffer(encoded_size(message), '#');
    const std::string before = buffer;
    EXPECT_EQ(encode_into(message, buffer.data(), buffer.size() - 1).error().code,
              "message.buffer_too_small");
    EXPECT_EQ(encode_into(message, nullptr, 0).error().code, "message.buffer_too_small");
    message.header.starter_reference = "\xff";
    EXPECT_EQ(encode_into(message, buffer.data(), 1000).error().code, "message.not_utf8");
    EXPECT_EQ(buffer, before);
}

}  // namespace
}  // namespace patchbay::protocols
