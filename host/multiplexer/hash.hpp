// SPDX-License-Identifier: Apache-2.0
/// \file
/// The hash of addresses. Addresses come from strangers, so it is seeded per process with a secret,
/// and every product of two words goes into the result whole (the construction of wyhash).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace patchbay::multiplexer {

/// A text's hash, and whether all of its bytes are ASCII (then it needs no UTF-8 check).
struct TextHash {
    std::uint64_t value = 0;
    bool ascii = true;
};

namespace detail {
[[nodiscard]] inline std::uint64_t word(const char* text) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, text, sizeof value);
    return value;
}
/// The last `size` (1..8) bytes, without reading outside of the text.
[[nodiscard]] inline std::uint64_t short_word(const char* text, std::size_t size) noexcept {
    if (size >= 8) {
        return word(text);
    }
    if (size >= 4) {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        std::memcpy(&low, text, 4);
        std::memcpy(&high, text + size - 4, 4);
        const auto shift = static_cast<unsigned>((size - 4) * 8);
        return std::uint64_t{low} | (std::uint64_t{high} << shift);
    }
    if (size == 0) {
        return 0;
    }
    // First, middle and last byte: for one and two bytes some of them are the same.
    const auto byte = [&](std::size_t at) {
        return std::uint64_t{static_cast<unsigned char>(text[at])} << (8U * at);
    };
    return byte(0) | byte(size / 2) | byte(size - 1);
}
[[nodiscard]] inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}
inline constexpr std::uint64_t high_bits = 0x8080808080808080U;
}  // namespace detail

/// Whether two texts of the same size are equal; in place of a call for a few bytes.
[[nodiscard]] inline bool same_text(const char* a, const char* b, std::size_t size) noexcept {
    if (size < 8) {
        return detail::short_word(a, size) == detail::short_word(b, size);
    }
    std::uint64_t differ = detail::word(a + size - 8) ^ detail::word(b + size - 8);
    for (std::size_t at = 0; at + 8 < size; at += 8) {
        differ |= detail::word(a + at) ^ detail::word(b + at);
    }
    return differ == 0;
}

[[nodiscard]] inline bool is_ascii(const char* text, std::size_t size) noexcept {
    std::uint64_t seen = 0;
    while (size >= 8) {
        seen |= detail::word(text);
        text += 8;
        size -= 8;
    }
    if (size != 0) {
        seen |= detail::short_word(text, size);
    }
    return (seen & detail::high_bits) == 0;
}

[[nodiscard]] inline TextHash hash_text(const char* text, std::size_t size,
                                        std::uint64_t seed) noexcept {
    std::uint64_t state = seed ^ (size * 0x9E3779B97F4A7C15U);
    std::uint64_t seen = 0;
    while (size > 16) {
        const std::uint64_t a = detail::word(text);
        const std::uint64_t b = detail::word(text + 8);
        seen |= a | b;
        state = detail::mix(a ^ state, b ^ 0xE7037ED1A0B428DBU);
        text += 16;
        size -= 16;
    }
    const std::uint64_t a = detail::short_word(text, size < 8 ? size : 8);
    const std::uint64_t b = size > 8 ? detail::short_word(text + 8, size - 8) : 0;
    seen |= a | b;
    state = detail::mix(a ^ state, b ^ 0x8EBC6AF09C88C6E3U ^ seed);
    return {state ^ (state >> 29U), (seen & detail::high_bits) == 0};
}

[[nodiscard]] inline TextHash hash_text(std::string_view text, std::uint64_t seed) noexcept {
    return hash_text(text.data(), text.size(), seed);
}

}  // namespace patchbay::multiplexer
