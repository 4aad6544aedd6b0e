// SPDX-License-Identifier: Apache-2.0
/// \file
/// The texts in which ledgers write bytes: hexadecimal, base64 and bech32 (BIP 173).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::proofs {

using Bytes = std::string;

/// Lower case.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Digits of either case, nothing else; nothing when there are others or an odd number.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// With padding, without line breaks.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Only the one spelling that `to_base64` writes.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// The bytes in groups of five bits after `prefix` and "1", with the check sum.
[[nodiscard]] std::string to_bech32(std::string_view prefix, std::string_view bytes);

}  // namespace patchbay::proofs
