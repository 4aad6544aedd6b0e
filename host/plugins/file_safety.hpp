// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who else can change what the host is about to execute. A plugin runs with the host's rights, so
/// its folder and files must belong to root or to the host's user and be writable by the owner
/// alone.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace patchbay::plugins {

/// What of a file's status decides; apart so that tests can name other owners.
struct FileOwnership {
    std::uint32_t owner = 0;
    /// Permission bits as in st_mode.
    std::uint32_t mode = 0;
};

/// Nothing when safe, else `file.unsafe_permissions` or `file.unsafe_owner` with the exact command
/// that repairs it. `user` is the host's effective user.
[[nodiscard]] std::optional<Error> ownership_problem(const std::string& path,
                                                     const FileOwnership& ownership,
                                                     std::uint32_t user);

/// The same for what is at `path` (links followed); also `file.read` when that cannot be told.
/// Always nothing on Windows, where the folder's access list is the administrator's matter.
[[nodiscard]] std::optional<Error> safety_problem(const std::string& path);

}  // namespace patchbay::plugins
