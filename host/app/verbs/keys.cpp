// SPDX-License-Identifier: Apache-2.0
#include "app/verbs/verbs.hpp"

namespace patchbay::app {

void add_keys(Command root, Invocation& invocation) {
    Command group =
        root.add_subcommand("keys", "Keys for proofs of representation (`cert_requests`)");
    add_keys_generate(group, invocation);
    add_keys_list(group, invocation);
    add_keys_show(group, invocation);
}

}  // namespace patchbay::app
