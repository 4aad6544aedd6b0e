// SPDX-License-Identifier: Apache-2.0
#include "plugins/platform.hpp"
#include "plugins/platform_sockets.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <utility>

namespace patchbay::plugins::platform {

/// The file of a Unix domain socket, as it was made.
struct ListeningGroup::File {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
};

namespace {

constexpr std::string_view unix_prefix = "unix:";

bool is_unix(const std::string& address) {
    return address.starts_with(unix_prefix);
}

std::string path_of(const std::string& address) {
    return address.substr(unix_prefix.size());
}

int number(std::intptr_t descriptor) {
    return static_cast<int>(descriptor);
}

/// A socket address of any family.
struct Endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] int family() const { return storage.ss_family; }
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    /// IP only: the port lies at the same place in both families.
    [[nodiscard]] std::uint16_t port() const {
        return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
    }
};

tl::unexpected<Error> bad_address(const std::string& address, const std::string& why) {
    return failure(ErrorClass::invalid, "listen.bad_address",
                   "Cannot listen on '" + address + "': " + why + '.');
}

Result<Endpoint> unix_endpoint(const std::string& address) {
    Endpoint endpoint;
    auto& target = reinterpret_cast<sockaddr_un&>(endpoint.storage);
    const std::string path = path_of(address);
    if (!path.starts_with('/')) {
        return bad_address(address, "after unix: an absolute path is expected");
    }
    if (path.size() >= sizeof(target.sun_path)) {
        return bad_address(address, "the path has " + std::to_string(path.size()) +
                                        " bytes, and the system allows " +
                                        std::to_string(sizeof(target.sun_path) - 1));
    }
    target.sun_family = AF_UNIX;
    path.copy(target.sun_path, path.size());
    endpoint.size = sizeof(target);
    return endpoint;
}

Result<Endpoint> endpoint_of(const std::string& address, std::uint16_t port) {
    if (const std::size_t nul = address.find('\0'); nul != std::string::npos) {
        return bad_address(address.substr(0, nul), "a NUL follows");
    }
    if (is_unix(address)) {
        return unix_endpoint(address);
    }
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        return bad_address(address,
                           "it is neither an IP address nor unix: and an absolute path; the names "
                           "of hosts are resolved before");
    }
    Endpoint endpoint;
    std::memcpy(&endpoint.storage, found->ai_addr, found->ai_addrlen);
    endpoint.size = found->ai_addrlen;
    ::freeaddrinfo(found);
    return endpoint;
}

/// Why the system refused, and what to do.
tl::unexpected<Error> system_failure(const ListenAddress& address, int why) {
    const bool on_path = is_unix(address.address);
    const std::string where =
        "Cannot listen on " + listen_text(address.address, address.port) + ": ";
    const std::string port = std::to_string(address.port);
    switch (why) {
        case EADDRINUSE:
            return failure(ErrorClass::failed, "listen.address_in_use",
                           where + "somebody listens there already; stop that program" +
                               (on_path ? ", or configure another path."
                                        : " (`ss -ltnp sport = :" + port +
                                              "` shows it), or configure another port."));
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
            return failure(ErrorClass::failed, "listen.address_not_available",
                           where +
                               "this machine does not have the address; use one that `ip "
                               "address` lists, or 0.0.0.0 or :: for all of them.");
        case ENOENT:
        case ENOTDIR:
            return failure(
                ErrorClass::failed, "listen.address_not_available",
                where + "its folder does not exist; make it, or configure another path.");
        case EACCES:
        case EPERM:
        case EROFS:
            return failure(
                ErrorClass::failed, "listen.permission_denied",
                where + system_text(why) +
                    (on_path ? "; the user of the host must be allowed to write into the "
                               "folder."
                             : "; ports below 1024 need the capability "
                               "CAP_NET_BIND_SERVICE, others do not."));
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return failure(ErrorClass::overloaded, "listen.failed",
                           where + system_text(why) + "; raise the limit (`ulimit -n`).");
        default:
            return failure(ErrorClass::failed, "listen.failed", where + system_text(why) + '.');
    }
}

bool turn(int descriptor, int level, int option, bool on) {
    const int value = on ? 1 : 0;
    return ::setsockopt(descriptor, level, option, &value, sizeof(value)) == 0;
}

int new_socket(int family) {
    return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/// Removes a socket file on which nobody listens any more.
Result<void> clear_path(const ListenAddress& address, const Endpoint& endpoint) {
    const std::string path = path_of(address.address);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return {};  // what else may be wrong is told by `bind`
    }
    if (!S_ISSOCK(status.st_mode)) {
        return failure(ErrorClass::failed, "listen.address_in_use",
                       "Cannot listen on " + address.address +
                           ": the file is there already and is not a socket; it is not replaced. "
                           "Remove it, or configure another path.");
    }
    const int probe = new_socket(AF_UNIX);
    if (probe < 0) {
        return system_failure(address, errno);
    }
    const int answer = ::connect(probe, endpoint.get(), endpoint.size) == 0 ? 0 : errno;
    ::close(probe);
    if (answer == EACCES || answer == EPERM) {
        return system_failure(address, answer);
    }
    if (answer != ECONNREFUSED && answer != ENOENT) {
        // Connected, or its queue is full: somebody is there.
        return system_failure(address, EADDRINUSE);
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_failure(address, errno);
    }
    return {};
}

}  // namespace

