// SPDX-License-Identifier: Apache-2.0
#include "plugins/examination.hpp"

#include "config/fingerprint_check.hpp"
#include "config/manifest_reader.hpp"
#include "config/nearest.hpp"
#include "plugins/file_safety.hpp"
#include "plugins/package_search.hpp"
#include "plugins/preflight.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace patchbay::plugins {

namespace {

namespace fs = std::filesystem;

#if defined(_WIN32)
constexpr const char* library_suffix = ".dll";
#else
constexpr const char* library_suffix = ".so";
#endif

class Examination {
  public:
    Examination(const std::string& folder, const PackageSearch& packages,
                config::FingerprintPolicy fingerprint)
        : packages_(packages), fingerprint_(fingerprint) {
        found_.folder = folder;
    }

    FoundPlugin run() {
        check_safety(found_.folder);
        const std::string path = fs::path(found_.folder) / config::manifest_file_name;
        check_safety(path);
        auto manifest = config::read_manifest(path);
        if (!manifest) {
            for (Error& error : manifest.error()) {
                found_.errors.push_back(std::move(error));
            }
            return std::move(found_);
        }
        found_.manifest = std::make_shared<const config::ConnectionManifest>(std::move(*manifest));
        for (const config::PackageDependency& dependency : found_.manifest->dependencies) {
            if (auto problem = packages_.problem(dependency, found_.folder)) {
                found_.errors.push_back(std::move(*problem));
            }
        }
        if (find_library()) {
            check_library();
        }
        check_fingerprint();
        return std::move(found_);
    }

  private:
    void check_safety(const std::string& path) {
        if (auto problem = safety_problem(path)) {
            found_.errors.push_back(std::move(*problem));
        }
    }

    bool find_library() {
        const config::ConnectionManifest& manifest = *found_.manifest;
        std::vector<std::string> names;
        if (manifest.library) {
            names = {*manifest.library};
        } else {
            names = {"lib" + manifest.name + library_suffix, manifest.name + library_suffix};
        }
        for (const std::string& name : names) {
            const fs::path path = fs::path(found_.folder) / name;
            std::error_code error;
            if (fs::exists(fs::symlink_status(path, error))) {
                found_.library = path;
                return true;
            }
        }
        if (manifest.is_abstract && !manifest.library) {
            return false;  // it only supplies `config` defaults
        }
        const std::vector<std::string> present = libraries_present();
        std::string text = "there is no library " + names.front();
        text += names.size() > 1 ? " (nor " + names.back() + ")" : "";
        text += " in " + found_.folder;
        if (present.empty()) {
            text += "; build the plugin and put the library beside connection.yaml";
        } else {
            text +=
                "; there is " + present.front() +
                (present.size() > 1 ? " and " + std::to_string(present.size() - 1) + " more" : "") +
                ", name it with `library:`";
        }
        found_.errors.push_back(
            {ErrorClass::failed, "plugin.library_missing", std::move(text),
             manifest.library ? manifest.library_location : SourceLocation{manifest.path}});
        return false;
    }

    [[nodiscard]] std::vector<std::string> libraries_present() const {
        constexpr std::size_t look_at_most = 1'000;
        std::vector<std::string> names;
        std::error_code error;
        std::size_t looked_at = 0;
        for (fs::directory_iterator at(found_.folder, error), end;
             !error && at != end && ++looked_at < look_at_most; at.increment(error)) {
            if (at->path().extension() == library_suffix) {
                names.push_back(at->path().filename().string());
            }
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    void check_library() {
        std::error_code error;
        const fs::path real = fs::canonical(found_.library, error);
        if (error) {
            found_.errors.push_back({ErrorClass::failed,
                                     "plugin.library_missing",
                                     "the library is a symbolic link that leads nowhere",
                                     {found_.library}});
            return;
        }
        check_safety(real);
        if (real.parent_path() != found_.folder) {
            // The link's target can be replaced by whoever may write where it stands.
            check_safety(real.parent_path());
        }
        Preflight result = preflight(found_.library, *found_.manifest);
        found_.note = std::move(result.note);
        if (result.library) {
            found_.needed = std::move(result.library->needed);
        }
        std::move(result.errors.begin(), result.errors.end(), std::back_inserter(found_.errors));
        std::move(result.warnings.begin(), result.warnings.end(),
                  std::back_inserter(found_.warnings));
    }

    void check_fingerprint() {
        if (fingerprint_ == config::FingerprintPolicy::off) {
            return;
        }
        const bool required = fingerprint_ == config::FingerprintPolicy::required;
        std::vector<Error>& report = required ? found_.errors : found_.warnings;
        for (Error& problem : config::check_fingerprint(*found_.manifest, found_.folder)) {
            report.push_back(std::move(problem));
        }
        const std::string file = fs::path(found_.library).filename();
        if (required && !file.empty() && !config::has_fingerprint(*found_.manifest, file)) {
            found_.errors.push_back({ErrorClass::failed,
                                     "fingerprint.missing",
                                     "`fingerprint` has no entry for the library " + file +
                                         ", and the host requires one",
                                     {found_.manifest->path}});
        }
    }

    const PackageSearch& packages_;
    config::FingerprintPolicy fingerprint_;
    FoundPlugin found_;
};

}  // namespace

FoundPlugin examine_plugin(const std::string& folder, const PackageSearch& packages,
                           config::FingerprintPolicy fingerprint) {
    return Examination(folder, packages, fingerprint).run();
}

}  // namespace patchbay::plugins
