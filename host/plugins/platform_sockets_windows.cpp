// SPDX-License-Identifier: Apache-2.0
// This host lends no sockets on Windows: every request is answered with `unsupported`.
#include "plugins/platform_sockets.hpp"

#include <winsock2.h>

#include <utility>

namespace patchbay::plugins::platform {

struct ListeningGroup::File {};

std::string listen_text(const std::string& address, std::uint16_t port) {
    return address + ' ' + std::to_string(port);
}

Result<std::string> canonical_address(const std::string& address) {
    return failure(ErrorClass::unsupported, "listen.failed",
                   "Cannot listen on '" + address + "': this host lends no sockets on Windows.");
}

void close_socket(std::intptr_t descriptor) {
    ::closesocket(static_cast<SOCKET>(descriptor));
}

ListeningGroup::ListeningGroup(ListenAddress address) : address_(std::move(address)) {}

ListeningGroup::~ListeningGroup() = default;

Result<std::unique_ptr<ListeningGroup>> ListeningGroup::open(const ListenAddress& address) {
    const auto refused = canonical_address(address.address);
    return tl::unexpected(refused.error());
}

Result<void> ListeningGroup::grow(std::size_t) {
    return add_socket();
}

Result<void> ListeningGroup::add_socket() {
    const auto refused = canonical_address(address_.address);
    return tl::unexpected(refused.error());
}

void ListeningGroup::stop_listening() {}

}  // namespace patchbay::plugins::platform
