// SPDX-License-Identifier: Apache-2.0
/// \file
/// The verbs of the command line; each is a file of its own beside this one. A verb adds itself to
/// the tree with its options, and its callback leaves an action in the invocation.
#pragma once

#include "app/command.hpp"
#include "app/invocation.hpp"

namespace patchbay::app {

void add_agent(Command root, Invocation& invocation);
void add_agent_claim(Command group, Invocation& invocation);
void add_agent_connect(Command group, Invocation& invocation);
void add_agent_listen(Command group, Invocation& invocation);
void add_agent_send(Command group, Invocation& invocation);
void add_agents(Command root, Invocation& invocation);
void add_check(Command root, Invocation& invocation);
void add_completion(Command root, Invocation& invocation);
void add_dead_letters(Command root, Invocation& invocation);
void add_dead_letters_list(Command group, Invocation& invocation);
void add_dead_letters_replay(Command group, Invocation& invocation);
void add_dead_letters_show(Command group, Invocation& invocation);
void add_dev(Command root, Invocation& invocation);
void add_disable(Command root, Invocation& invocation);
void add_drain(Command root, Invocation& invocation);
void add_enable(Command root, Invocation& invocation);
void add_envelope(Command root, Invocation& invocation);
void add_envelope_decode(Command group, Invocation& invocation);
void add_envelope_encode(Command group, Invocation& invocation);
void add_events(Command root, Invocation& invocation);
void add_explain(Command root, Invocation& invocation);
void add_explain_route(Command root, Invocation& invocation);
void add_graph(Command root, Invocation& invocation);
void add_identity(Command root, Invocation& invocation);
void add_import(Command root, Invocation& invocation);
void add_inspect(Command root, Invocation& invocation);
void add_issue_certificates(Command root, Invocation& invocation);
void add_keys(Command root, Invocation& invocation);
void add_keys_generate(Command group, Invocation& invocation);
void add_keys_list(Command group, Invocation& invocation);
void add_keys_show(Command group, Invocation& invocation);
void add_list(Command root, Invocation& invocation);
void add_log_level(Command root, Invocation& invocation);
void add_metrics(Command root, Invocation& invocation);
void add_run(Command root, Invocation& invocation);
void add_scaffold(Command root, Invocation& invocation);
void add_status(Command root, Invocation& invocation);
void add_apply(Command root, Invocation& invocation);
void add_reload(Command root, Invocation& invocation);
void add_stop(Command root, Invocation& invocation);
void add_verify_certificate(Command root, Invocation& invocation);
void add_version(Command root, Invocation& invocation);

/// All of them, in the order of the help.
void add_verbs(Command root, Invocation& invocation);

}  // namespace patchbay::app
