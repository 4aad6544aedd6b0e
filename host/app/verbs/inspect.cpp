// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/plan_output.hpp"
#include "app/problem_output.hpp"
#include "app/unknown_id.hpp"
#include "app/verbs/verbs.hpp"
#include "plugins/examination.hpp"
#include "plugins/package_search.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct InspectOptions {
    std::string what;
    std::string config;
    bool json = false;
};

std::string list_of(const std::vector<config::Reference>& references) {
    std::string text;
    for (const config::Reference& reference : references) {
        text += (text.empty() ? "" : ", ") + reference.id;
    }
    return text;
}

/// The folder of a plugin when `what` is a path: the folder itself, or a file in it.
std::optional<std::string> folder_of(const std::string& what) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::canonical(what, error);
    if (error) {
        return std::nullopt;
    }
    return std::filesystem::is_directory(path, error) ? path.string() : path.parent_path().string();
}

ordered_json manifest_json(const plugins::FoundPlugin& plugin) {
    ordered_json json = to_json(plugin);
    json["needed_libraries"] = plugin.needed;
    if (!plugin.manifest) {
        return json;
    }
    const config::ConnectionManifest& manifest = *plugin.manifest;
    const auto ids = [](const std::vector<config::Reference>& references) {
        ordered_json array = ordered_json::array();
        for (const config::Reference& reference : references) {
            array.push_back(reference.id);
        }
        return array;
    };
    json["connection_yaml"] = manifest.path;
    json["license"] = manifest.license;
    json["aea_version"] = manifest.aea_version;
    json["config"] = shown_config(config::to_json(manifest.config));
    json["connections"] = ids(manifest.connections);
    json["protocols"] = ids(manifest.protocols);
    json["restricted_to_protocols"] = ids(manifest.restricted_to_protocols);
    json["excluded_protocols"] = ids(manifest.excluded_protocols);
    json["dependencies"] = ordered_json::object();
    for (const config::PackageDependency& dependency : manifest.dependencies) {
        ordered_json entry = ordered_json::object();
        if (dependency.version) {
            entry["version"] = *dependency.version;
        }
        if (dependency.library) {
            entry["library"] = *dependency.library;
        }
        if (dependency.pkg_config) {
            entry["pkg_config"] = *dependency.pkg_config;
        }
        entry["checked"] = dependency.library || dependency.pkg_config;
        json["dependencies"][dependency.name] = std::move(entry);
    }
    json["fingerprint"] = ordered_json::object();
    for (const config::Fingerprint& fingerprint : manifest.fingerprint) {
        json["fingerprint"][fingerprint.path] = fingerprint.hash;
    }
    return json;
}

std::string manifest_text(const plugins::FoundPlugin& plugin) {
    std::string text;
    const auto line = [&text](const std::string& name, const std::string& value) {
        constexpr std::size_t width = 18;
        if (!value.empty()) {
            text += name + ':';
            text.append(name.size() + 1 < width ? width - name.size() - 1 : 1, ' ');
            text += value + '\n';
        }
    };
    line("plugin", plugin.label());
    line("folder", plugin.folder);
    line("library", plugin.library);
    if (plugin.note) {
        line("ABI", plugin.note->abi);
    }
    if (plugin.manifest) {
        const config::ConnectionManifest& manifest = *plugin.manifest;
        line("description", manifest.description);
        line("class", manifest.class_name + (manifest.is_abstract ? " (abstract)" : ""));
        line("license", manifest.license);
        line("aea_version", manifest.aea_version);
        line("connections", list_of(manifest.connections));
        line("protocols", list_of(manifest.protocols));
        line("restricted to", list_of(manifest.restricted_to_protocols));
        line("excluded", list_of(manifest.excluded_protocols));
        for (const config::PackageDependency& dependency : manifest.dependencies) {
            std::string value = dependency.name;
            if (dependency.library) {
                value += " (library " + *dependency.library + ')';
            } else if (dependency.pkg_config) {
                value += " (pkg-config " + *dependency.pkg_config + ')';
            } else {
                value += " (Python package; not needed here)";
            }
            line("dependency", value);
        }
        line("config", shown_config(config::to_json(manifest.config)).dump());
    }
    std::string needed;
    for (const std::string& library : plugin.needed) {
        needed += (needed.empty() ? "" : ", ") + library;
    }
    line("links", needed);
    line("loadable", plugin.loadable() ? "yes" : "no");
    return text;
}

int show(const plugins::FoundPlugin& plugin, const plugins::InstancePlan* instance,
         const InspectOptions& options, Invocation& invocation) {
    if (options.json) {
        ordered_json json = manifest_json(plugin);
        if (instance != nullptr) {
            json["instance"] = to_json(*instance);
        }
        invocation.out << json.dump(2) << '\n';
    } else {
        invocation.out << manifest_text(plugin);
        if (instance != nullptr) {
            invocation.out << "instance:         " << instance->name << " ("
                           << to_string(instance->state)
                           << ")\nruns with:        " << shown_config(instance->config_json).dump()
                           << '\n';
        }
        print_problems(invocation.err, "error", plugin.errors);
        print_problems(invocation.err, "warning", plugin.warnings);
    }
    return plugin.loadable() ? exit_ok : exit_configuration;
}

int inspect(const InspectOptions& options, Invocation& invocation) {
    if (const std::optional<std::string> folder = folder_of(options.what)) {
        const plugins::FoundPlugin plugin = plugins::examine_plugin(
            *folder, plugins::PackageSearch::of_this_machine(), config::FingerprintPolicy::warn);
        return show(plugin, nullptr, options, invocation);
    }
    HostView view;
    if (options.config.empty()) {
        view = view_without_configuration();
    } else {
        config::Checked<HostView> loaded = load_host_view(options.config);
        if (!loaded) {
            print_problems(invocation.err, "error", loaded.error());
            return exit_configuration;
        }
        view = std::move(*loaded);
    }
    const plugins::InstancePlan* instance = view.plan.find(options.what);
    const plugins::FoundPlugin* plugin =
        view.catalogue.find(instance != nullptr ? instance->class_id : options.what);
    if (plugin == nullptr) {
        print_problem(invocation.err, "error", unknown_id(view, options.what));
        return exit_failed;
    }
    return show(*plugin, instance, options, invocation);
}

}  // namespace

void add_inspect(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "inspect", "Everything about one plugin or instance that is known without running it");
    const auto options = std::make_shared<InspectOptions>();
    verb.add_option("what", options->what,
                    "Instance name, public id, plugin folder, or a file in one")
        .required();
    verb.add_option("-c,--config", options->config, "Host configuration")
        .environment("PATCHBAY_CONFIG");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return inspect(*options, invocation); };
    });
}

}  // namespace patchbay::app
