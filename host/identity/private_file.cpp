// SPDX-License-Identifier: Apache-2.0
#include "identity/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace patchbay::identity {

namespace {

class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

std::string reason() {
    return std::generic_category().message(errno);
}

tl::unexpected<Error> unreadable(const std::string& path, const std::string& why) {
    return failure(ErrorClass::failed, "identity.key_unreadable",
                   "The file " + path + " cannot be read: " + why + '.');
}

tl::unexpected<Error> not_written(const std::string& path) {
    return failure(ErrorClass::failed, "identity.key_write_failed",
                   "The file " + path + " cannot be written: " + reason() + '.');
}

bool write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(descriptor, content.data(), content.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<std::optional<std::string>> read_private_file(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        if (errno == ENOENT) {
            return std::optional<std::string>();
        }
        return unreadable(path, reason());
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return unreadable(path, reason());
    }
    if (!S_ISREG(status.st_mode)) {
        return unreadable(path, "it is not a regular file");
    }
    if ((status.st_mode & 0077U) != 0) {
        std::array<char, 8> mode{};
        (void)std::snprintf(mode.data(), mode.size(), "%04o",
                            static_cast<unsigned>(status.st_mode & 07777U));
        return failure(ErrorClass::failed, "identity.key_exposed",
                       "The file " + path + " holds a secret, but its mode " + mode.data() +
                           " lets others use it; run: chmod 600 " + path);
    }
    if (static_cast<std::size_t>(status.st_size) > max_private_file_bytes) {
        return unreadable(path,
                          "it has more than " + std::to_string(max_private_file_bytes) + " bytes");
    }
    std::string content(max_private_file_bytes, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return unreadable(path, reason());
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

Result<void> write_private_file(const std::string& path, std::string_view content) {
    const std::string fresh = path + ".new";
    (void)::unlink(fresh.c_str());
    {
        const File file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (file.get() < 0 || !write_all(file.get(), content) || ::fsync(file.get()) != 0) {
            return not_written(fresh);
        }
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0) {
        return not_written(path);
    }
    std::string folder = std::filesystem::path(path).parent_path();
    const File directory(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
        return not_written(path);
    }
    return {};
}

}  // namespace patchbay::identity
