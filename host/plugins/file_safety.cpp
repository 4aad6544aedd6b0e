// SPDX-License-Identifier: Apache-2.0
#include "plugins/file_safety.hpp"

#include "plugins/shell_text.hpp"

#if !defined(_WIN32)
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#endif

namespace patchbay::plugins {

std::optional<Error> ownership_problem(const std::string& path, const FileOwnership& ownership,
                                       std::uint32_t user) {
    constexpr std::uint32_t group_write = 0020;
    constexpr std::uint32_t other_write = 0002;
    if (ownership.owner != 0 && ownership.owner != user) {
        return Error{ErrorClass::failed,
                     "file.unsafe_owner",
                     "refused: it belongs to user " + std::to_string(ownership.owner) +
                         ", who is neither root nor the user of this host (" +
                         std::to_string(user) + "); run: chown " + std::to_string(user) + ' ' +
                         shell_quoted(path),
                     {path}};
    }
    const bool group = (ownership.mode & group_write) != 0;
    const bool others = (ownership.mode & other_write) != 0;
    if (group || others) {
        const std::string who = group && others ? "its group and all others"
                                : group         ? "its group"
                                                : "all others";
        return Error{ErrorClass::failed,
                     "file.unsafe_permissions",
                     "refused: " + who + " may change it; run: chmod go-w " + shell_quoted(path),
                     {path}};
    }
    return std::nullopt;
}

std::optional<Error> safety_problem([[maybe_unused]] const std::string& path) {
#if defined(_WIN32)
    return std::nullopt;
#else
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return Error{ErrorClass::failed,
                     "file.read",
                     std::string("cannot tell who may change it: ") + std::strerror(errno),
                     {path}};
    }
    return ownership_problem(path, {status.st_uid, static_cast<std::uint32_t>(status.st_mode)},
                             ::geteuid());
#endif
}

}  // namespace patchbay::plugins
