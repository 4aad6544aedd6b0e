// SPDX-License-Identifier: Apache-2.0
#include "app/data_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace patchbay::app {

namespace {

tl::unexpected<Error> unusable(const std::string& data_dir, const std::string& reason) {
    return failure(ErrorClass::failed, "data.unusable",
                   "The data folder " + data_dir + " cannot be used: " + reason + '.');
}

}  // namespace

Result<DataLock> DataLock::take(const std::string& data_dir) {
    std::error_code error;
    const std::filesystem::path folder(data_dir);
    std::filesystem::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return unusable(data_dir, std::generic_category().message(errno));
    }
    const std::string path = data_dir + "/host.lock";
    control::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.number() < 0) {
        return unusable(data_dir, std::generic_category().message(errno));
    }
    std::array<char, 32> text{};
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
        const ssize_t size = ::pread(file.number(), text.data(), text.size() - 1, 0);
        std::string process(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        process.erase(process.find_last_not_of('\n') + 1);
        return failure(ErrorClass::failed, "data.in_use",
                       "Another host (process " + (process.empty() ? "unknown" : process) +
                           ") uses the data folder " + data_dir +
                           ". Stop it, or give this host another `data_dir`.");
    }
    const std::string own = std::to_string(::getpid()) + '\n';
    if (::ftruncate(file.number(), 0) != 0 ||
        ::pwrite(file.number(), own.data(), own.size(), 0) < 0) {
        return unusable(data_dir, std::generic_category().message(errno));
    }
    return DataLock(std::move(file));
}

}  // namespace patchbay::app
