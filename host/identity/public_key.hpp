// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ed25519 keys that are bound to claims, through OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace patchbay::identity {

inline constexpr std::size_t public_key_size = 32;
inline constexpr std::size_t ed25519_signature_size = 64;

using PublicKey = std::array<unsigned char, public_key_size>;

/// Nothing unless `bytes` has 32 of them.
[[nodiscard]] std::optional<PublicKey> public_key_from(std::string_view bytes) noexcept;

/// True when `signature`, 64 bytes, was made over `message` by the owner of `key`.
[[nodiscard]] bool verify_ed25519(const PublicKey& key, std::string_view message,
                                  std::string_view signature) noexcept;

}  // namespace patchbay::identity
