// SPDX-License-Identifier: Apache-2.0
#include "app/verbs/verbs.hpp"

namespace patchbay::app {

void add_dead_letters(Command root, Invocation& invocation) {
    Command group = root.add_subcommand(
        "dead-letters", "Envelopes that could not be delivered: list, show, replay");
    add_dead_letters_list(group, invocation);
    add_dead_letters_show(group, invocation);
    add_dead_letters_replay(group, invocation);
}

}  // namespace patchbay::app
