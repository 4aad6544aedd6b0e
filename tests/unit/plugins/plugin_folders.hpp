// SPDX-License-Identifier: Apache-2.0
/// \file
/// Plugin folders for tests of discovery: real folders, real files, real libraries.
#pragma once

#include "temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

namespace patchbay::plugins::test {

/// A complete connection.yaml; fields are changed by the members.
struct ManifestText {
    std::string name = "good";
    std::string author = "acme";
    std::string version = "1.2.3";
    std::string class_name = "GoodConnection";
    std::string connections = "[]";
    std::string dependencies = "{}";
    std::string config = "{}";
    std::string fingerprint = "{}";
    bool is_abstract = false;
    /// Further lines.
    std::string more{};

    [[nodiscard]] std::string text() const {
        return "name: " + name + "\nauthor: " + author + "\nversion: " + version +
               "\ntype: connection\ndescription: For tests.\nlicense: Apache-2.0\n"
               "aea_version: '>=2.0.0, <3.0.0'\nfingerprint: " +
               fingerprint + "\nfingerprint_ignore_patterns: []\nconnections: " + connections +
               "\nprotocols: []\nclass_name: " + class_name + "\nconfig: " + config +
               "\nexcluded_protocols: []\nrestricted_to_protocols: []\ndependencies: " +
               dependencies + "\nis_abstract: " + (is_abstract ? "true" : "false") + '\n' + more;
    }
};

inline void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0644));
}

/// A folder that only its owner may change, whatever the umask.
inline void make_folder(const std::filesystem::path& path) {
    std::filesystem::create_directories(path);
    std::filesystem::permissions(path, std::filesystem::perms(0755));
}

/// Writes `folder`/connection.yaml and, when `library` is not empty, copies it to libNAME.so.
inline void write_plugin(const std::filesystem::path& folder, const ManifestText& manifest,
                         const std::string& library = {}) {
    make_folder(folder);
    write_file(folder / "connection.yaml", manifest.text());
    if (!library.empty()) {
        const auto target = folder / ("lib" + manifest.name + ".so");
        std::filesystem::copy_file(library, target);
        std::filesystem::permissions(target, std::filesystem::perms(0755));
    }
}

}  // namespace patchbay::plugins::test
