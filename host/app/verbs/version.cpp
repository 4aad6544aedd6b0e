// SPDX-License-Identifier: Apache-2.0
#include "app/build_info.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"
#include "plugins/discovery.hpp"

#include <patchbay/abi.h>

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

std::string abi_version(unsigned packed) {
    return std::to_string(packed >> 16U) + '.' + std::to_string(packed & 0xFFFFU);
}

int print_version(bool json, std::ostream& out) {
    const plugins::DiscoveryOptions folders = plugins::discovery_options({});
    const std::string lowest = abi_version(PATCHBAY_ABI_MAJOR << 16U);
    const std::string highest = abi_version(PATCHBAY_ABI_VERSION);
    if (!json) {
        out << "patchbay " << version() << "\nplugin ABI " << lowest;
        if (highest != lowest) {
            out << " to " << highest;
        }
        out << "\ninstalled plugins "
            << (folders.installed_folder.empty() ? "(none: the program is not installed)"
                                                 : folders.installed_folder)
            << '\n';
        if (!folders.plugin_path.empty()) {
            out << "PATCHBAY_PLUGIN_PATH " << folders.plugin_path << '\n';
        }
        return exit_ok;
    }
    const nlohmann::ordered_json document = {
        {"version", version()},
        {"abi", {{"minimum", lowest}, {"maximum", highest}}},
        {"plugin_folders",
         {{"installed", folders.installed_folder}, {"environment", folders.plugin_path}}},
        {"compiler", compiler()},
    };
    out << document.dump(2) << '\n';
    return exit_ok;
}

}  // namespace

void add_version(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "version", "Versions of the host and of the plugin ABI, plugin folders");
    const auto json = std::make_shared<bool>(false);
    verb.add_flag("--json", *json, "Print JSON");
    verb.callback([&invocation, json] {
        invocation.action = [&invocation, json] { return print_version(*json, invocation.out); };
    });
}

}  // namespace patchbay::app
