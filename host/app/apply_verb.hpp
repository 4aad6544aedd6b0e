// SPDX-License-Identifier: Apache-2.0
/// \file
/// The control verb `apply`.
#pragma once

#include "control/registry.hpp"

namespace patchbay::app {

class HostProcess;

/// {"dry_run"?}. Answers, when all is over, what configuration_json.hpp describes, with "reloads"
/// as the verb `reload` has them.
void register_apply_verb(control::Registry& registry, HostProcess& host);

}  // namespace patchbay::app
