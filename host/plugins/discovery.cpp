// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery.hpp"

#include "config/manifest_reader.hpp"
#include "plugins/examination.hpp"
#include "plugins/file_safety.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/runtime_symbol_info.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

namespace patchbay::plugins {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t child_limit = 4'096;

#if defined(_WIN32)
constexpr char path_separator = ';';
#else
constexpr char path_separator = ':';
#endif

class Search {
  public:
    explicit Search(const DiscoveryOptions& options) : options_(options) {}

    Catalogue run() {
        for (const config::PluginFolder& folder : options_.folders) {
            add_folder({.path = folder.path,
                        .origin = FolderOrigin::configuration,
                        .autostart = folder.autostart,
                        .watch = folder.watch,
                        .location = folder.location});
        }
        std::string_view rest = options_.plugin_path;
        while (!rest.empty()) {
            const std::size_t end = rest.find(path_separator);
            if (end != 0) {
                add_folder({.path = std::string(rest.substr(0, end)),
                            .origin = FolderOrigin::environment});
            }
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        }
        if (!options_.installed_folder.empty()) {
            add_folder({.path = options_.installed_folder, .origin = FolderOrigin::installed});
        }
        mark_duplicates();
        mark_links_between_plugins();
        return std::move(result_);
    }

  private:
    void add_folder(SearchedFolder folder) {
        std::error_code error;
        fs::path path = fs::absolute(folder.path, error).lexically_normal();
        if (const fs::path real = fs::canonical(path, error); !error) {
            path = real;
        }
        folder.path = path.string();
        const bool again =
            std::any_of(result_.folders.begin(), result_.folders.end(),
                        [&](const SearchedFolder& other) { return other.path == folder.path; });
        if (again) {
            return;  // the first mention counts
        }
        result_.folders.push_back(std::move(folder));
        search(result_.folders.size() - 1);
    }

    void refuse_folder(SearchedFolder& folder, Error error, bool counts = true) {
        if (!folder.location.file.empty()) {
            error.message = folder.path + ": " + error.message;
            error.location = folder.location;
        }
        if (counts) {
            result_.problems.push_back(error);
        }
        folder.problem = std::move(error);
    }

    void search(std::size_t index) {
        SearchedFolder& folder = result_.folders[index];
        std::error_code error;
        const fs::file_status status = fs::status(folder.path, error);
        if (!fs::exists(status)) {
            const bool wanted = folder.origin != FolderOrigin::installed;
            const std::string origin = folder.origin == FolderOrigin::configuration
                                           ? ""
                                           : " (" + std::string(describe(folder.origin)) + ")";
            refuse_folder(folder,
                          {ErrorClass::failed,
                           "folder.missing",
                           "the plugin folder does not exist" + origin,
                           {folder.path}},
                          wanted);
            return;
        }
        if (!fs::is_directory(status)) {
            refuse_folder(folder, {ErrorClass::failed,
                                   "folder.not_a_folder",
                                   "not a folder; name the folder that holds the plugins",
                                   {folder.path}});
            return;
        }
        if (auto problem = safety_problem(folder.path)) {
            refuse_folder(folder, std::move(*problem));
            return;
        }
        const std::vector<fs::path> children = children_of(folder);
        std::vector<fs::path> candidates{folder.path};
        candidates.insert(candidates.end(), children.begin(), children.end());
        for (const fs::path& candidate : candidates) {
            if (fs::exists(fs::symlink_status(candidate / config::manifest_file_name, error))) {
                add_plugin(candidate, index);
            }
        }
    }

    /// Direct children that are folders, hidden ones left out, by name.
    std::vector<fs::path> children_of(SearchedFolder& folder) {
        std::vector<fs::path> children;
        std::error_code error;
        fs::directory_iterator at(folder.path, error);
        for (const fs::directory_iterator end; !error && at != end; at.increment(error)) {
            std::error_code ignored;
            if (at->path().filename().string().front() != '.' && at->is_directory(ignored)) {
                children.push_back(at->path());
            }
            if (children.size() > child_limit) {
                refuse_folder(folder, {ErrorClass::failed,
                                       "folder.too_large",
                                       "more than " + std::to_string(child_limit) +
                                           " folders; expected a folder of plugins",
                                       {folder.path}});
                return {};
            }
        }
        if (error) {
            refuse_folder(folder, {ErrorClass::failed,
                                   "folder.read",
                                   "the folder cannot be read: " + error.message(),
                                   {folder.path}});
        }
        std::sort(children.begin(), children.end());
        return children;
    }

