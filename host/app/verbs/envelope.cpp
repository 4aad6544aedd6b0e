// SPDX-License-Identifier: Apache-2.0
#include "app/verbs/verbs.hpp"

namespace patchbay::app {

void add_envelope(Command root, Invocation& invocation) {
    Command group = root.add_subcommand("envelope", "Write and read envelopes");
    add_envelope_encode(group, invocation);
    add_envelope_decode(group, invocation);
}

}  // namespace patchbay::app
