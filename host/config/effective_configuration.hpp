// SPDX-License-Identifier: Apache-2.0
/// \file
/// A host configuration as a tree again, every default written out: for `check --json`, for people
/// who want to know what really holds, and for the test that keeps the schema's defaults honest.
#pragma once

#include "config/host_configuration.hpp"
#include "config/value.hpp"

namespace patchbay::config {

/// In the form of the file. Secrets are shown as "***". What has no value is null.
[[nodiscard]] Value effective_configuration(const HostConfiguration& host);

}  // namespace patchbay::config
