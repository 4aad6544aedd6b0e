// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an instance really runs with: its class's connection.yaml, completed by the abstract
/// connections that it lists and changed by the overrides of the host configuration, by upstream's
/// rules (reference: docs/overrides.md of open-aea).
#pragma once

#include "config/connection_manifest.hpp"
#include "config/host_configuration.hpp"
#include "config/problems.hpp"

#include <string>
#include <vector>

namespace patchbay::config {

/// The manifest with the instance's overrides applied. A key of `config` must exist in the class's
/// own `config` and keep its type; null is always accepted; what the class leaves null takes
/// anything, and so does what it leaves as an empty map. Maps are merged, lists replaced.
/// `abstract_configs` are the `config` maps of the abstract connections that the class lists, in
/// that order; the class wins, then the first of them. Codes: `override.unknown_key`,
/// `override.wrong_type`, and those of the manifest reader.
[[nodiscard]] Checked<ConnectionManifest> merge_instance_config(
    const ConnectionManifest& manifest, const InstanceOverrides& overrides,
    const std::vector<const Value*>& abstract_configs = {});

/// `value`, plus every member of `defaults` that it does not have; maps at every level.
[[nodiscard]] Value with_defaults(const Value& value, const Value& defaults);

}  // namespace patchbay::config
