// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <patchbay/protocols/default.hpp>

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace patchbay::protocols {
namespace {

using nlohmann::json;

DialogueHeader header_of(const json& fields) {
    return {fields.at("dialogue_reference").at(0).get<std::string>(),
            fields.at("dialogue_reference").at(1).get<std::string>(),
            fields.at("message_id").get<std::int32_t>(), fields.at("target").get<std::int32_t>()};
}

DefaultMessage message_of(const json& fields) {
    DefaultMessage message{header_of(fields), {}};
    const auto performative = fields.at("performative").get<std::string>();
    if (performative == "bytes") {
        message.body = DefaultBytes{vectors::field_bytes(fields, "content")};
    } else if (performative == "end") {
        message.body = DefaultEnd{};
    } else {
        DefaultError error;
        error.error_code = static_cast<DefaultErrorCode>(fields.at("error_code").get<int>());
        error.error_msg = fields.at("error_msg").get<std::string>();
        for (const auto& [key, value] : fields.at("error_data_hex").items()) {
            error.error_data[key] = vectors::from_hex(value.get<std::string>());
        }
        message.body = error;
    }
    return message;
}

TEST(DefaultMessageVectors, EncodeAndDecodeAsUpstream) {
    for (const json& vector : vectors::group("default_message")) {
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        const DefaultMessage message = message_of(vector.at("fields"));
        const auto bytes = encode(message);
        ASSERT_TRUE(bytes) << to_string(bytes.error());
        if (vector.contains("encoded")) {
            EXPECT_EQ(vectors::difference(vector.at("encoded"), *bytes), "");
            const auto decoded = decode_default(*bytes);
            ASSERT_TRUE(decoded) << to_string(decoded.error());
            EXPECT_TRUE(*decoded == message);
            continue;
        }
        std::set<std::string> any_of;
        for (const json& hex : vector.at("encoded_any_of")) {
            any_of.insert(hex.get<std::string>());
            const auto decoded = decode_default(vectors::from_hex(hex.get<std::string>()));
            ASSERT_TRUE(decoded) << to_string(decoded.error());
            EXPECT_TRUE(*decoded == message);
        }
        EXPECT_EQ(any_of.count(vectors::to_hex(*bytes)), 1U) << vectors::to_hex(*bytes);
    }
}

TEST(DefaultMessageVectors, ReadOddInputsAsUpstream) {
    for (const json& vector : vectors::group("decode_odd")) {
        if (vector.at("decoder") != "default") {
            continue;
        }
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        const auto decoded = decode_default(vectors::bytes_of(vector.at("input")));
        if (vector.at("result") == "error") {
            ASSERT_FALSE(decoded);
            EXPECT_EQ(decoded.error().error_class, ErrorClass::invalid);
            EXPECT_EQ(decoded.error().code.substr(0, 8), "message.");
            continue;
        }
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        EXPECT_TRUE(*decoded == message_of(vector.at("fields")));
        EXPECT_EQ(vector.at("consistent").get<bool>(),
                  is_consistent(decoded->header.message_id, decoded->header.target));
        EXPECT_EQ(vectors::difference(vector.at("reencoded"), *encode(*decoded)), "");
    }
}

TEST(DefaultMessage, NamesTheReasonOfARefusal) {
    const std::map<std::string, std::string> codes = {
        {"ffff", "message.malformed"},
        {"", "message.no_dialogue_message"},
        {"0a00", "message.no_dialogue_message"},
        {"12080801120261612a00", "message.no_performative"},
        {"12110801120261612a093a070a02080512016d", "message.bad_error_code"},
        {"12120801120261612a0a3a081a060a01ff120176", "message.malformed"},
    };
    for (const auto& [hex, code] : codes) {
        const auto decoded = decode_default(vectors::from_hex(hex));
        ASSERT_FALSE(decoded) << hex;
        EXPECT_EQ(decoded.error().code, code) << hex;
    }
}

TEST(DefaultMessage, RefusesToWriteWhatPeersWouldRefuse) {
    DefaultMessage message;
    message.body = DefaultError{DefaultErrorCode::invalid_message, "\xff", {}};
    EXPECT_EQ(encode(message).error().code, "message.not_utf8");
    message.body = DefaultError{DefaultErrorCode::invalid_message, "", {{"\xff", ""}}};
    EXPECT_EQ(encode(message).error().code, "message.not_utf8");
    message.body = DefaultError{static_cast<DefaultErrorCode>(5), "", {}};
    EXPECT_EQ(encode(message).error().code, "message.bad_error_code");
    message.body = DefaultBytes{"\xff"};
    EXPECT_TRUE(encode(message));
    message.header.starter_reference = "\xff";
    EXPECT_EQ(encode(message).error().code, "message.not_utf8");
}

TEST(DefaultMessage, ALaterPerformativeReplacesAndARepeatedOneMerges) {
    // error{msg "a"} end{} error{data k}: the first error is gone, the second starts afresh.
    const auto replaced =
        decode_default(vectors::from_hex("12122a103a03120161"
                                         "3200"
                                         "3a071a050a016b1200"));
    ASSERT_TRUE(replaced) << to_string(replaced.error());
    EXPECT_EQ(std::get<DefaultError>(replaced->body).error_msg, "");
    EXPECT_EQ(std::get<DefaultError>(replaced->body).error_data.count("k"), 1U);
    const auto merged =
        decode_default(vectors::from_hex("120e2a0c3a03120161"
                                         "3a051a030a016b"));
    ASSERT_TRUE(merged) << to_string(merged.error());
    const auto& error = std::get<DefaultError>(merged->body);
    EXPECT_EQ(error.error_msg, "a");
    EXPECT_EQ(error.error_data.count("k"), 1U);
}

TEST(WrapperMessage, IntoABufferOfItsExactSize) {
    const MessageView message{"s", "r", -1, 1, "content"};
    std::string buffer(encoded_size(message), ' ');
    ASSERT_TRUE(encode_into(message, buffer.data(), buffer.size()));
    EXPECT_EQ(buffer, *encode(message));
    const auto cut = encode_into(message, buffer.data(), buffer.size() - 1);
    EXPECT_EQ(cut.error().code, "message.buffer_too_small");
    EXPECT_EQ(vectors::to_hex(*encode(MessageView{})), "1200");
}

TEST(DefaultBytesView, IsTheSameMessageInPlace) {
    for (const std::string& content : {std::string(), std::string("x"), std::string(300, 'y')}) {
        const DefaultMessage owned{{"starter", "responder", -1, 1}, DefaultBytes{content}};
        const DefaultBytesView view{view_of(owned.header, {}), content};
        const auto bytes = encode(owned);
        ASSERT_TRUE(bytes);
        EXPECT_EQ(encode(view), *bytes);
        EXPECT_EQ(encoded_size(view), bytes->size());
        std::string buffer(bytes->size() + 1, '#');
        EXPECT_EQ(encode_into(view, buffer.data(), bytes->size()), bytes->size());
        EXPECT_EQ(buffer, *bytes + '#');

        const auto wrapper = decode_message(*bytes);
        ASSERT_TRUE(wrapper);
        EXPECT_EQ(default_bytes_of(*wrapper), content);
    }
}

TEST(DefaultBytesView, RefusesWhatTheOwnedFormRefuses) {
    std::array<char, 64> buffer{};
    const DefaultBytesView small{{"starter", "", 1, 0, {}}, "content"};
    const auto size = encoded_size(small);
    const auto no_room = encode_into(small, buffer.data(), size - 1);
    ASSERT_FALSE(no_room);
    EXPECT_EQ(no_room.error().code, "message.buffer_too_small");
    const DefaultBytesView not_text{{"\xFF", "", 1, 0, {}}, "content"};
    const auto refused = encode_into(not_text, buffer.data(), buffer.size());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "message.not_utf8");
    EXPECT_EQ(encode(not_text).error().code, "message.not_utf8");
}

TEST(DefaultBytesView, IsNothingForOtherPerformatives) {
    EXPECT_EQ(default_bytes_of({"r", "", 1, 0, {"\x32\x00", 2}}), std::nullopt);
    EXPECT_EQ(default_bytes_of({"r", "", 1, 0, {}}), std::nullopt);
    EXPECT_EQ(default_bytes_of({"r", "", 1, 0, "\x2A\x7F"}), std::nullopt) << "cut off";
    EXPECT_EQ(default_bytes_of({"r", "", 1, 0, {"\x2A\x03\x0A\x01x\x32\x00", 7}}), std::nullopt)
        << "bytes, and then end takes its place";
    EXPECT_EQ(default_bytes_of({"r", "", 1, 0, {"\x2A\x03\x0A\x01x\x2A\x00", 7}}), "x")
        << "the same again adds nothing";
    EXPECT_EQ(default_bytes_of({"r", "", 1, 0, {"\x2A\x00\x08\x01", 4}}), "")
        << "what is not known is passed over";
}

}  // namespace
}  // namespace patchbay::protocols
