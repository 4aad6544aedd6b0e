// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an agent tells of itself when it registers, and others read in lists. It must be a JSON
/// object that every reader can take, because one agent's broken metadata must not spoil the list
/// for all.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace patchbay::identity {

inline constexpr std::size_t max_metadata_bytes = 64U << 10U;
inline constexpr int max_metadata_depth = 32;

/// The object without white space, without duplicate members, and without `certificate`,
/// `force_reconnect` and `proof`: clients put their credentials there, and lists would publish
/// them. Empty text is {}. Code: `identity.bad_metadata` (class invalid).
[[nodiscard]] Result<std::string> clean_metadata(std::string_view json);

}  // namespace patchbay::identity
