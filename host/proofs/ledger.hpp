// SPDX-License-Identifier: Apache-2.0
/// \file
/// The ledgers whose keys the host can use, by upstream's ids. They differ in the curve and in how
/// keys, addresses and signatures are written:
///
/// | id         | curve     | signed is                | signature          | address | |
/// ---------- | --------- | ------------------------ | ------------------ | ----------------------
/// | | `cosmos`   | secp256k1 | SHA-256                  | base64, 64 bytes   | bech32 after
/// `cosmos`  | | `fetchai`  | secp256k1 | SHA-256                  | base64, 64 bytes   | bech32
/// after `fetch`   | | `ethereum` | secp256k1 | Keccak-256 after EIP-191 | 0x and hex, 65     | 0x
/// and hex, EIP-55     | | `ed25519`  | Ed25519   | the message              | base64, 64 bytes   |
/// the public key in hex  |
///
/// `ed25519` is ours; the others are upstream's. `ethereum` needs Keccak-256, which OpenSSL 3.0 has
/// not: it is there when the host was built with Botan.
#pragma once

#include <patchbay/result.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace patchbay::proofs {

enum class Ledger : std::uint8_t { cosmos, fetchai, ethereum, ed25519 };

inline constexpr std::array all_ledgers = {Ledger::cosmos, Ledger::fetchai, Ledger::ethereum,
                                           Ledger::ed25519};

[[nodiscard]] std::string_view to_string(Ledger ledger);

/// This build can make and check signatures of that ledger.
[[nodiscard]] bool is_available(Ledger ledger);

/// By id. Codes: `proof.unknown_ledger`, and `proof.no_keccak` for `ethereum` in a host that was
/// built without Botan.
[[nodiscard]] Result<Ledger> ledger_of(std::string_view id);

}  // namespace patchbay::proofs
