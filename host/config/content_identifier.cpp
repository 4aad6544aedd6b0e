// SPDX-License-Identifier: Apache-2.0
#include "config/content_identifier.hpp"

#include <openssl/sha.h>

#include <vector>

namespace patchbay::config {
namespace {

constexpr std::size_t chunk_size = 262'144;

// Fields of the protobuf messages PBNode, PBLink (dag-pb) and Data (UnixFS), with their wire types.
constexpr std::uint8_t node_data = 0x0A;
constexpr std::uint8_t node_link = 0x12;
constexpr std::uint8_t link_hash = 0x0A;
constexpr std::uint8_t link_name = 0x12;
constexpr std::uint8_t link_size = 0x18;
constexpr std::uint8_t unixfs_type = 0x08;
constexpr std::uint8_t unixfs_data = 0x12;
constexpr std::uint8_t unixfs_file_size = 0x18;
constexpr std::uint8_t unixfs_block_size = 0x20;
constexpr std::uint8_t type_file = 2;

constexpr std::uint8_t multihash_sha256 = 0x12;
constexpr std::uint8_t multihash_length = 32;

void put_number(std::string& out, std::uint8_t tag, std::uint64_t number) {
    out += static_cast<char>(tag);
    while (number >= 0x80) {
        out += static_cast<char>(number | 0x80U);
        number >>= 7U;
    }
    out += static_cast<char>(number);
}

void put_bytes(std::string& out, std::uint8_t tag, std::string_view bytes) {
    put_number(out, tag, bytes.size());
    out += bytes;
}

ContentDigest sha256(std::string_view bytes) {
    ContentDigest digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return digest;
}

std::string multihash(const ContentDigest& digest) {
    std::string bytes{static_cast<char>(multihash_sha256), static_cast<char>(multihash_length)};
    bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    return bytes;
}

std::string leaf(std::string_view chunk) {
    std::string data;
    put_number(data, unixfs_type, type_file);
    if (!chunk.empty()) {
        put_bytes(data, unixfs_data, chunk);
    }
    put_number(data, unixfs_file_size, chunk.size());
    std::string node;
    put_bytes(node, node_data, data);
    return node;
}

std::string base32(std::string_view bytes) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
    std::string text;
    unsigned buffer = 0;
    unsigned bits = 0;
    for (const char byte : bytes) {
        buffer = (buffer << 8U) | static_cast<unsigned char>(byte);
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            text += letters[(buffer >> bits) & 31U];
        }
        buffer &= (1U << bits) - 1U;
    }
    if (bits > 0) {
        text += letters[(buffer << (5 - bits)) & 31U];
    }
    return text;
}

std::string base58(std::string_view bytes) {
    constexpr std::string_view letters =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::vector<unsigned> digits;  // least significant first
    for (const char byte : bytes) {
        unsigned carry = static_cast<unsigned char>(byte);
        for (unsigned& digit : digits) {
            carry += digit * 256U;
            digit = carry % 58U;
            carry /= 58U;
        }
        for (; carry > 0; carry /= 58U) {
            digits.push_back(carry % 58U);
        }
    }
    std::string text;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        text += letters[*digit];
    }
    return text;
}

}  // namespace

ContentDigest content_digest(std::string_view content) {
    if (content.size() <= chunk_size) {
        return sha256(leaf(content));
    }
    std::string root;
    std::string data;
    put_number(data, unixfs_type, type_file);
    put_number(data, unixfs_file_size, content.size());
    while (!content.empty()) {
        const std::string_view chunk = content.substr(0, chunk_size);
        content.remove_prefix(chunk.size());
        const std::string node = leaf(chunk);
        std::string link;
        put_bytes(link, link_hash, multihash(sha256(node)));
        put_bytes(link, link_name, "");
        put_number(link, link_size, node.size());
        put_bytes(root, node_link, link);
        put_number(data, unixfs_block_size, chunk.size());
    }
    put_bytes(root, node_data, data);
    return sha256(root);
}

std::string cid_v1(const ContentDigest& digest) {
    constexpr char version = 1;
    constexpr char dag_pb = 0x70;
    return 'b' + base32(std::string{version, dag_pb} + multihash(digest));
}

std::string cid_v0(const ContentDigest& digest) {
    return base58(multihash(digest));
}

bool names_content(std::string_view hash, const ContentDigest& digest) {
    return hash == cid_v1(digest) || hash == cid_v0(digest);
}

}  // namespace patchbay::config
