// SPDX-License-Identifier: Apache-2.0
#include "plugins/platform.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::plugins::platform {
namespace {

/// Closes a descriptor; the files here are read-only or already complete, so errors say nothing.
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
    [[nodiscard]] int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

tl::unexpected<Error> system_failure(std::string code, const std::string& what, int number) {
    return failure(ErrorClass::failed, std::move(code), what + ": " + system_text(number));
}

bool write_all(int descriptor, const std::byte* data, std::size_t size) {
    while (size > 0) {
        const ssize_t written = ::write(descriptor, data, size);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return false;
        }
        data += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

std::string_view name() {
#if defined(__linux__) && defined(__x86_64__)
    return "linux-x86_64";
#elif defined(__linux__) && defined(__aarch64__)
    return "linux-aarch64";
#elif defined(__linux__)
    return "linux";
#else
    return "posix";
#endif
}

std::string system_text(int number) {
    return std::generic_category().message(number);
}

struct NativeLibrary::Impl {
    boost::dll::shared_library library;
};

NativeLibrary::NativeLibrary() = default;
NativeLibrary::NativeLibrary(NativeLibrary&&) noexcept = default;
NativeLibrary& NativeLibrary::operator=(NativeLibrary&&) noexcept = default;
NativeLibrary::~NativeLibrary() = default;

Result<NativeLibrary> NativeLibrary::open(const std::filesystem::path& file) {
    NativeLibrary opened;
    opened.impl_ = std::make_unique<Impl>();
    std::error_code error;
    (void)::dlerror();  // what an earlier failure left behind
    opened.impl_->library.load(
        file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local, error);
    if (error) {
        // Boost's own code says only "bad file descriptor"; the linker still has the real text.
        const char* text = ::dlerror();
        return failure(ErrorClass::failed, "plugin.load_failed",
                       text != nullptr ? std::string(text) : error.message());
    }
    return opened;
}

void* NativeLibrary::find(const char* symbol) const {
    std::error_code error;
    if (impl_ == nullptr || !impl_->library.has(symbol)) {
        return nullptr;
    }
    return ::dlsym(impl_->library.native(), symbol);
}

void NativeLibrary::close() {
    impl_.reset();
}

void NativeLibrary::keep_forever() {
    if (impl_ != nullptr) {
        // One more reference that nobody will ever give back.
        std::error_code error;
        const auto file = impl_->library.location(error);
        (void)::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        impl_.reset();
    }
}

bool is_mapped(const std::filesystem::path& file) {
    struct Search {
        const char* path;
        bool found;
    } search{file.c_str(), false};
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto* wanted = static_cast<Search*>(data);
            wanted->found =
                info->dlpi_name != nullptr && std::strcmp(info->dlpi_name, wanted->path) == 0;
            return wanted->found ? 1 : 0;
        },
        &search);
    return search.found;
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0) {
        return {};
    }
    if (errno != EEXIST) {
        return system_failure("plugin.run_folder", "cannot make the folder " + folder.string(),
                              errno);
    }
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0) {
        return system_failure("plugin.run_folder", "cannot look at " + folder.string(), errno);
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid()) {
        return failure(ErrorClass::failed, "plugin.run_folder",
                       folder.string() + " must be a folder of the user that runs the host");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && ::chmod(folder.c_str(), 0700) != 0) {
        return system_failure(
            "plugin.run_folder",
            "others may write into " + folder.string() + "; type: chmod 700 " + folder.string(),
            errno);
    }
    return {};
}

