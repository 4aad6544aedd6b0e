// SPDX-License-Identifier: Apache-2.0
/// \file
/// The content identifier that Open AEA and IPFS give to a file: SHA-256 over a UnixFS node, cut
/// into chunks of 262,144 bytes, all links in one node, not wrapped in a folder. Written as CIDv1
/// in base32 ("bafybei...") or as CIDv0 in base58 ("Qm..."). Source:
/// https://github.com/ipfs/specs/blob/main/UNIXFS.md, and upstream's IPFSHashOnly.
#pragma once

#include <patchbay/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::config {

/// SHA-256 of the root node of a file's content.
using ContentDigest = std::array<std::uint8_t, 32>;

[[nodiscard]] ContentDigest content_digest(std::string_view content);

/// "bafybei..." and "Qm...".
[[nodiscard]] std::string cid_v1(const ContentDigest& digest);
[[nodiscard]] std::string cid_v0(const ContentDigest& digest);

/// Does `hash`, in either form, name this content?
[[nodiscard]] bool names_content(std::string_view hash, const ContentDigest& digest);

}  // namespace patchbay::config
