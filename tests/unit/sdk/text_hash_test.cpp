// SPDX-License-Identifier: Apache-2.0
#include <patchbay/text_hash.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay {
namespace {

TEST(TextHash, DependsOnEveryByteTheSizeAndTheSeed) {
    std::set<std::size_t> hashes;
    std::size_t texts = 0;
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string text(size, 'x');
        hashes.insert(TextHash()(text));
        hashes.insert(TextHash()(text, 1));
        texts += 2;
        for (std::size_t at = 0; at < size; ++at) {
            for (const char c : {'y', '\0', '\x80'}) {
                std::string other = text;
                other[at] = c;
                hashes.insert(TextHash()(other));
                ++texts;
            }
        }
    }
    EXPECT_EQ(hashes.size(), texts);
}

TEST(TextHash, IsThatOfTheTextWhereverItLies) {
    const std::string text = "0123456789abcdef0123456789abcdef!";
    for (std::size_t shift = 0; shift < 16; ++shift) {
        const std::string around = std::string(shift, '#') + text + "##";
        EXPECT_EQ(TextHash()(std::string_view(around).substr(shift, text.size())),
                  TextHash()(text));
    }
}

TEST(TextHash, SpreadsSimilarNamesOverTheLowBits) {
    constexpr std::size_t buckets = 1024;
    std::vector<std::size_t> filled(buckets);
    for (std::size_t i = 0; i < 4 * buckets; ++i) {
        ++filled[TextHash()("agent-" + std::to_string(i)) % buckets];
    }
    EXPECT_LT(*std::max_element(filled.begin(), filled.end()), 20U);  // 4 on the average
}

}  // namespace
}  // namespace patchbay
