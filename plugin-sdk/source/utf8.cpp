// SPDX-License-Identifier: Apache-2.0
#include <patchbay/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace patchbay {

namespace {

constexpr std::size_t word_size = sizeof(std::uint64_t);

bool is_ascii_word(const unsigned char* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, word_size);
    return (word & 0x8080808080808080U) == 0;
}

/// Four words in a row, which is what the processor does at a time.
bool are_ascii_words(const unsigned char* at) noexcept {
    std::array<std::uint64_t, 4> words{};
    std::memcpy(words.data(), at, sizeof words);
    return ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080U) == 0;
}

bool is_continuation(unsigned char byte) noexcept {
    return (byte & 0xC0U) == 0x80U;
}

/// Length of the well-formed sequence of more than one byte at `at`, 0 when there is none.
std::size_t sequence_length(const unsigned char* at, std::size_t left) noexcept {
    const unsigned char lead = at[0];
    if (lead >= 0xC2U && lead <= 0xDFU) {
        return left >= 2 && is_continuation(at[1]) ? 2 : 0;
    }
    if ((lead & 0xF0U) == 0xE0U) {
        if (left < 3 || !is_continuation(at[1]) || !is_continuation(at[2])) {
            return 0;
        }
        const bool overlong = lead == 0xE0U && at[1] < 0xA0U;
        const bool surrogate = lead == 0xEDU && at[1] >= 0xA0U;
        return overlong || surrogate ? 0 : 3;
    }
    if (lead >= 0xF0U && lead <= 0xF4U) {
        if (left < 4 || !is_continuation(at[1]) || !is_continuation(at[2]) ||
            !is_continuation(at[3])) {
            return 0;
        }
        const bool overlong = lead == 0xF0U && at[1] < 0x90U;
        const bool too_large = lead == 0xF4U && at[1] >= 0x90U;
        return overlong || too_large ? 0 : 4;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t left = text.size();
    while (left != 0) {
        // Nearly all addresses and ids are ASCII: many bytes at a time while they are.
        while (left >= 4 * word_size && are_ascii_words(at)) {
            at += 4 * word_size;
            left -= 4 * word_size;
        }
        while (left >= word_size && is_ascii_word(at)) {
            at += word_size;
            left -= word_size;
        }
        if (left == 0) {
            break;
        }
        // The last word of the text covers a rest of less than one, and more.
        if (left < word_size && text.size() >= word_size && is_ascii_word(at + left - word_size)) {
            break;
        }
        std::size_t length = 1;
        if (*at >= 0x80U) {
            length = sequence_length(at, left);
            if (length == 0) {
                return false;
            }
        }
        at += length;
        left -= length;
    }
    return true;
}

}  // namespace patchbay
