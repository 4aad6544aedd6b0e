// SPDX-License-Identifier: Apache-2.0
/// \file
/// Turns the aea-config.yaml of an Open AEA agent into a host configuration. What a connection host
/// has no place for (skills, ledgers, loop modes) is left out and listed with the reason.
#pragma once

#include "config/problems.hpp"

#include <patchbay/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

struct LeftOut {
    /// "skills", "connection fetchai/stub:0.21.0: protocols", ...
    std::string what;
    std::string why;
    SourceLocation location{};
};

struct ImportedConfiguration {
    /// Text of a host configuration, placeholders kept.
    std::string yaml;
    std::vector<LeftOut> left_out;
};

/// Fails for what upstream would refuse too: bad YAML, several overrides of one component,
/// overrides of components that the agent does not list, public ids that are none.
[[nodiscard]] Checked<ImportedConfiguration> import_aea_text(std::string_view text,
                                                             const std::string& file);

[[nodiscard]] Checked<ImportedConfiguration> import_aea_config(const std::string& path);

}  // namespace patchbay::config
