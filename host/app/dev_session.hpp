// SPDX-License-Identifier: Apache-2.0
/// \file
/// A developer's round: save, build, reload in the running host, again and again.
#pragma once

#include "app/control_target.hpp"
#include "app/invocation.hpp"

#include <string>

namespace patchbay::app {

struct DevOptions {
    /// Of the host that runs the plugin. When it names none, host.yaml in the folder does.
    ControlTarget target;
    /// Of the sources.
    std::string folder;
    /// For the shell; empty: `meson compile -C FOLDER/build`.
    std::string build;
};

/// Builds at once and after every save, and has the host reload what a build that succeeded has
/// changed. A build that fails leaves the host untouched. Blocks until SIGINT, SIGTERM or SIGHUP;
/// the process's exit code. Fails when no host runs at the start; one that ends later may come
/// back.
int run_dev(DevOptions options, Invocation& invocation);

}  // namespace patchbay::app
