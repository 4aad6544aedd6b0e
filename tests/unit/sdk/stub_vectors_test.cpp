// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <patchbay/stub_format.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace patchbay {
namespace {

using nlohmann::json;

Envelope stub_envelope(const json& fields) {
    return {vectors::text_of(fields, "to"), vectors::text_of(fields, "sender"),
            vectors::text_of(fields, "protocol_id"),
            vectors::from_hex(fields.at("message_hex").get<std::string>()),
            vectors::text_of(fields, "uri")};
}

std::vector<Envelope> envelopes_of(const json& list) {
    std::vector<Envelope> envelopes;
    for (const json& fields : list) {
        envelopes.push_back(stub_envelope(fields));
    }
    return envelopes;
}

Envelope plain(std::string message) {
    return {"to", "from", "fetchai/default:1.0.0", std::move(message)};
}

/// Where ours delivers what upstream loses or merges.
const std::map<std::string, std::vector<Envelope>> better = {
    {"read_two_lines_in_one_write", {plain("one"), plain("two")}},
    {"read_split_inside_message", {plain("first second")}},
    // Not dropped but kept: it may go on with the next write.
    {"read_no_trailing_comma_but_comma_inside", {}},
};

TEST(StubVectors, WriteTheFileThatUpstreamWrites) {
    for (const json& vector : vectors::group("stub")) {
        if (vector.at("kind") != "write") {
            continue;
        }
        SCOPED_TRACE("vector " + vector.at("name").get<std::string>());
        std::string file;
        for (const Envelope& envelope : envelopes_of(vector.at("envelopes"))) {
            const auto appended = append_stub_line(envelope.view(), file);
            ASSERT_TRUE(appended) << to_string(appended.error());
        }
        EXPECT_EQ(vectors::difference(vector.at("file"), file), "");
    }
}

TEST(StubVectors, ReadWhatUpstreamReadsOrMore) {
    for (const json& vector : vectors::group("stub")) {
        if (vector.at("kind") != "read") {
            continue;
        }
        const auto name = vector.at("name").get<std::string>();
        SCOPED_TRACE("vector " + name);
        StubDecoder decoder;
        std::vector<Envelope> envelopes;
        std::size_t malformed = 0;
        for (const json& chunk : vector.at("chunks")) {
            decoder.feed(vectors::bytes_of(chunk));
            decoder.settle();
            while (auto item = decoder.next()) {
                if (item->envelope) {
                    envelopes.push_back(Envelope::copy_of(*item->envelope));
                } else {
                    ++malformed;
                    EXPECT_EQ(item->envelope.error().error_class, ErrorClass::invalid);
                }
            }
        }
        const auto ours = better.find(name);
        const auto expected =
            ours == better.end() ? envelopes_of(vector.at("envelopes")) : ours->second;
        ASSERT_EQ(envelopes.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT_TRUE(envelopes[i] == expected[i]) << "envelope " << i;
        }
        EXPECT_GE(malformed, vector.at("errors_logged").get<std::size_t>());
    }
}

}  // namespace
}  // namespace patchbay
