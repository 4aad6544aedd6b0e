// SPDX-License-Identifier: Apache-2.0
/// \file
/// The child's side of a probe: loads a library, negotiates, makes its objects, starts their lanes,
/// ends them and unloads, in a process where nothing is lost when that goes wrong.
///
/// The objects get what `create` gets in the host, but nothing that they could harm: an empty data
/// folder, no traffic, no stored values, no agents, no proofs. So a library or an object that
/// refuses says nothing here: it refuses in good order, and the host asks it again.
///
/// Report, one line each: `stage WORDS` before what the child does next; at the end `done`, or
/// `failed CODE TEXT` when code of the library runs on, or nothing could be tried.
#pragma once

namespace patchbay::plugins {

/// Takes the order from standard input and reports to `platform::child_report_descriptor`. The
/// answer is the exit code. Called in `main`, which ends the process with std::_Exit: what the
/// library leaves behind is not to run any more.
[[nodiscard]] int run_probe();

}  // namespace patchbay::plugins
