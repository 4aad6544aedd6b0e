// SPDX-License-Identifier: Apache-2.0
#include "plugins/catalogue.hpp"

#include "plugins/version_rule.hpp"

#include <patchbay/public_id.hpp>

namespace patchbay::plugins {

std::string_view describe(FolderOrigin origin) {
    switch (origin) {
        case FolderOrigin::configuration:
            return "host configuration";
        case FolderOrigin::environment:
            return "PATCHBAY_PLUGIN_PATH";
        case FolderOrigin::installed:
            return "installed default";
    }
    return "";
}

std::string FoundPlugin::label() const {
    return manifest == nullptr ? folder : manifest->public_id();
}

const FoundPlugin* best_version(const std::vector<const FoundPlugin*>& plugins,
                                std::string_view version) {
    const FoundPlugin* best = nullptr;
    int best_rank = 0;
    for (const FoundPlugin* plugin : plugins) {
        const bool exact = plugin->manifest->version == version;
        const int rank = (exact ? 2 : 0) + (plugin->loadable() ? 1 : 0);
        if (best == nullptr || rank > best_rank ||
            (rank == best_rank &&
             compare_versions(plugin->manifest->version, best->manifest->version) > 0)) {
            best = plugin;
            best_rank = rank;
        }
    }
    return best;
}

const FoundPlugin* Catalogue::find(std::string_view public_id) const {
    const auto id = view_public_id(public_id);
    if (!id) {
        return nullptr;
    }
    std::vector<const FoundPlugin*> same;
    for (const FoundPlugin& plugin : plugins) {
        if (plugin.manifest != nullptr && plugin.manifest->author == id->author &&
            plugin.manifest->name == id->name) {
            same.push_back(&plugin);
        }
    }
    return best_version(same, id->version);
}

std::vector<std::string> Catalogue::public_ids() const {
    std::vector<std::string> ids;
    for (const FoundPlugin& plugin : plugins) {
        if (plugin.manifest != nullptr) {
            ids.push_back(plugin.manifest->public_id());
        }
    }
    return ids;
}

std::string Catalogue::searched_text() const {
    std::string text = "searched: ";
    if (folders.empty()) {
        return text + "no folder, because none is configured";
    }
    for (const SearchedFolder& folder : folders) {
        text += (&folder == &folders.front() ? "" : ", ") + folder.path + " (" +
                std::string(describe(folder.origin));
        if (folder.problem) {
            text += folder.problem->code == "folder.missing" ? ", missing" : ", not searched";
        }
        text += ')';
    }
    constexpr std::size_t shown = 3;
    std::size_t unreadable = 0;
    for (const FoundPlugin& plugin : plugins) {
        if (plugin.manifest == nullptr && ++unreadable <= shown) {
            text +=
                (unreadable == 1 ? "; not readable: " : ", ") + plugin.folder + "/connection.yaml";
        }
    }
    return unreadable > shown ? text + ", ..." : text;
}

}  // namespace patchbay::plugins
