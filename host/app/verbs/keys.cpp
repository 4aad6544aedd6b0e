// SPDX-License-Identifier: Apache-2.0
#include "app/verbs/verbs.hpp"

namespace patchbay::app {

void add_keys(CLI::App& root, Invocation& invocation) {
    CLI::App* group =
        root.add_subcommand("keys", "Keys for proofs of representation (`cert_requests`)");
    add_keys_generate(*group, invocation);
    add_keys_list(*group, invocation);
    add_keys_show(*group, invocation);
}

}  // namespace patchbay::app
