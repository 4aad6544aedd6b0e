// SPDX-License-Identifier: Apache-2.0
#include <patchbay/private_file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace patchbay {
namespace {

constexpr mode_t others = S_IRWXG | S_IRWXO;

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int get() const { return number_; }
    /// Of a failing close of a written file the caller wants to know.
    [[nodiscard]] bool close() { return ::close(std::exchange(number_, -1)) == 0; }

  private:
    int number_;
};

std::string reason() {
    return std::generic_category().message(errno);
}

tl::unexpected<Error> unwritable(const std::string& path, const std::string& why) {
    return failure(ErrorClass::failed, "file.unwritable",
                   "Cannot write " + path + ": " + why + '.');
}

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Makes the folder and its missing parents; the new ones are private.
bool make_folders(const std::filesystem::path& folder, std::error_code& error) {
    if (folder.empty() || std::filesystem::is_directory(folder, error)) {
        error.clear();
        return true;
    }
    if (!make_folders(folder.parent_path(), error)) {
        return false;
    }
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        error = {errno, std::generic_category()};
        return false;
    }
    return true;
}

/// Goes away with the attempt that made it.
class TemporaryName {
  public:
    explicit TemporaryName(std::string name) : name_(std::move(name)) {}
    TemporaryName(const TemporaryName&) = delete;
    TemporaryName& operator=(const TemporaryName&) = delete;
    ~TemporaryName() {
        if (!name_.empty()) {
            ::unlink(name_.c_str());
        }
    }
    [[nodiscard]] const std::string& name() const { return name_; }
    void taken() { name_.clear(); }

  private:
    std::string name_;
};

}  // namespace

Result<std::string> read_private_file(const std::string& path) {
    // Not blocking: what a name means can be a pipe.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() < 0) {
        if (errno == ENOENT) {
            return failure(ErrorClass::unsupported, "file.missing",
                           "There is no file " + path + '.');
        }
        return failure(ErrorClass::failed, "file.unreadable",
                       "Cannot read " + path + ": " + reason() + '.');
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return failure(ErrorClass::failed, "file.unreadable",
                       "Cannot read " + path + ": it is no regular file.");
    }
    if (status.st_uid != ::geteuid()) {
        return failure(ErrorClass::invalid, "file.not_private",
                       path + " holds a secret and belongs to another user (number " +
                           std::to_string(status.st_uid) +
                           "); it must belong to the user that "
                           "reads it: chown " +
                           std::to_string(::geteuid()) + " '" + path + "'");
    }
    if ((status.st_mode & others) != 0) {
        char mode[8];
        std::snprintf(mode, sizeof(mode), "%04o", static_cast<unsigned>(status.st_mode & 07777U));
        return failure(ErrorClass::invalid, "file.not_private",
                       path + " holds a secret and has the mode " + mode +
                           "; nobody but its owner may read it: chmod 600 '" + path + "'");
    }
    if (static_cast<std::uint64_t>(status.st_size) > largest_private_file) {
        return failure(ErrorClass::invalid, "file.too_large",
                       path + " is larger than " + std::to_string(largest_private_file) +
                           " bytes; that is no key or certificate.");
    }
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failure(ErrorClass::failed, "file.unreadable",
                           "Cannot read " + path + ": " + reason() + '.');
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

Result<void> write_private_file(const std::string& path, std::string_view content,
                                Existing existing) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!make_folders(folder, error)) {
        return unwritable(path, "the folder " + folder.string() + ": " + error.message());
    }
    std::string pattern = path + ".XXXXXX";
    Descriptor file(::mkostemp(pattern.data(), O_CLOEXEC));  // with mode 0600
    if (file.get() < 0) {
        return unwritable(path, reason());
    }
    TemporaryName temporary(std::move(pattern));
    if (!write_all(file.get(), content) || ::fsync(file.get()) != 0 || !file.close()) {
        return unwritable(path, reason());
    }
    if (existing == Existing::replace) {
        if (::rename(temporary.name().c_str(), path.c_str()) != 0) {
            return unwritable(path, reason());
        }
        temporary.taken();
    } else if (::link(temporary.name().c_str(), path.c_str()) != 0) {
        if (errno == EEXIST) {
            return failure(ErrorClass::invalid, "file.exists",
                           path + " exists already and is not replaced.");
        }
        return unwritable(path, reason());
    }
    const Descriptor names(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (names.get() < 0 || ::fsync(names.get()) != 0) {
        return unwritable(path, "its folder: " + reason());
    }
    return {};
}

}  // namespace patchbay
