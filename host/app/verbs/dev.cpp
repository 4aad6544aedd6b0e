// SPDX-License-Identifier: Apache-2.0
#include "app/dev_session.hpp"
#include "app/verbs/verbs.hpp"

#include <memory>

namespace patchbay::app {

void add_dev(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "dev", "Build a plugin whenever a source is saved, and reload it in a running host");
    const auto options = std::make_shared<DevOptions>();
    verb.add_option("DIR", options->folder, "Folder of the sources").required();
    verb.add_option("--build", options->build,
                    "Command that builds, for the shell (default: meson compile -C DIR/build)");
    add_control_target(verb, options->target);
    verb.footer("Without --config and --socket, DIR/host.yaml names the host.");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return run_dev(*options, invocation); };
    });
}

}  // namespace patchbay::app
