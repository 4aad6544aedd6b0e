// SPDX-License-Identifier: Apache-2.0
#include "plugins/package_search.hpp"

#include "plugins/version_rule.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#if !defined(_WIN32)
#include <glob.h>
#endif

namespace patchbay::plugins {

namespace {

constexpr std::size_t line_limit = 10'000;

void add_list(std::vector<std::string>& folders, const char* text, char separator = ':') {
    std::string_view rest = text == nullptr ? "" : text;
    while (!rest.empty()) {
        const std::size_t end = rest.find(separator);
        if (end != 0) {
            folders.emplace_back(rest.substr(0, end));
        }
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
}

/// Paths that match a shell pattern, sorted.
std::vector<std::string> matches([[maybe_unused]] const std::string& pattern) {
    std::vector<std::string> paths;
#if !defined(_WIN32)
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
#endif
    return paths;
}

std::string trimmed(const std::string& text) {
    const std::size_t start = text.find_first_not_of(" \t\r");
    return start == std::string::npos
               ? std::string()
               : text.substr(start, text.find_last_not_of(" \t\r") + 1 - start);
}

/// `${name}` replaced once; a module file that nests deeper keeps the rest as it is.
std::string expanded(std::string text, const std::map<std::string, std::string>& variables) {
    for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at)) {
        const std::size_t end = text.find('}', at);
        const auto found = end == std::string::npos
                               ? variables.end()
                               : variables.find(text.substr(at + 2, end - at - 2));
        if (found == variables.end()) {
            at += 2;
        } else {
            text.replace(at, end + 1 - at, found->second);
            at += found->second.size();
        }
    }
    return text;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : ", ") + part;
    }
    return text.empty() ? "nowhere" : text;
}

}  // namespace

std::vector<std::string> linker_folders(const std::string& configuration_file) {
    constexpr std::size_t file_limit = 256;
    std::vector<std::string> folders;
    std::vector<std::string> files{configuration_file};
    for (std::size_t i = 0; i < files.size() && i < file_limit; ++i) {
        std::ifstream stream(files[i]);
        std::string line;
        for (std::size_t n = 0; n < line_limit && std::getline(stream, line); ++n) {
            line = trimmed(line.substr(0, line.find('#')));
            if (line.rfind("include", 0) == 0 && line.size() > 8 &&
                (line[7] == ' ' || line[7] == '\t')) {
                std::string pattern = trimmed(line.substr(8));
                if (pattern.front() != '/') {
                    pattern = std::filesystem::path(files[i]).parent_path() / pattern;
                }
                for (std::string& path : matches(pattern)) {
                    if (std::find(files.begin(), files.end(), path) == files.end()) {
                        files.push_back(std::move(path));
                    }
                }
            } else if (!line.empty() && line.front() == '/') {
                folders.push_back(line);
            }
        }
    }
    return folders;
}

PackageSearch PackageSearch::of_this_machine() {
    std::vector<std::string> libraries;
    std::vector<std::string> modules;
#if defined(_WIN32)
    add_list(libraries, std::getenv("PATH"), ';');
    add_list(modules, std::getenv("PKG_CONFIG_PATH"), ';');
#else
    add_list(libraries, std::getenv("LD_LIBRARY_PATH"));
    for (std::string& folder : linker_folders("/etc/ld.so.conf")) {
        libraries.push_back(std::move(folder));
    }
    for (const char* folder : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"}) {
        libraries.emplace_back(folder);
    }
    add_list(modules, std::getenv("PKG_CONFIG_PATH"));
    if (const char* replaced = std::getenv("PKG_CONFIG_LIBDIR"); replaced != nullptr) {
        add_list(modules, replaced);
    } else {
        for (const char* pattern :
             {"/usr/local/lib/*/pkgconfig", "/usr/local/lib/pkgconfig",
              "/usr/local/share/pkgconfig", "/usr/lib/*/pkgconfig", "/usr/lib64/pkgconfig",
              "/usr/lib/pkgconfig", "/usr/share/pkgconfig"}) {
            for (std::string& folder : matches(pattern)) {
                modules.push_back(std::move(folder));
            }
        }
    }
#endif
    return {std::move(libraries), std::move(modules)};
}

std::string PackageSearch::find_library(const std::string& name,
                                        const std::string& plugin_folder) const {
    std::error_code ignored;
    if (name.find('/') != std::string::npos) {
        return std::filesystem::is_regular_file(name, ignored) ? name : std::string();
    }
    const auto at = [&](const std::string& folder) {
        const std::filesystem::path path = std::filesystem::path(folder) / name;
        return std::filesystem::is_regular_file(path, ignored) ? path.string() : std::string();
    };
    std::string found = plugin_folder.empty() ? std::string() : at(plugin_folder);
    for (std::size_t i = 0; found.empty() && i < library_folders_.size(); ++i) {
        found = at(library_folders_[i]);
    }
    return found;
}

std::optional<std::string> PackageSearch::module_version(const std::string& name) const {
    for (const std::string& folder : module_folders_) {
        std::ifstream stream(std::filesystem::path(folder) / (name + ".pc"));
        if (!stream) {
            continue;
        }
        std::map<std::string, std::string> variables;
        std::string line;
        for (std::size_t n = 0; n < line_limit && std::getline(stream, line); ++n) {
            const std::size_t mark = line.find_first_of("=:");
            if (mark == std::string::npos) {
                continue;
            }
            const std::string key = trimmed(line.substr(0, mark));
            std::string value = expanded(trimmed(line.substr(mark + 1)), variables);
            if (line[mark] == ':' && key == "Version") {
                return value;
            }
            if (line[mark] == '=') {
                variables[key] = std::move(value);
            }
        }
        return std::string();
    }
    return std::nullopt;
}

std::optional<Error> PackageSearch::problem(const config::PackageDependency& dependency,
                                            const std::string& plugin_folder) const {
    const auto refuse = [&](const char* code, std::string text) {
        return Error{ErrorClass::failed, code,
                     "dependency `" + dependency.name + "`: " + std::move(text),
                     dependency.location};
    };
    if (dependency.library && find_library(*dependency.library, plugin_folder).empty()) {
        return refuse("plugin.library_missing",
                      "the shared library " + *dependency.library +
                          " is not installed; searched: " + joined(library_folders_));
    }
    if (!dependency.pkg_config) {
        return std::nullopt;
    }
    const auto version = module_version(*dependency.pkg_config);
    if (!version) {
        return refuse("plugin.module_missing", "there is no pkg-config module " +
                                                   *dependency.pkg_config +
                                                   "; searched: " + joined(module_folders_));
    }
    if (dependency.version && !dependency.version->empty()) {
        const auto rule = VersionRule::parse(*dependency.version);
        if (!rule) {
            return refuse("version.malformed", rule.error().message);
        }
        if (!rule->accepts(*version)) {
            return refuse("plugin.module_version", "pkg-config module " + *dependency.pkg_config +
                                                       " has version " + *version + "; expected " +
                                                       *dependency.version);
        }
    }
    return std::nullopt;
}

}  // namespace patchbay::plugins
