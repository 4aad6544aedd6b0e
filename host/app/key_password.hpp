// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the password of encrypted keys comes from: a file, or the environment. Never an argument,
/// which everybody on the machine can read.
#pragma once

#include <patchbay/result.hpp>

#include <optional>
#include <string>

namespace patchbay::app {

inline constexpr const char* key_password_variable = "PATCHBAY_KEY_PASSWORD";

/// The first line of `file` (which only its owner may read), else the value of
/// PATCHBAY_KEY_PASSWORD, else nothing. `proof.empty_password` for an empty one.
[[nodiscard]] Result<std::optional<std::string>> key_password(const std::string& file);

}  // namespace patchbay::app
