// SPDX-License-Identifier: Apache-2.0
#include "app/verbs/verbs.hpp"

namespace patchbay::app {

void add_agent(Command root, Invocation& invocation) {
    Command group =
        root.add_subcommand("agent", "Attach to a server's agent gateway, as an agent does");
    add_agent_connect(group, invocation);
    add_agent_claim(group, invocation);
    add_agent_send(group, invocation);
    add_agent_listen(group, invocation);
}

}  // namespace patchbay::app
