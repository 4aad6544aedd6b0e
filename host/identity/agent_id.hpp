// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which texts can be the id of an agent: UTF-8 of 1 to 256 bytes without control characters and
/// without characters that change the direction of writing (an id must not look like another one
/// because of them), not a public id (those name connections), and not one of the reserved ids.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <string_view>

namespace patchbay::identity {

inline constexpr std::size_t max_agent_id_bytes = 256;

/// Codes (class `invalid`): `identity.missing_agent_id` (empty; upstream's text "Missing
/// agent_id"), `identity.bad_agent_id`, `identity.reserved_agent_id`.
[[nodiscard]] Result<void> check_agent_id(std::string_view agent_id);

/// "system", "network", "admin", "root", "anonymous" and "patchbay", in any case of letters.
[[nodiscard]] bool is_reserved_agent_id(std::string_view agent_id) noexcept;

}  // namespace patchbay::identity
