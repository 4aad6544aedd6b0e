// SPDX-License-Identifier: Apache-2.0
#include "app/build_info.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <patchbay/abi.h>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

std::string abi_version(unsigned packed) {
    return std::to_string(packed >> 16U) + '.' + std::to_string(packed & 0xFFFFU);
}

int print_version(bool json, std::ostream& out) {
    const char* const path = std::getenv("PATCHBAY_PLUGIN_PATH");
    const std::string lowest = abi_version(PATCHBAY_ABI_MAJOR << 16U);
    const std::string highest = abi_version(PATCHBAY_ABI_VERSION);
    if (!json) {
        out << "patchbay " << version() << "\nplugin ABI " << lowest;
        if (highest != lowest) {
            out << " to " << highest;
        }
        out << "\nplugin folder " << installed_plugin_folder() << '\n';
        if (path != nullptr) {
            out << "PATCHBAY_PLUGIN_PATH " << path << '\n';
        }
        return exit_ok;
    }
    nlohmann::ordered_json document = {
        {"version", version()},
        {"abi", {{"minimum", lowest}, {"maximum", highest}}},
        {"plugin_folders", {{"installed", installed_plugin_folder()}}},
        {"compiler", compiler()},
    };
    if (path != nullptr) {
        document["plugin_folders"]["environment"] = path;
    }
    out << document.dump(2) << '\n';
    return exit_ok;
}

}  // namespace

void add_version(CLI::App& root, Invocation& invocation) {
    CLI::App* verb = root.add_subcommand(
        "version", "Versions of the host and of the plugin ABI, plugin folders");
    const auto json = std::make_shared<bool>(false);
    verb->add_flag("--json", *json, "Print JSON");
    verb->callback([&invocation, json] {
        invocation.action = [&invocation, json] { return print_version(*json, invocation.out); };
    });
}

}  // namespace patchbay::app
