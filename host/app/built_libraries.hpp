// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which instances of a running host a build concerns: those whose plugin's library lies in or
/// below the sources (a build folder there is a plugin folder), and those whose library changed
/// since, wherever it is (a build tree beside the sources, or a folder that the build installs
/// into).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace patchbay::app {

struct LoadedLibrary {
    std::string instance;
    /// Path by which the host knows it.
    std::string library;
};

class BuiltLibraries {
  public:
    /// `root`: the folder of the sources.
    explicit BuiltLibraries(const std::string& root);

    /// What the libraries are now is what runs.
    void remember(const std::vector<LoadedLibrary>& loaded);
    /// What a build may have changed, one instance of each library; from now on that is what runs.
    [[nodiscard]] std::vector<LoadedLibrary> take(const std::vector<LoadedLibrary>& loaded);

  private:
    /// A file as far as a change of it shows; zeros when there is none.
    struct Stamp {
        std::uint64_t device = 0;
        std::uint64_t number = 0;
        std::uint64_t size = 0;
        std::int64_t modified = 0;
        bool operator==(const Stamp&) const = default;
    };
    [[nodiscard]] static Stamp stamp(const std::string& library);
    [[nodiscard]] bool is_below_root(const std::string& library) const;

    std::string root_;
    std::map<std::string, Stamp> stamps_;
};

}  // namespace patchbay::app
