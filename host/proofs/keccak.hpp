// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keccak-256 with the original padding (not SHA3-256), by Botan; absent from builds without it.
#pragma once

#include <patchbay/result.hpp>

#include <string>
#include <string_view>

namespace patchbay::proofs {

[[nodiscard]] bool has_keccak();

/// 32 bytes. `proof.no_keccak` where `has_keccak` is false.
[[nodiscard]] Result<std::string> keccak_256(std::string_view bytes);

}  // namespace patchbay::proofs
