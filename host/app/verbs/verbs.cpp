// SPDX-License-Identifier: Apache-2.0
#include "app/verbs/verbs.hpp"

namespace patchbay::app {

void add_verbs(Command root, Invocation& invocation) {
    add_run(root, invocation);
    add_check(root, invocation);
    add_list(root, invocation);
    add_inspect(root, invocation);
    add_explain(root, invocation);
    add_explain_route(root, invocation);
    add_graph(root, invocation);
    add_status(root, invocation);
    add_metrics(root, invocation);
    add_log_level(root, invocation);
    add_events(root, invocation);
    add_reload(root, invocation);
    add_apply(root, invocation);
    add_disable(root, invocation);
    add_enable(root, invocation);
    add_drain(root, invocation);
    add_stop(root, invocation);
    add_agents(root, invocation);
    add_identity(root, invocation);
    add_dead_letters(root, invocation);
    add_envelope(root, invocation);
    add_agent(root, invocation);
    add_keys(root, invocation);
    add_issue_certificates(root, invocation);
    add_verify_certificate(root, invocation);
    add_import(root, invocation);
    add_scaffold(root, invocation);
    add_dev(root, invocation);
    add_version(root, invocation);
    add_completion(root, invocation);
}

}  // namespace patchbay::app
