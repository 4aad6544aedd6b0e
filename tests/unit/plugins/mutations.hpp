// SPDX-License-Identifier: Apache-2.0
/// \file
/// Damaged copies of a file, the same ones in every run: single bytes, whole fields of all-ones,
/// truncations. What reads files from outside is tested with thousands of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace patchbay::plugins::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto* data = reinterpret_cast<const std::byte*>(text.data());
    return {data, data + text.size()};
}

/// Calls `consume(bytes)` for `count` damaged copies; damage prefers the first and the last parts,
/// where headers and tables are.
template <class Consume>
void for_each_mutation(const Bytes& original, std::size_t count, Consume consume) {
    std::mt19937 random(20'261'122);
    const auto pick = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    for (std::size_t i = 0; i < count; ++i) {
        Bytes bytes = original;
        for (std::size_t change = 0, changes = 1 + pick(4); change < changes; ++change) {
            const std::size_t window = std::min<std::size_t>(bytes.size(), 4'096);
            std::size_t at = pick(window);
            if (pick(3) == 0) {
                at = bytes.size() - window + at;
            }
            if (pick(2) == 0) {
                bytes[at] = static_cast<std::byte>(pick(256));
            } else {
                constexpr std::uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
                const auto value = static_cast<std::byte>(values[pick(5)]);
                for (std::size_t k = 0; k < 8 && at + k < bytes.size(); ++k) {
                    bytes[at + k] = value;
                }
            }
        }
        if (pick(8) == 0) {
            bytes.resize(pick(bytes.size()));
        }
        consume(bytes);
    }
}

}  // namespace patchbay::plugins::test
