// SPDX-License-Identifier: Apache-2.0
#include "proofs/text_encodings.hpp"

#include <openssl/evp.h>

#include <array>
#include <vector>

namespace patchbay::proofs {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/// The check sum of BIP 173 over groups of five bits.
std::uint32_t bech32_check(std::span<const std::uint8_t> groups) {
    constexpr std::array<std::uint32_t, 5> generator = {0x3b6a57b2U, 0x26508e6dU, 0x1ea119faU,
                                                        0x3d4233ddU, 0x2a1462b3U};
    std::uint32_t check = 1;
    for (const std::uint8_t group : groups) {
        const std::uint32_t top = check >> 25U;
        check = ((check & 0x1ffffffU) << 5U) ^ group;
        for (std::size_t bit = 0; bit < generator.size(); ++bit) {
            check ^= ((top >> bit) & 1U) != 0 ? generator[bit] : 0U;
        }
    }
    return check;
}

std::vector<std::uint8_t> groups_of_five(std::string_view bytes) {
    std::vector<std::uint8_t> groups;
    std::uint32_t waiting = 0;
    unsigned bits = 0;
    for (const char byte : bytes) {
        waiting = (waiting << 8U) | static_cast<std::uint8_t>(byte);
        for (bits += 8; bits >= 5; bits -= 5) {
            groups.push_back(static_cast<std::uint8_t>((waiting >> (bits - 5)) & 31U));
        }
    }
    if (bits != 0) {
        groups.push_back(static_cast<std::uint8_t>((waiting << (5 - bits)) & 31U));
    }
    return groups;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        const auto value = static_cast<std::uint8_t>(byte);
        text += digits[value >> 4U];
        text += digits[value & 15U];
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t at = 0; at < text.size(); at += 2) {
        const int high = hex_digit(text[at]);
        const int low = hex_digit(text[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

std::string to_base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    constexpr std::size_t longest = 1U << 20U;
    if (text.size() % 4 != 0 || text.size() > longest) {
        return std::nullopt;
    }
    Bytes bytes(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0) {
        return std::nullopt;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    bytes.resize(static_cast<std::size_t>(size) - padding);
    // OpenSSL lets white space and stray bits pass.
    return to_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

std::string to_bech32(std::string_view prefix, std::string_view bytes) {
    constexpr std::string_view letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    constexpr std::size_t check_length = 6;
    const std::vector<std::uint8_t> data = groups_of_five(bytes);
    std::vector<std::uint8_t> checked;
    for (const char c : prefix) {
        checked.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) >> 5U));
    }
    checked.push_back(0);
    for (const char c : prefix) {
        checked.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) & 31U));
    }
    checked.insert(checked.end(), data.begin(), data.end());
    checked.insert(checked.end(), check_length, 0);
    const std::uint32_t check = bech32_check(checked) ^ 1U;
    std::string text(prefix);
    text += '1';
    for (const std::uint8_t group : data) {
        text += letters[group];
    }
    for (std::size_t i = 0; i < check_length; ++i) {
        text += letters[(check >> (5 * (check_length - 1 - i))) & 31U];
    }
    return text;
}

}  // namespace patchbay::proofs
