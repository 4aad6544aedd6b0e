// SPDX-License-Identifier: Apache-2.0
/// \file
/// A hash for tables whose keys are references and names: sixteen bytes at a time, where that of
/// the standard library takes eight and a call. Not for tables that a stranger could fill with keys
/// of one hash, unless what they hold is bounded.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace patchbay {

/// A function object as std::hash<std::string_view>. `seed` may be the hash of another part of the
/// key.
struct TextHash {
    [[nodiscard]] std::size_t operator()(std::string_view text,
                                         std::uint64_t seed = 0) const noexcept {
        constexpr std::size_t step = 16;
        const char* at = text.data();
        std::size_t left = text.size();
        std::uint64_t state = seed * 0xC2B2AE3D27D4EB4FU + left * 0x9E3779B97F4A7C15U;
        for (; left > step; at += step, left -= step) {
            state = mixed(word(at, 8) ^ state, word(at + 8, 8) ^ 0xE7037ED1A0B428DBU);
        }
        const std::size_t first = left < 8 ? left : 8;
        return static_cast<std::size_t>(
            mixed(word(at, first) ^ state, word(at + first, left - first) ^ 0x8EBC6AF09C88C6E3U));
    }

  private:
    /// Up to eight bytes.
    [[nodiscard]] static std::uint64_t word(const char* at, std::size_t size) noexcept {
        std::uint64_t value = 0;
        if (size == 8) {
            std::memcpy(&value, at, 8);
        } else if (size != 0) {
            std::memcpy(&value, at, size);
        }
        return value;
    }
    /// Every bit of the result depends on every bit of both.
    [[nodiscard]] static std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
        const std::uint64_t sum = a * 0x9FB21C651E98DF25U + std::rotl(b * 0xD6E8FEB86659FD93U, 32);
        const std::uint64_t folded = (sum ^ (sum >> 32U)) * 0xA0761D6478BD642FU;
        return folded ^ (folded >> 32U);
    }
};

}  // namespace patchbay
