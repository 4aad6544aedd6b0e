// SPDX-License-Identifier: Apache-2.0
#include "frames/envelope_body.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::agent_gateway {

namespace {

using Json = nlohmann::json;
using namespace protocols;

class EnvelopeBodyTest : public ::testing::Test {
  protected:
    Result<std::string> encode_json(std::string_view protocol, const Json& body,
                                    const DialogueHeader& header) {
        text_ = body.dump();
        text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
        return encode_body(protocol, *reader_.parse(text_, problem_), view_of(header, {}));
    }
    static Json body_json(std::string_view protocol, std::string_view message) {
        std::string out = "[1, ";  // appended behind what is there
        append_body_json(out, protocol, message, dialogue_of(protocol, message));
        return Json::parse(out + "]").at(1);
    }
    static std::string http_request(std::string_view body) {
        HttpMessageView message;
        message.header = {"ref", "", 1, 0, {}};
        message.body = HttpRequestView{"get", "http://x/", "HTTP/1.1", "A: b\r\n", body};
        return encode(message).value();
    }

  private:
    std::string text_;
    FrameReader reader_;
    FrameProblem problem_;
};

TEST_F(EnvelopeBodyTest, ShowsAnHttpRequest) {
    const Json body = body_json(http_protocol_id, http_request("hi"));
    EXPECT_EQ(body, (Json{{"performative", "request"},
                          {"method", "get"},
                          {"url", "http://x/"},
                          {"version", "HTTP/1.1"},
                          {"headers", "A: b\r\n"},
                          {"body", "hi"}}));
    EXPECT_EQ(body_json(http_protocol_id, http_request("\xFF"))["body_base64"], "/w==");
    EXPECT_TRUE(expects_answer(http_protocol_id, http_request("hi")));
}

TEST_F(EnvelopeBodyTest, AnswersAnHttpRequest) {
    const auto header =
        answer_header(header_of(*dialogue_of(http_protocol_id, http_request("hi"))), "own");
    const auto bytes = encode_json(
        http_protocol_id,
        {{"status_code", 404}, {"headers", {{"X-One", "1"}}}, {"body", {{"a", 1}}}}, header);
    ASSERT_TRUE(bytes);
    const auto message = decode_http(*bytes).value();
    EXPECT_EQ(message.header.starter_reference, "ref");
    EXPECT_EQ(message.header.responder_reference, "own");
    EXPECT_EQ(message.header.message_id, -1);
    EXPECT_EQ(message.header.target, 1);
    const auto& response = std::get<HttpResponseView>(message.body);
    EXPECT_EQ(response.status_code, 404);
    EXPECT_EQ(response.body, "{\"a\":1}");
    EXPECT_NE(response.headers.find("X-One: 1"), std::string_view::npos);
    EXPECT_NE(response.headers.find("Content-Type: application/json"), std::string_view::npos);
}

TEST_F(EnvelopeBodyTest, ADefaultAnswerIs200WithText) {
    const auto bytes = encode_json(http_protocol_id, {{"body", "x"}}, {"ref", "own", -1, 1});
    ASSERT_TRUE(bytes);
    const auto message = decode_http(*bytes).value();
    const auto& response = std::get<HttpResponseView>(message.body);
    EXPECT_EQ(response.status_code, 200);
    EXPECT_EQ(response.status_text, "OK");
    EXPECT_EQ(response.headers, "");
    EXPECT_EQ(response.body, "x");
}

TEST_F(EnvelopeBodyTest, RefusesABodyThatMakesNoMessage) {
    const DialogueHeader answer{"ref", "own", -1, 1};
    EXPECT_FALSE(encode_json(http_protocol_id, {{"status_code", "ok"}}, answer));
    EXPECT_FALSE(encode_json(http_protocol_id, {{"status_code", 7}}, answer));
    EXPECT_FALSE(encode_json(http_protocol_id, {{"body_base64", "!"}}, answer));
    EXPECT_FALSE(encode_json(http_protocol_id, {{"headers", {{"a\r\nb", "c"}}}}, answer));
    EXPECT_FALSE(encode_json(http_protocol_id, {{"method", "get"}}, {"ref", "", 1, 0}));
    EXPECT_FALSE(encode_json(default_protocol_id, {{"performative", "x"}}, answer));
    EXPECT_FALSE(
        encode_json(default_protocol_id, {{"performative", "error"}, {"error_code", 9}}, answer));
    EXPECT_FALSE(encode_json("me/other:0.1.0", {{"content", "x"}}, answer));
    EXPECT_FALSE(encode_json(http_protocol_id, Json::array(), answer));
}

TEST_F(EnvelopeBodyTest, HeaderValuesCannotSmuggleInHeaders) {
    const auto bytes = encode_json(http_protocol_id, {{"headers", {{"A", "b\r\nEvil: 1"}}}},
                                   {"ref", "own", -1, 1});
    ASSERT_TRUE(bytes);
    const auto message = decode_http(*bytes).value();
    EXPECT_EQ(std::get<HttpResponseView>(message.body).headers.find("\nEvil"),
              std::string_view::npos);
}

TEST_F(EnvelopeBodyTest, DefaultMessagesGoBothWays) {
    for (const std::string& content : {std::string("text"), std::string("\xFF\0", 2)}) {
        DefaultMessage message;
        message.header = {"ref", "", 1, 0};
        message.body = DefaultBytes{content};
        const Json body = body_json(default_protocol_id, encode(message).value());
        EXPECT_EQ(body["performative"], "bytes");
        const auto back = encode_json(default_protocol_id, body, {"ref", "", 1, 0});
        ASSERT_TRUE(back);
        EXPECT_EQ(decode_default(*back).value(), message);
    }
}

TEST_F(EnvelopeBodyTest, OthersAreBase64) {
    EXPECT_EQ(body_json("me/other:0.1.0", "foob"), (Json{{"message_base64", "Zm9vYg=="}}));
    EXPECT_EQ(encode_json("me/other:0.1.0", {{"message_base64", "Zm9vYg=="}}, {}).value(), "foob");
    EXPECT_EQ(body_json(http_protocol_id, "\xFF")["message_base64"], "/w==");
}

TEST(AnswerHeader, CountsAsTheOtherSide) {
    EXPECT_EQ(answer_header({"a", "", 1, 0}, "r").message_id, -1);
    EXPECT_EQ(answer_header({"a", "b", 3, -2}, "r").message_id, -3);
    EXPECT_EQ(answer_header({"a", "b", 3, -2}, "r").responder_reference, "b");
    EXPECT_EQ(answer_header({"a", "b", -1, 1}, "r").message_id, 2);
    EXPECT_EQ(answer_header({"a", "b", -1, 1}, "r").target, -1);
}

}  // namespace

}  // namespace patchbay::agent_gateway
