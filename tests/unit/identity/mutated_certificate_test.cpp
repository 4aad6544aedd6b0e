// SPDX-License-Identifier: Apache-2.0
/// \file
/// Certificates with random damage. What our reader takes, another strict JSON reader takes as
/// well, finds the same members in, and our writer writes back as the same certificate.
#include "identity/certificate.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <random>
#include <string>

namespace patchbay::identity {
namespace {

const std::string seeds[] = {
    R"({"agent_id": "my-agent", "issued_at": 1754592348.856811, "expires_at": 1754678748.856811, )"
    R"("certificate_hash": "47795ccc087b2ca92caa343bfd9f9e345adf938956d6104a8c9b86d1f93a1e2e", )"
    R"("signature": "a704834f0d82d7009122f281b298e4dcf9579c2a3b0cc5a40e21d6d475621af2"})",
    R"({"agent_id":"\ud83d\ude00\u0430\"\\","issued_at":1,"expires_at":-0.5e-3,)"
    R"("x":[1,{"y":null,"z":[true,false,"\n"]},1e5],"certificate_hash":)"
    R"("0000000000000000000000000000000000000000000000000000000000000000","signature":)"
    R"("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"} )",
};

std::string damaged(std::string text, std::mt19937& random) {
    static const std::string pieces[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         "\"",
                                         "\\",
                                         ",",
                                         ":",
                                         "NaN",
                                         "1e999",
                                         "\xff",
                                         "\xed\xa0\x80",
                                         "\\ud800",
                                         "null",
                                         " ",
                                         "-",
                                         ".",
                                         "0",
                                         "\n",
                                         "\x01",
                                         std::string(1, '\0'),
                                         "tru",
                                         "\"agent_id\":1,",
                                         "/*x*/",
                                         "'"};
    const int times = 1 + static_cast<int>(random() % 3);
    for (int i = 0; i < times && !text.empty(); ++i) {
        const std::size_t at = random() % text.size();
        const std::string& piece = pieces[random() % std::size(pieces)];
        switch (random() % 5) {
            case 0:
                text.erase(at, 1 + random() % 4);
                break;
            case 1:
                text.insert(at, piece);
                break;
            case 2:
                text.replace(at, 1, piece);
                break;
            case 3:
                text.resize(at);
                break;
            default:
                text[at] = static_cast<char>(random() % 256);
        }
    }
    return text;
}

TEST(MutatedCertificate, IsTakenOnlyWhenItIsStrictJson) {
    std::mt19937 random(23);
    int taken = 0;
    for (int i = 0; i < 200'000; ++i) {
        const std::string text = damaged(seeds[random() % std::size(seeds)], random);
        const Result<Certificate> read = read_certificate(text);
        if (!read) {
            EXPECT_FALSE(read.error().message.empty());
            continue;
        }
        ++taken;
        const auto other = nlohmann::json::parse(text, nullptr, false);
        ASSERT_FALSE(other.is_discarded()) << text;
        ASSERT_TRUE(other.is_object()) << text;
        EXPECT_EQ(other["agent_id"].get<std::string>(), read->agent_id) << text;
        EXPECT_EQ(other["issued_at"].get<double>(), read->issued_at.seconds) << text;
        EXPECT_EQ(other["expires_at"].get<double>(), read->expires_at.seconds) << text;
        EXPECT_EQ(other["certificate_hash"].get<std::string>(), to_hex(read->hash)) << text;
        EXPECT_EQ(read_certificate(to_json(*read)), *read) << text;
    }
    EXPECT_GT(taken, 1'000) << "else the damage is too heavy to tell";
}

}  // namespace
}  // namespace patchbay::identity
