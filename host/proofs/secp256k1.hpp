// SPDX-License-Identifier: Apache-2.0
/// \file
/// ECDSA on secp256k1 as ledgers use it: deterministic (RFC 6979 with SHA-256), the lower of both
/// values of s, and public keys that are recovered from signatures. The arithmetic is OpenSSL's.
#pragma once

#include <patchbay/result.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::proofs::secp256k1 {

inline constexpr std::size_t scalar_size = 32;

struct Signature {
    /// r and s, 32 bytes each, big-endian.
    std::string compact;
    /// Of the point that r is the x coordinate of; needed to recover the public key.
    bool y_is_odd = false;
};

/// 1 to the order of the curve - 1, big-endian.
[[nodiscard]] bool is_private_key(std::string_view scalar);

/// Compressed, 33 bytes. The scalar is a private key; fails with `proof.crypto` when OpenSSL does.
[[nodiscard]] Result<std::string> public_key(std::string_view scalar);

/// 64 bytes, x and y, of a compressed key; nothing when that is no point of the curve.
[[nodiscard]] std::optional<std::string> uncompressed(std::string_view compressed);

/// `digest` has 32 bytes. `proof.crypto` when OpenSSL fails.
[[nodiscard]] Result<Signature> sign(std::string_view scalar, std::string_view digest);

/// The compressed public key that made the signature; nothing when no key can have made it. Takes
/// both values of s.
[[nodiscard]] std::optional<std::string> recover(std::string_view digest,
                                                 const Signature& signature);

}  // namespace patchbay::proofs::secp256k1
