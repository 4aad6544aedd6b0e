// SPDX-License-Identifier: Apache-2.0
/// \file
/// A host configuration with abstract plugins, which need no library, in a temporary folder.
#pragma once

#include "unit/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace patchbay::app {

class ExampleHost {
  public:
    ExampleHost() {
        add_plugin("base", "");
        add_plugin("user", "connections: [acme/base:0.1.0]\n");
        configure(
            "plugin_folders: [{path: plugins}]\n"
            "connections:\n"
            "  - {class: acme/user:0.1.0, config: {password: hunter2hunter2}}\n"
            "  - {class: acme/base:0.1.0}\n");
    }

    void add_plugin(const std::string& name, const std::string& more) {
        const std::string plugin = folder.file("plugins/" + name);
        std::filesystem::create_directories(plugin);
        for (const std::string& path : {folder.file("plugins"), plugin}) {
            std::filesystem::permissions(path, std::filesystem::perms(0755));
        }
        std::ofstream(plugin + "/connection.yaml")
            << "name: " << name
            << "\nauthor: acme\nversion: 0.1.0\ntype: connection\ndescription: For a test.\n"
               "license: Apache-2.0\naea_version: '>=1.0.0'\nfingerprint: {}\n"
               "fingerprint_ignore_patterns: []\nprotocols: []\nclass_name: Example\n"
               "is_abstract: true\nconfig: {password: null, port: 8000}\n"
               "excluded_protocols: []\nrestricted_to_protocols: []\ndependencies: {}\n"
            << (more.find("connections:") == std::string::npos ? "connections: []\n" : "") << more;
    }
    void configure(const std::string& text) { std::ofstream(config()) << text; }

    [[nodiscard]] std::string config() const { return folder.file("host.yaml"); }

    TemporaryFolder folder;
};

}  // namespace patchbay::app
