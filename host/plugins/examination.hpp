// SPDX-License-Identifier: Apache-2.0
/// \file
/// Looks at one folder that should be a plugin: its connection.yaml, its library, and whether the
/// two may be used together. Whatever is wrong becomes part of the result; nothing is executed.
#pragma once

#include "config/host_configuration.hpp"
#include "plugins/catalogue.hpp"

#include <string>

namespace patchbay::plugins {

class PackageSearch;

/// `folder` is absolute and holds a connection.yaml. Fills in everything of the result but what
/// concerns the searched folder. Error codes: those of the manifest reader, of `safety_problem`, of
/// `preflight`, of `PackageSearch::problem`, of `config::check_fingerprint` (warnings unless the
/// policy is `required`), `fingerprint.missing`, and `plugin.library_missing`.
[[nodiscard]] FoundPlugin examine_plugin(const std::string& folder, const PackageSearch& packages,
                                         config::FingerprintPolicy fingerprint);

}  // namespace patchbay::plugins
