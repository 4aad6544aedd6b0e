// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <patchbay/envelope.hpp>

#include <gtest/gtest.h>

#include <string>

namespace patchbay {
namespace {

using nlohmann::json;

std::string name_of(const json& vector) {
    return "vector " + vector.at("name").get<std::string>();
}

Envelope envelope_of(const json& fields) {
    return {vectors::text_of(fields, "to"),
            vectors::text_of(fields, "sender"),
            vectors::text_of(fields, "protocol_id"),
            fields.at("message").is_string()
                ? vectors::from_hex(fields.at("message").get<std::string>())
                : vectors::bytes_of(fields.at("message")),
            vectors::text_of(fields, "uri"),
            vectors::text_of(fields, "context_connection_id")};
}

TEST(EnvelopeVectors, EncodeAsUpstream) {
    for (const json& vector : vectors::group("envelope")) {
        SCOPED_TRACE(name_of(vector));
        const auto envelope = Envelope::make(envelope_of(vector.at("fields")));
        ASSERT_TRUE(envelope) << to_string(envelope.error());
        const auto bytes = encode(envelope->view());
        ASSERT_TRUE(bytes) << to_string(bytes.error());
        EXPECT_EQ(vectors::difference(vector.at("encoded"), *bytes), "");
        EXPECT_EQ(encoded_size(envelope->view()), bytes->size());
        std::string buffer(bytes->size(), 'x');
        const auto length = encode_into(envelope->view(), buffer.data(), buffer.size());
        ASSERT_TRUE(length) << to_string(length.error());
        EXPECT_TRUE(buffer == *bytes);
    }
}

TEST(EnvelopeVectors, DecodeAsUpstream) {
    for (const json& vector : vectors::group("envelope")) {
        SCOPED_TRACE(name_of(vector));
        const auto bytes = encode(envelope_of(vector.at("fields")).view());
        ASSERT_TRUE(bytes) << to_string(bytes.error());
        Envelope expected = envelope_of(vector.at("fields"));
        expected.context_connection_id.clear();
        if (vector.contains("decoded_differs")) {
            const json& differs = vector.at("decoded_differs");
            expected.to = vectors::text_of(differs, "to");
            expected.sender = vectors::text_of(differs, "sender");
            expected.protocol_id = vectors::text_of(differs, "protocol_id");
            expected.uri = vectors::text_of(differs, "uri");
        }
        const auto decoded = decode(*bytes);
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        EXPECT_TRUE(*decoded == expected);
    }
}

TEST(EnvelopeVectors, RefuseWhatUpstreamRefuses) {
    const std::map<std::string, std::string> codes = {
        {"to_component_sender_agent", "envelope.mixed_addresses"},
        {"to_agent_sender_component", "envelope.mixed_addresses"},
        {"bytes_without_protocol_id", "envelope.bad_protocol_id"},
        {"protocol_id_not_a_public_id", "envelope.bad_protocol_id"},
        {"protocol_id_upper_case", "envelope.bad_protocol_id"},
        {"protocol_id_short_version", "envelope.bad_protocol_id"},
    };
    for (const json& vector : vectors::group("envelope_rejected")) {
        SCOPED_TRACE(name_of(vector));
        const Envelope envelope = envelope_of(vector.at("fields"));
        const auto made = Envelope::make(envelope);
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().code, codes.at(vector.at("name").get<std::string>()));
        EXPECT_EQ(made.error().error_class, ErrorClass::invalid);
        EXPECT_EQ(encode(envelope.view()).error().code, made.error().code);
    }
}

TEST(EnvelopeVectors, ReadOddInputsAsUpstream) {
    for (const json& vector : vectors::group("decode_odd")) {
        if (vector.at("decoder") != "envelope") {
            continue;
        }
        SCOPED_TRACE(name_of(vector));
        const auto decoded = decode(vectors::bytes_of(vector.at("input")));
        if (vector.at("result") == "error") {
            ASSERT_FALSE(decoded);
            EXPECT_EQ(decoded.error().error_class, ErrorClass::invalid);
            EXPECT_EQ(decoded.error().code.substr(0, 9), "envelope.");
            continue;
        }
        ASSERT_TRUE(decoded) << to_string(decoded.error());
        EXPECT_TRUE(*decoded == envelope_of(vector.at("fields")));
        EXPECT_EQ(vectors::difference(vector.at("reencoded"), *encode(decoded->view())), "");
    }
}

TEST(Envelope, SkipsClosedGroupsAndReservedFieldNumbersAsUpstream) {
    const std::string good = *encode({"to", "from", "fetchai/default:1.0.0", "m"});
    const std::string group("\x43\x08\x05\x4b\x4c\x44", 6);  // group 8 {1: 5, group 9 {}}
    const std::string crossed("\x43\x4b\x44\x4c", 4);        // groups closed in the wrong order
    const std::string reserved("\xc0\xa3\x09\x01", 4);       // field 19000
    EXPECT_TRUE(decode(good + group));
    EXPECT_TRUE(decode(reserved + good));
    EXPECT_FALSE(decode(good + crossed));
    std::string deep;
    for (int i = 0; i < 101; ++i) {
        deep += '\x43';
    }
    deep += std::string(101, '\x44');
    EXPECT_FALSE(decode(good + deep));
}

TEST(Envelope, RefusesOutgoingTextThatIsNotUtf8) {
    EXPECT_EQ(encode({"t\xff", "from", "a/b:1.0.0", ""}).error().code, "envelope.not_utf8");
    EXPECT_EQ(encode({"to", "\xed\xa0\x80", "a/b:1.0.0", ""}).error().code, "envelope.not_utf8");
    EXPECT_EQ(encode({"to", "from", "a/b:1.0.0", "", "\x80"}).error().code, "envelope.not_utf8");
    EXPECT_TRUE(encode({"to", "from", "a/b:1.0.0", "\xff"}));
}

TEST(Envelope, RefusesAContextBetweenComponents) {
    const auto with_uri = Envelope::make({"a/b", "c/d", "e/f:1.0.0", "", "/u"});
    EXPECT_EQ(with_uri.error().code, "envelope.context_between_components");
    const auto with_id = Envelope::make({"a/b", "c/d", "e/f:1.0.0", "", "", "g/h:1.0.0"});
    EXPECT_EQ(with_id.error().code, "envelope.context_between_components");
}

TEST(Envelope, TellsTheSizeThatATooSmallBufferLacks) {
    const EnvelopeView envelope{"to", "from", "a/b:1.0.0", "message"};
    std::string buffer(encoded_size(envelope) - 1, ' ');
    const auto length = encode_into(envelope, buffer.data(), buffer.size());
    ASSERT_FALSE(length);
    EXPECT_EQ(length.error().code, "envelope.buffer_too_small");
    EXPECT_EQ(encoded_size({"to", "from", "not an id", ""}), 0U);
}

TEST(Envelope, AViewPointsIntoTheBytesItWasReadFrom) {
    const std::string bytes = *encode({"to", "from", "a/b:1.0.0", "message", "/u"});
    const auto view = decode_view(bytes);
    ASSERT_TRUE(view);
    EXPECT_GE(view->message.data(), bytes.data());
    EXPECT_LE(view->message.data() + view->message.size(), bytes.data() + bytes.size());
    EXPECT_EQ(view->uri, "/u");
}

}  // namespace
}  // namespace patchbay
