// SPDX-License-Identifier: Apache-2.0
#include "app/built_libraries.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <system_error>

namespace patchbay::app {

namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

/// As far as it exists; links are followed.
std::filesystem::path real(const std::string& path) {
    std::error_code error;
    std::filesystem::path answer = std::filesystem::weakly_canonical(path, error);
    return error ? std::filesystem::path(path) : answer;
}

}  // namespace

BuiltLibraries::BuiltLibraries(const std::string& root) : root_(real(root).string()) {}

BuiltLibraries::Stamp BuiltLibraries::stamp(const std::string& library) {
    struct stat found {};
    if (::stat(library.c_str(), &found) != 0) {
        return {};
    }
    return {static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino),
            static_cast<std::uint64_t>(found.st_size),
            std::int64_t{found.st_mtim.tv_sec} * nanoseconds_per_second + found.st_mtim.tv_nsec};
}

bool BuiltLibraries::is_below_root(const std::string& library) const {
    const std::filesystem::path within = real(library).lexically_relative(root_);
    return !within.empty() && *within.begin() != "..";
}

void BuiltLibraries::remember(const std::vector<LoadedLibrary>& loaded) {
    for (const LoadedLibrary& each : loaded) {
        stamps_[each.library] = stamp(each.library);
    }
}

std::vector<LoadedLibrary> BuiltLibraries::take(const std::vector<LoadedLibrary>& loaded) {
    std::vector<LoadedLibrary> concerned;
    std::set<std::string> seen;
    for (const LoadedLibrary& each : loaded) {
        if (!seen.insert(each.library).second) {
            continue;
        }
        const auto known = stamps_.find(each.library);
        const Stamp now = stamp(each.library);
        if (is_below_root(each.library) || (known != stamps_.end() && !(known->second == now))) {
            concerned.push_back(each);
        }
        stamps_[each.library] = now;
    }
    return concerned;
}

}  // namespace patchbay::app