    void add_plugin(const fs::path& path, std::size_t index) {
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        const std::string folder = error ? path.string() : real.string();
        if (!seen_.insert(folder).second) {
            return;  // reached through two folders or a link: one plugin, no duplicate
        }
        FoundPlugin plugin = examine_plugin(folder, options_.packages, options_.fingerprint);
        SearchedFolder& searched = result_.folders[index];
        plugin.searched = index;
        plugin.origin = searched.origin;
        plugin.autostart = searched.autostart;
        plugin.watch = searched.watch;
        ++searched.plugins;
        result_.plugins.push_back(std::move(plugin));
    }

    void mark_duplicates() {
        std::map<std::string, std::vector<FoundPlugin*>> by_id;
        for (FoundPlugin& plugin : result_.plugins) {
            if (plugin.manifest != nullptr) {
                by_id[plugin.manifest->public_id()].push_back(&plugin);
            }
        }
        for (const auto& [id, plugins] : by_id) {
            if (plugins.size() < 2) {
                continue;
            }
            std::string text = id + " is there " +
                               (plugins.size() == 2 ? std::string("twice")
                                                    : std::to_string(plugins.size()) + " times") +
                               ": ";
            constexpr std::size_t shown = 4;
            for (std::size_t i = 0; i < plugins.size() && i < shown; ++i) {
                text += (i == 0 ? "" : ", ") + plugins[i]->manifest->path + " (" +
                        std::string(describe(plugins[i]->origin)) + ')';
            }
            text += plugins.size() > shown ? ", ..." : "";
            text += "; keep one, or give them different versions";
            for (FoundPlugin* plugin : plugins) {
                plugin->errors.push_back({ErrorClass::invalid, "plugin.duplicate", text,
                                          plugin->manifest->name_location});
            }
        }
    }

    /// A plugin that links another's library would keep that one's first copy loaded for ever.
    void mark_links_between_plugins() {
        std::map<std::string, const FoundPlugin*> owner;
        for (const FoundPlugin& plugin : result_.plugins) {
            if (!plugin.library.empty()) {
                owner.emplace(fs::path(plugin.library).filename().string(), &plugin);
            }
        }
        for (FoundPlugin& plugin : result_.plugins) {
            for (const std::string& needed : plugin.needed) {
                const auto found = owner.find(fs::path(needed).filename().string());
                if (found != owner.end() && found->second != &plugin) {
                    plugin.errors.push_back(
                        {ErrorClass::invalid,
                         "plugin.needs_plugin",
                         "the library is linked against " + needed + ", the library of plugin " +
                             found->second->label() +
                             "; plugins reach each other through `connections` and calls only",
                         {plugin.library}});
                }
            }
        }
    }

    const DiscoveryOptions& options_;
    Catalogue result_;
    std::set<std::string> seen_;
};

}  // namespace

DiscoveryOptions discovery_options(const config::HostConfiguration& configuration) {
    DiscoveryOptions options;
    options.folders = configuration.plugin_folders;
    options.fingerprint = configuration.fingerprint;
    if (const char* path = std::getenv("PATCHBAY_PLUGIN_PATH"); path != nullptr) {
        options.plugin_path = path;
    }
    std::error_code error;
    const fs::path program = boost::dll::program_location(error);
    if (!error) {
        options.installed_folder = installed_plugin_folder(program.string());
    }
    return options;
}

std::string installed_plugin_folder(const std::string& program) {
    std::error_code error;
    fs::path at = fs::weakly_canonical(program, error).parent_path();
    const fs::path bin = fs::path(PATCHBAY_BINDIR).lexically_normal();
    for (auto part = bin.end(); part != bin.begin();) {
        --part;
        if (at.filename() != *part) {
            return {};
        }
        at = at.parent_path();
    }
    return (at / PATCHBAY_PLUGINDIR).string();
}

Catalogue discover(const DiscoveryOptions& options) {
    return Search(options).run();
}

}  // namespace patchbay::plugins
