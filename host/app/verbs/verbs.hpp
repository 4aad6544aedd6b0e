// SPDX-License-Identifier: Apache-2.0
/// \file
/// The verbs of the command line; each is a file of its own beside this one. A verb adds itself to
/// the tree with its options, and its callback leaves an action in the invocation.
#pragma once

#include "app/invocation.hpp"

#include <CLI/CLI.hpp>

namespace patchbay::app {

void add_agent(CLI::App& root, Invocation& invocation);
void add_agent_claim(CLI::App& group, Invocation& invocation);
void add_agent_connect(CLI::App& group, Invocation& invocation);
void add_agent_listen(CLI::App& group, Invocation& invocation);
void add_agent_send(CLI::App& group, Invocation& invocation);
void add_check(CLI::App& root, Invocation& invocation);
void add_completion(CLI::App& root, Invocation& invocation);
void add_dead_letters(CLI::App& root, Invocation& invocation);
void add_dead_letters_list(CLI::App& group, Invocation& invocation);
void add_dead_letters_replay(CLI::App& group, Invocation& invocation);
void add_dead_letters_show(CLI::App& group, Invocation& invocation);
void add_envelope(CLI::App& root, Invocation& invocation);
void add_envelope_decode(CLI::App& group, Invocation& invocation);
void add_envelope_encode(CLI::App& group, Invocation& invocation);
void add_events(CLI::App& root, Invocation& invocation);
void add_explain(CLI::App& root, Invocation& invocation);
void add_explain_route(CLI::App& root, Invocation& invocation);
void add_graph(CLI::App& root, Invocation& invocation);
void add_import(CLI::App& root, Invocation& invocation);
void add_inspect(CLI::App& root, Invocation& invocation);
void add_issue_certificates(CLI::App& root, Invocation& invocation);
void add_keys(CLI::App& root, Invocation& invocation);
void add_keys_generate(CLI::App& group, Invocation& invocation);
void add_keys_list(CLI::App& group, Invocation& invocation);
void add_keys_show(CLI::App& group, Invocation& invocation);
void add_list(CLI::App& root, Invocation& invocation);
void add_log_level(CLI::App& root, Invocation& invocation);
void add_metrics(CLI::App& root, Invocation& invocation);
void add_run(CLI::App& root, Invocation& invocation);
void add_status(CLI::App& root, Invocation& invocation);
void add_stop(CLI::App& root, Invocation& invocation);
void add_scaffold(CLI::App& root, Invocation& invocation);
void add_verify_certificate(CLI::App& root, Invocation& invocation);
void add_version(CLI::App& root, Invocation& invocation);

/// All of them, in the order of the help.
void add_verbs(CLI::App& root, Invocation& invocation);

}  // namespace patchbay::app
