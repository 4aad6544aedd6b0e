// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the host knows of plugins before it loads one: the folders that were searched and every
/// plugin found there, the broken ones included, because a plugin that vanishes from the list is
/// the hardest one to repair.
#pragma once

#include "config/connection_manifest.hpp"
#include "plugins/library_note.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// Who asked for a folder to be searched; folders are searched in this order.
enum class FolderOrigin : std::uint8_t {
    configuration,  ///< `plugin_folders` of the host configuration
    environment,    ///< PATCHBAY_PLUGIN_PATH
    installed,      ///< the folder that installed plugins go to
};

/// "host configuration", "PATCHBAY_PLUGIN_PATH", "installed default".
[[nodiscard]] std::string_view describe(FolderOrigin origin);

/// One folder that was searched, or that could not be.
struct SearchedFolder {
    /// Absolute, symbolic links resolved where the folder exists.
    std::string path;
    FolderOrigin origin = FolderOrigin::configuration;
    bool autostart = false;
    bool watch = false;
    /// Of the entry in the host configuration.
    SourceLocation location{};
    /// Plugins found in it.
    std::size_t plugins = 0;
    /// Why it was not searched (missing, unsafe, not a folder). A missing folder that nobody wrote
    /// into the configuration has a problem too, but does not count as an error of the catalogue.
    std::optional<Error> problem{};
};

struct FoundPlugin {
    /// Folder of the plugin: holds connection.yaml and the library. Absolute, links resolved.
    std::string folder;
    /// Index into `Catalogue::folders`.
    std::size_t searched = 0;
    FolderOrigin origin = FolderOrigin::configuration;
    bool autostart = false;
    bool watch = false;
    /// Null when connection.yaml could not be read; then `errors` says why.
    std::shared_ptr<const config::ConnectionManifest> manifest;
    /// Absolute path of the shared library. Empty when there is none, which is an error except for
    /// an abstract plugin that offers nothing but `config` defaults.
    std::string library;
    /// Nothing when the library is missing or its note could not be read.
    std::optional<LibraryNote> note;
    /// Files named by DT_NEEDED (or the import table), for `inspect`.
    std::vector<std::string> needed;
    /// Reasons not to load it, all of one pass.
    std::vector<Error> errors;
    /// Things to repair that do not keep it from being loaded.
    std::vector<Error> warnings;

    [[nodiscard]] bool loadable() const { return errors.empty() && manifest != nullptr; }
    /// Public id, or the folder's path when connection.yaml could not be read.
    [[nodiscard]] std::string label() const;
};

/// Of plugins with the same author and name the one for `version`: that version, else (as upstream
/// does) the highest; loadable ones win. An empty version, `latest` and `any` ask for the highest.
/// Null when `plugins` is empty.
[[nodiscard]] const FoundPlugin* best_version(const std::vector<const FoundPlugin*>& plugins,
                                              std::string_view version);

struct Catalogue {
    std::vector<SearchedFolder> folders;
    /// In the order of the folders and of the names within them: the same files always give the
    /// same order.
    std::vector<FoundPlugin> plugins;
    /// Problems of folders; those of plugins stand with the plugins.
    std::vector<Error> problems;

    /// The plugin of that public id by `best_version`; null when there is none.
    [[nodiscard]] const FoundPlugin* find(std::string_view public_id) const;
    /// Public ids of all plugins whose connection.yaml could be read: what was not found may be one
    /// of them misspelt.
    [[nodiscard]] std::vector<std::string> public_ids() const;
    /// "searched: /a (host configuration), /b (PATCHBAY_PLUGIN_PATH, missing)", and the
    /// connection.yaml files that could not be read: part of messages about what was not found.
    [[nodiscard]] std::string searched_text() const;
};

}  // namespace patchbay::plugins