Result<void> probe_executable(const std::filesystem::path& folder) {
    const std::filesystem::path file = folder / ".executable-probe";
    const Descriptor probe(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (probe.get() < 0) {
        return system_failure("plugin.run_folder", "cannot write into " + folder.string(), errno);
    }
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    Result<void> answer;
    if (::ftruncate(probe.get(), static_cast<off_t>(page)) != 0) {
        answer = system_failure("plugin.run_folder", "cannot write into " + folder.string(), errno);
    } else {
        void* mapping = ::mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, probe.get(), 0);
        if (mapping != MAP_FAILED) {
            ::munmap(mapping, page);
        } else if (errno == EPERM || errno == EACCES) {
            answer = failure(ErrorClass::failed, "plugin.run_folder_noexec",
                             "code cannot be run from " + folder.string() +
                                 ": its file system is mounted noexec. Choose a data_dir on a file "
                                 "system that allows it (on Debian /run and often /tmp do not)");
        } else {
            answer = system_failure("plugin.run_folder", "cannot map code from " + folder.string(),
                                    errno);
        }
    }
    ::unlink(file.c_str());
    return answer;
}

Result<std::uint64_t> copy_file(const std::filesystem::path& source,
                                const std::filesystem::path& target, std::uint64_t limit,
                                const ByteSink& sink) {
    // Non-blocking, so that a named pipe in a plugin folder cannot hang the host.
    const Descriptor in(::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (in.get() < 0 || ::fstat(in.get(), &status) != 0) {
        return system_failure("plugin.copy_failed", "cannot open " + source.string(), errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorClass::invalid, "plugin.not_a_file",
                       source.string() + " is not a regular file");
    }
    const Descriptor out(
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400));
    if (out.get() < 0) {
        return system_failure("plugin.copy_failed", "cannot create " + target.string(), errno);
    }
    std::vector<std::byte> piece(std::size_t{256} * 1024);
    std::uint64_t total = 0;
    for (;;) {
        const ssize_t got = ::read(in.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return system_failure("plugin.copy_failed", "cannot read " + source.string(), errno);
        }
        if (got == 0) {
            return total;
        }
        const auto size = static_cast<std::size_t>(got);
        total += size;
        if (total > limit) {
            return failure(ErrorClass::invalid, "plugin.too_large",
                           source.string() + " is larger than " + std::to_string(limit) +
                               " bytes, the most that is loaded");
        }
        if (!write_all(out.get(), piece.data(), size)) {
            return system_failure("plugin.copy_failed", "cannot write " + target.string(), errno);
        }
        sink(piece.data(), size);
        // Whoever else wants the processor goes first: a reload must not keep the traffic of the
        // same host waiting for as long as the system would let it.
        std::this_thread::yield();
    }
}

FileLock::FileLock(FileLock&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

FileLock::~FileLock() {
    if (handle_ >= 0) {
        ::close(static_cast<int>(handle_));
    }
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& file) {
    Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.get() < 0) {
        return system_failure("plugin.run_folder", "cannot open " + file.string(), errno);
    }
    while (::flock(lock.get(), LOCK_EX) != 0) {
        if (errno != EINTR) {
            return system_failure("plugin.run_folder", "cannot lock " + file.string(), errno);
        }
    }
    return FileLock(lock.release());
}

std::optional<FileLock> FileLock::try_existing(const std::filesystem::path& file) {
    Descriptor lock(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return std::nullopt;
    }
    return FileLock(lock.release());
}

bool is_own_folder(const std::filesystem::path& folder) {
    struct stat status {};
    return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::geteuid();
}

void wait_readable(std::intptr_t descriptor, std::optional<std::uint64_t> delay) {
    pollfd wanted{static_cast<int>(descriptor), POLLIN, 0};
    timespec limit{};
    if (delay.has_value()) {
        limit.tv_sec = static_cast<time_t>(*delay / 1'000'000'000U);
        limit.tv_nsec = static_cast<long>(*delay % 1'000'000'000U);
    }
    // An interruption counts as "early".
    (void)::ppoll(&wanted, 1, delay.has_value() ? &limit : nullptr, nullptr);
}

void name_this_thread(const std::string& name) {
    // Linux: 15 bytes and a NUL.
    std::array<char, 16> cut{};
    name.copy(cut.data(), cut.size() - 1);
    ::pthread_setname_np(::pthread_self(), cut.data());
}

}  // namespace patchbay::plugins::platform
