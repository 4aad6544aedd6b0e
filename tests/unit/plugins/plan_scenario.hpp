// SPDX-License-Identifier: Apache-2.0
/// \file
/// Catalogues and configurations written down in a test, and plans as text to compare with.
#pragma once

#include "config/host_configuration_reader.hpp"
#include "config/manifest_reader.hpp"
#include "plugin_folders.hpp"
#include "plugins/catalogue.hpp"
#include "plugins/plan.hpp"
#include "plugins/resolver.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace patchbay::plugins::test {

/// A catalogue with one searched folder, /plugins, in which each manifest is a plugin.
inline Catalogue catalogue_of(const std::vector<ManifestText>& manifests, bool autostart = false) {
    Catalogue catalogue;
    catalogue.folders.push_back({.path = "/plugins", .autostart = autostart});
    for (const ManifestText& text : manifests) {
        FoundPlugin plugin;
        plugin.folder = "/plugins/" + text.name;
        plugin.autostart = autostart;
        const std::string file = plugin.folder + "/connection.yaml";
        auto manifest = config::parse_manifest(text.text(), file);
        if (!manifest) {
            throw std::runtime_error(to_string(manifest.error().front()));
        }
        manifest->path = file;
        plugin.manifest = std::make_shared<const config::ConnectionManifest>(std::move(*manifest));
        if (!text.is_abstract) {
            plugin.library = plugin.folder + "/lib" + text.name + ".so";
        }
        catalogue.plugins.push_back(std::move(plugin));
    }
    catalogue.folders[0].plugins = catalogue.plugins.size();
    return catalogue;
}

inline config::HostConfiguration host_of(const std::string& yaml) {
    auto host = config::parse_host_configuration(yaml, "host.yaml", "/srv", {});
    if (!host) {
        throw std::runtime_error(to_string(host.error().front()));
    }
    return std::move(*host);
}

/// Names in starting order, then what was left out and why, problems and warnings.
inline std::string show(const Plan& plan) {
    std::string text = "start:";
    for (const InstancePlan& instance : plan.instances) {
        text += ' ' + instance.name;
    }
    text += '\n';
    for (const InstancePlan& instance : plan.left_out) {
        text += (instance.state == PlanState::disabled ? "disabled: " : "failed: ") +
                instance.name + '\n';
        for (const Error& error : instance.errors) {
            text += "  " + to_string(error) + '\n';
        }
    }
    for (const Error& error : plan.problems) {
        text += "problem: " + to_string(error) + '\n';
    }
    for (const Error& error : plan.warnings) {
        text += "warning: " + to_string(error) + '\n';
    }
    return text;
}

}  // namespace patchbay::plugins::test