std::string listen_text(const std::string& address, std::uint16_t port) {
    if (is_unix(address)) {
        return address;
    }
    const bool is_ipv6 = address.find(':') != std::string::npos;
    return (is_ipv6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

Result<std::string> canonical_address(const std::string& address) {
    const auto endpoint = endpoint_of(address, 0);
    if (!endpoint) {
        return tl::unexpected(endpoint.error());
    }
    if (endpoint->family() == AF_UNIX) {
        return address;  // a path with `..` may mean something else than it says
    }
    std::array<char, NI_MAXHOST> text{};
    const int answer = ::getnameinfo(endpoint->get(), endpoint->size, text.data(), text.size(),
                                     nullptr, 0, NI_NUMERICHOST);
    if (answer != 0) {
        return bad_address(address, ::gai_strerror(answer));
    }
    return std::string(text.data());
}

void close_socket(std::intptr_t descriptor) {
    ::close(number(descriptor));
}

ListeningGroup::ListeningGroup(ListenAddress address) : address_(std::move(address)) {}

ListeningGroup::~ListeningGroup() {
    for (const std::intptr_t descriptor : descriptors_) {
        ::close(number(descriptor));
    }
    struct stat status {};
    if (file_ != nullptr && ::lstat(file_->path.c_str(), &status) == 0 &&
        status.st_dev == file_->device && status.st_ino == file_->inode) {
        ::unlink(file_->path.c_str());
    }
}

Result<std::unique_ptr<ListeningGroup>> ListeningGroup::open(const ListenAddress& address) {
    const auto endpoint = endpoint_of(address.address, address.port);
    if (!endpoint) {
        return tl::unexpected(endpoint.error());
    }
    if (is_unix(address.address)) {
        if (auto cleared = clear_path(address, *endpoint); !cleared) {
            return tl::unexpected(cleared.error());
        }
    }
    std::unique_ptr<ListeningGroup> group(new ListeningGroup(address));
    if (auto added = group->add_socket(); !added) {
        return tl::unexpected(added.error());
    }
    return group;
}

Result<void> ListeningGroup::grow(std::size_t count) {
    const std::size_t before = descriptors_.size();
    while (descriptors_.size() < count) {
        Result<void> added;
        if (is_unix(address_.address)) {
            const int copy = ::fcntl(number(descriptors_.front()), F_DUPFD_CLOEXEC, 0);
            added = copy < 0 ? Result<void>(system_failure(address_, errno)) : Result<void>();
            descriptors_.push_back(copy);
        } else {
            added = add_socket();
        }
        if (!added) {
            for (; descriptors_.size() > before; descriptors_.pop_back()) {
                ::close(number(descriptors_.back()));
            }
            return added;
        }
    }
    return {};
}

Result<void> ListeningGroup::add_socket() {
    auto endpoint = endpoint_of(address_.address, address_.port);
    const int made = new_socket(endpoint->family());
    if (made < 0) {
        return system_failure(address_, errno);
    }
    // From here on the group closes it, also when the rest fails.
    descriptors_.push_back(made);
    const bool is_first = descriptors_.size() == 1;
    const bool is_file = endpoint->family() == AF_UNIX;
    // The first socket is bound and listens without SO_REUSEPORT, so that a port which somebody
    // has, however shared, is refused; there is no moment at which two hosts could both get it.
    // Only then it is opened to the others of this group. Linux asks for the option when a socket
    // joins.
    const auto prepared = [&] {
        if (is_file) {
            // The mode of the file follows from that of the socket: never wider than wanted.
            return ::fchmod(made, static_cast<mode_t>(address_.unix_mode)) == 0;
        }
        return turn(made, SOL_SOCKET, SO_REUSEADDR, true) &&
               (endpoint->family() != AF_INET6 ||
                turn(made, IPPROTO_IPV6, IPV6_V6ONLY, address_.ipv6_only)) &&
               (is_first || (turn(number(descriptors_.front()), SOL_SOCKET, SO_REUSEPORT, true) &&
                             turn(made, SOL_SOCKET, SO_REUSEPORT, true)));
    };
    const int backlog = address_.backlog == 0
                            ? SOMAXCONN
                            : static_cast<int>(std::min<std::uint32_t>(address_.backlog, INT_MAX));
    if (!prepared() || ::bind(made, endpoint->get(), endpoint->size) != 0) {
        return system_failure(address_, errno);
    }
    if (is_file) {
        auto file = std::make_unique<File>();
        file->path = path_of(address_.address);
        struct stat status {};
        // Past the umask.
        if (::chmod(file->path.c_str(), static_cast<mode_t>(address_.unix_mode)) != 0 ||
            ::lstat(file->path.c_str(), &status) != 0) {
            return system_failure(address_, errno);
        }
        file->device = status.st_dev;
        file->inode = status.st_ino;
        file_ = std::move(file);
    }
    if (::listen(made, backlog) != 0 ||
        ::getsockname(made, endpoint->get(), &endpoint->size) != 0) {
        return system_failure(address_, errno);
    }
    if (!is_file) {
        address_.port = endpoint->port();
    }
    return {};
}

void ListeningGroup::stop_listening() {
    for (const std::intptr_t descriptor : descriptors_) {
        ::shutdown(number(descriptor), SHUT_RDWR);
    }
}

}  // namespace patchbay::plugins::platform
