// SPDX-License-Identifier: Apache-2.0
#include <patchbay/listening_sockets.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace patchbay {

namespace {

/// Most sockets of one address (abi.h).
constexpr std::uint32_t most_sockets = 64;

std::string address_text(const std::string& address, std::uint16_t port) {
    if (address.starts_with("unix:")) {
        return address;
    }
    const bool is_ipv6 = address.find(':') != std::string::npos;
    return (is_ipv6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

Error error_of(patchbay_status status, const patchbay_error& error) {
    const bool is_known = status >= PATCHBAY_INVALID && status <= PATCHBAY_FAILED;
    return {is_known ? static_cast<ErrorClass>(status) : ErrorClass::failed,
            error.code[0] != '\0' ? error.code : "listen.failed",
            error.text[0] != '\0' ? error.text : "The host could not listen and gave no reason."};
}

/// Item of an array as this header knows it: what lies beyond the stride is zero.
patchbay_listener listener_at(const patchbay_array& array, std::uint32_t index) {
    patchbay_listener listener{};
    std::memcpy(&listener, patchbay_array_at(&array, index),
                std::min<std::size_t>(array.stride, sizeof listener));
    return listener;
}

}  // namespace

Result<std::string> listening_address(const std::string& host) {
    if (host.starts_with("unix:")) {
        return host;
    }
    if (host == "localhost") {
        return std::string("127.0.0.1");
    }
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    if (error) {
        return failure(
            ErrorClass::invalid, "listen.bad_host",
            "'host' is '" + host + "'; expected an IP address, localhost, or unix:/absolute/path.");
    }
    return host;
}

ListeningSockets::ListeningSockets(ListeningSockets&& other) noexcept
    : host_(other.host_),
      table_(std::exchange(other.table_, nullptr)),
      id_(other.id_),
      descriptors_(std::move(other.descriptors_)),
      address_(std::move(other.address_)),
      port_(other.port_),
      keep_(other.keep_) {}

ListeningSockets& ListeningSockets::operator=(ListeningSockets&& other) noexcept {
    if (this != &other) {
        release();
        host_ = other.host_;
        table_ = std::exchange(other.table_, nullptr);
        id_ = other.id_;
        descriptors_ = std::move(other.descriptors_);
        address_ = std::move(other.address_);
        port_ = other.port_;
        keep_ = other.keep_;
    }
    return *this;
}

ListeningSockets::~ListeningSockets() {
    release();
}

Result<ListeningSockets> ListeningSockets::open(const Host& host, const ListenOptions& options) {
    const auto* table = host.extension<patchbay_sockets>(PATCHBAY_SOCKETS_EXTENSION);
    if (table == nullptr) {
        return failure(ErrorClass::unsupported, "host.no_extension",
                       "The host does not offer " PATCHBAY_SOCKETS_EXTENSION ".");
    }
    patchbay_listen_options wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.flags = options.ipv6_only ? std::uint32_t{PATCHBAY_LISTEN_IPV6_ONLY} : 0U;
    wanted.address = to_abi_string(options.address);
    wanted.port = options.port;
    wanted.count = options.count;
    wanted.backlog = options.backlog;
    wanted.unix_mode = options.unix_mode;
    std::array<patchbay_listener, most_sockets> items{};
    patchbay_array listeners{sizeof(patchbay_array), sizeof(patchbay_listener), most_sockets, 0,
                             items.data()};
    patchbay_error error{};
    error.struct_size = sizeof error;
    const patchbay_status status = table->listen(host.abi(), &wanted, &listeners, &error);
    if (status != PATCHBAY_OK) {
        return tl::unexpected<Error>(error_of(status, error));
    }
    ListeningSockets sockets;
    sockets.host_ = host.abi();
    sockets.table_ = table;
    const patchbay_listener first = listener_at(listeners, 0);
    sockets.id_ = first.id;
    sockets.port_ = static_cast<std::uint16_t>(first.port);
    sockets.address_ = address_text(options.address, sockets.port_);
    for (std::uint32_t i = 0; i < listeners.count; ++i) {
        sockets.descriptors_.push_back(listener_at(listeners, i).descriptor);
    }
    return sockets;
}

std::vector<std::intptr_t> ListeningSockets::descriptors_of(std::uint32_t lane,
                                                            std::uint32_t lanes) const {
    std::vector<std::intptr_t> served;
    for (std::size_t i = lane; i < descriptors_.size(); i += std::max<std::uint32_t>(lanes, 1)) {
        served.push_back(descriptors_[i]);
    }
    return served;
}

void ListeningSockets::release() noexcept {
    if (const patchbay_sockets* table = std::exchange(table_, nullptr); table != nullptr) {
        descriptors_.clear();
        table->release(host_, id_, keep_ ? std::uint32_t{PATCHBAY_RELEASE_KEEP} : 0U);
    }
}

}  // namespace patchbay
