// SPDX-License-Identifier: Apache-2.0
/// \file
/// The dead letters of a host for the command line: read from its data folder, whether it runs or
/// not.
#pragma once

#include "storage/dead_letter_archive.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace patchbay::app {

/// Nothing in the result when the host never had a dead letter. Codes: those of the configuration
/// reader as `config.invalid`, and of the archive.
[[nodiscard]] Result<std::optional<storage::DeadLetterArchive>> open_dead_letters(
    const std::string& config);

/// Everything but payload.
[[nodiscard]] nlohmann::ordered_json summary_json(const storage::StoredDeadLetter& stored);

}  // namespace patchbay::app
