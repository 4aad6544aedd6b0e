// SPDX-License-Identifier: Apache-2.0
#include "sockets_double.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace patchbay::testing {

SocketsDouble::Address::~Address() {
    for (const int descriptor : descriptors) {
        ::close(descriptor);
    }
    if (!path.empty()) {
        ::unlink(path.c_str());
    }
}

std::vector<Listening> SocketsDouble::told() const {
    std::vector<Listening> open;
    for (const auto& [id, address] : addresses_) {
        open.push_back(address.told);
    }
    return open;
}

void SocketsDouble::close() {
    addresses_.clear();
    ids_.clear();
}

bool SocketsDouble::give_back(std::uint64_t id, bool keep) {
    const auto found = addresses_.find(id);
    if (found == addresses_.end() || found->second.told.loans == 0) {
        return false;
    }
    if (--found->second.told.loans == 0 && !keep) {
        std::erase_if(ids_, [&](const auto& entry) { return entry.second == id; });
        addresses_.erase(found);
    }
    return true;
}

#if defined(PATCHBAY_SOCKETS_EXTENSION)

namespace {

constexpr std::uint32_t most_sockets = 64;
constexpr std::size_t most_addresses = 64;
constexpr std::string_view unix_prefix = "unix:";

/// A socket address of any family.
struct Endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] int family() const { return storage.ss_family; }
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
    /// The port lies at the same place in both families.
    [[nodiscard]] sockaddr_in& with_port() { return reinterpret_cast<sockaddr_in&>(storage); }
};

tl::unexpected<Error> bad_address(const std::string& text) {
    return failure(ErrorClass::invalid, "listen.bad_address",
                   "'" + text + "' is neither an IP address nor unix: and an absolute path.");
}

Result<Endpoint> endpoint_of(const std::string& text, std::uint32_t port) {
    Endpoint endpoint;
    if (text.starts_with(unix_prefix)) {
        auto& address = reinterpret_cast<sockaddr_un&>(endpoint.storage);
        const std::string path = text.substr(unix_prefix.size());
        if (!path.starts_with('/') || path.size() >= sizeof address.sun_path) {
            return bad_address(text);
        }
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, path.size());
        endpoint.size = sizeof address;
        return endpoint;
    }
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (port > 65535 ||
        ::getaddrinfo(text.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        return bad_address(text);
    }
    std::memcpy(&endpoint.storage, found->ai_addr, found->ai_addrlen);
    endpoint.size = found->ai_addrlen;
    ::freeaddrinfo(found);
    return endpoint;
}

std::string text_of(const std::string& address, std::uint32_t port) {
    if (address.starts_with(unix_prefix)) {
        return address;
    }
    return (address.find(':') == std::string::npos ? address : '[' + address + ']') + ':' +
           std::to_string(port);
}

tl::unexpected<Error> system_failure(const std::string& address) {
    const char* code = errno == EADDRINUSE      ? "listen.address_in_use"
                       : errno == EADDRNOTAVAIL ? "listen.address_not_available"
                       : errno == EACCES        ? "listen.permission_denied"
                                                : "listen.failed";
    return failure(
        ErrorClass::failed, code,
        "Cannot listen on " + address + ": " + std::generic_category().message(errno) + ".");
}

bool set(int descriptor, int level, int option, bool on) {
    const int value = on ? 1 : 0;
    return ::setsockopt(descriptor, level, option, &value, sizeof value) == 0;
}

/// One listening socket more, appended to `descriptors`. The first is bound alone, so that a port
/// that somebody else has is refused; the others share its port.
Result<void> open_one(std::vector<int>& descriptors, Endpoint& endpoint,
                      const patchbay_listen_options& options, const std::string& text) {
    const bool is_first = descriptors.empty();
    if (!is_first && endpoint.family() == AF_UNIX) {
        descriptors.push_back(::fcntl(descriptors.front(), F_DUPFD_CLOEXEC, 0));
        return {};
    }
    const int made = ::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (made < 0) {
        return system_failure(text);
    }
    descriptors.push_back(made);
    const bool v6_only = (options.flags & PATCHBAY_LISTEN_IPV6_ONLY) != 0;
    const int backlog = options.backlog == 0 ? SOMAXCONN : static_cast<int>(options.backlog);
    if (!set(made, SOL_SOCKET, SO_REUSEADDR, true) ||
        (endpoint.family() == AF_INET6 && !set(made, IPPROTO_IPV6, IPV6_V6ONLY, v6_only)) ||
        (!is_first && (!set(descriptors.front(), SOL_SOCKET, SO_REUSEPORT, true) ||
                       !set(made, SOL_SOCKET, SO_REUSEPORT, true))) ||
        ::bind(made, endpoint.get(), endpoint.size) != 0 || ::listen(made, backlog) != 0 ||
        ::getsockname(made, reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size) != 0) {
        return system_failure(text);
    }
    return {};
}

}  // namespace

Result<void> SocketsDouble::lend(const patchbay_listen_options& options,
                                 patchbay_array& listeners) {
    const std::string name(options.address.data, options.address.size);
    auto endpoint = endpoint_of(name, options.port);
    if (!endpoint) {
        return tl::unexpected<Error>(endpoint.error());
    }
    const std::string asked = text_of(name, options.port);
    const std::uint64_t id =
        ids_.try_emplace(asked + ' ' + std::to_string(options.flags), next_id_).first->second;
    Address& address = addresses_[id];
    const bool is_new = id == next_id_;
    next_id_ += is_new ? 1 : 0;
    const std::size_t before = address.descriptors.size();
    const auto take_back = [&] {
        for (; address.descriptors.size() > before; address.descriptors.pop_back()) {
            ::close(address.descriptors.back());
        }
        if (is_new) {
            std::erase_if(ids_, [&](const auto& entry) { return entry.second == id; });
            addresses_.erase(id);
        }
    };
    const auto wanted = std::max(static_cast<std::uint32_t>(before), options.count);
    if (options.count == 0 || options.count > most_sockets || wanted > listeners.count ||
        addresses_.size() > most_addresses) {
        take_back();
        return failure(ErrorClass::invalid, "listen.too_many",
                       "An instance may have 64 addresses of 1 to 64 sockets each, and needs room "
                       "for the " +
                           std::to_string(wanted) + " sockets of " + asked + ".");
    }
    if (!is_new && endpoint->family() != AF_UNIX) {
        endpoint->with_port().sin_port = htons(address.told.port);
    }
    while (address.descriptors.size() < wanted) {
        if (auto opened = open_one(address.descriptors, *endpoint, options, asked); !opened) {
            take_back();
            return opened;
        }
    }
    if (is_new && endpoint->family() == AF_UNIX) {
        address.path = name.substr(unix_prefix.size());
        ::chmod(address.path.c_str(), options.unix_mode == 0 ? 0660 : options.unix_mode);
    } else if (is_new) {
        address.told.port = ntohs(endpoint->with_port().sin_port);
    }
    address.told.address = text_of(name, address.told.port);
    address.told.sockets = address.descriptors.size();
    ++address.told.loans;
    listeners.count = wanted;
    for (std::uint32_t i = 0; i < wanted; ++i) {
        patchbay_listener listener{};
        listener.descriptor = address.descriptors[i];
        listener.id = id;
        listener.port = address.told.port;
        void* target = patchbay_array_at(&listeners, i);
        std::memset(target, 0, listeners.stride);
        std::memcpy(target, &listener, std::min<std::size_t>(listeners.stride, sizeof listener));
    }
    return {};
}

#endif

}  // namespace patchbay::testing
