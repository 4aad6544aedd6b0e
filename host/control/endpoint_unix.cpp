// SPDX-License-Identifier: Apache-2.0
#include "control/endpoint.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace patchbay::control {

namespace {

tl::unexpected<Error> system_failure(const std::string& what, const std::string& path) {
    return failure(ErrorClass::failed, "control.failed",
                   "The control socket " + path + " could not be " + what + ": " +
                       std::generic_category().message(errno) + '.');
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return failure(ErrorClass::invalid, "control.path_too_long",
                       "The path of the control socket, " + path + ", has " +
                           std::to_string(path.size()) + " bytes; the system allows 1 to " +
                           std::to_string(sizeof(address.sun_path) - 1) +
                           ". Set `control: {socket: ...}` to a shorter path.");
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Result<Descriptor> make_socket(const std::string& path) {
    Descriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (descriptor.number() < 0) {
        return system_failure("made", path);
    }
    return descriptor;
}

bool connects(const Descriptor& descriptor, const sockaddr_un& address) {
    return ::connect(descriptor.number(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)) == 0;
}

/// The folder is ours, and nobody else may put another socket into it.
Result<void> prepare_folder(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    std::filesystem::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_failure("put into its folder", path);
    }
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
        return system_failure("put into its folder", path);
    }
    const bool owned = status.st_uid == ::geteuid() || status.st_uid == 0;
    const bool open_to_others =
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0;
    if (!owned || open_to_others) {
        return failure(ErrorClass::invalid, "control.unsafe_folder",
                       "The folder of the control socket, " + folder.string() +
                           ", belongs to another user or can be written by others. Run: chmod "
                           "go-w " +
                           folder.string());
    }
    return {};
}

/// Removes a socket that nobody listens on.
Result<void> clear_path(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return {};
    }
    if (!S_ISSOCK(status.st_mode)) {
        return failure(ErrorClass::invalid, "control.not_a_socket",
                       path +
                           " is there already and is not a socket; the control socket does "
                           "not replace it.");
    }
    const Result<Descriptor> probe = make_socket(path);
    if (!probe) {
        return tl::unexpected<Error>(probe.error());
    }
    if (connects(*probe, address)) {
        const long process = peer_process(probe->number());
        return failure(ErrorClass::failed, "control.in_use",
                       "Another host (process " + std::to_string(process) +
                           ") listens on the control socket " + path + '.');
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_failure("replaced", path);
    }
    return {};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        if (number_ >= 0) {
            ::close(number_);
        }
        number_ = other.release();
    }
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

int Descriptor::release() {
    return std::exchange(number_, -1);
}

Result<Descriptor> listen_on(const std::string& path) {
    const Result<sockaddr_un> address = address_of(path);
    if (!address) {
        return tl::unexpected<Error>(address.error());
    }
    if (Result<void> folder = prepare_folder(path); !folder) {
        return tl::unexpected<Error>(std::move(folder.error()));
    }
    if (Result<void> clear = clear_path(path, *address); !clear) {
        return tl::unexpected<Error>(std::move(clear.error()));
    }
    Result<Descriptor> listener = make_socket(path);
    if (!listener) {
        return listener;
    }
    // The mode of a socket file follows from that of the socket: nobody else may ever connect, not
    // even for a moment.
    if (::fchmod(listener->number(), 0600) != 0) {
        return system_failure("made private", path);
    }
    if (::bind(listener->number(), reinterpret_cast<const sockaddr*>(&*address),
               sizeof(*address)) != 0) {
        return system_failure("bound", path);
    }
    if (::chmod(path.c_str(), 0600) != 0 || ::listen(listener->number(), 16) != 0) {
        return system_failure("opened", path);
    }
    return listener;
}

Result<Descriptor> connect_to(const std::string& path) {
    const Result<sockaddr_un> address = address_of(path);
    if (!address) {
        return tl::unexpected<Error>(address.error());
    }
    Result<Descriptor> descriptor = make_socket(path);
    if (!descriptor) {
        return descriptor;
    }
    if (connects(*descriptor, *address)) {
        return descriptor;
    }
    if (errno == ENOENT || errno == ECONNREFUSED) {
        return failure(ErrorClass::disconnected, "control.not_running",
                       "No host listens on " + path + "; start one with `patchbay run`.");
    }
    if (errno == EACCES || errno == EPERM) {
        return failure(ErrorClass::failed, "control.forbidden",
                       "The control socket " + path + " belongs to another user.");
    }
    return system_failure("reached", path);
}

bool peer_is_trusted(int descriptor) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
           (credentials.uid == ::geteuid() || credentials.uid == 0);
}

long peer_process(int descriptor) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0
               ? static_cast<long>(credentials.pid)
               : 0;
}

}  // namespace patchbay::control
