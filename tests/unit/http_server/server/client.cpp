// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace patchbay::http_server::test {

namespace {

namespace http = boost::beast::http;

constexpr timeval patience{20, 0};

void connect(int descriptor, const void* address, socklen_t size) {
    if (::connect(descriptor, static_cast<const sockaddr*>(address), size) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect");
    }
}

}  // namespace

std::string Response::header(std::string_view name) const {
    http::response_parser<http::string_body> parser;
    parser.skip(true);
    boost::beast::error_code error;
    parser.put(boost::asio::buffer(head), error);
    return std::string(parser.get()[{name.data(), name.size()}]);
}

Client::Client(int family) : stream_(net::Descriptor(::socket(family, SOCK_STREAM, 0))) {
    ::setsockopt(stream_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(stream_.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Client::Client(std::uint16_t port) : Client(AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(stream_.descriptor(), &address, sizeof address);
}

Client::Client(const std::string& path) : Client(AF_UNIX) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connect(stream_.descriptor(), &address, sizeof address);
}

bool Client::start_tls(const net::TlsContext& context, const std::string& host) {
    stream_.start_tls(context.connect(stream_.descriptor(), host));
    return stream_.handshake().state == net::IoState::done;
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const net::IoResult sent = stream_.write_some(bytes.data(), bytes.size());
        if (sent.state == net::IoState::want_write) {
            throw std::runtime_error("the server does not read");
        }
        if (sent.state != net::IoState::done) {
            return false;
        }
        bytes.remove_prefix(sent.size);
    }
    return true;
}

/// False when the server has ended the connection.
bool Client::read_more() {
    std::array<char, 16384> buffer;  // NOLINT: filled by the system
    const net::IoResult got = stream_.read_some(buffer.data(), buffer.size());
    if (got.state == net::IoState::want_read) {
        throw std::runtime_error("the server does not answer; it has sent '" + received_ + "'");
    }
    if (got.state != net::IoState::done) {
        return false;
    }
    received_.append(buffer.data(), got.size);
    return true;
}

Response Client::receive(bool to_head) {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.skip(to_head);
    parser.body_limit(boost::none);
    std::size_t size = 0;  // of the response, as far as it was parsed
    for (;;) {
        boost::beast::error_code error;
        while (!error && !parser.is_done() && size < received_.size()) {
            size += parser.put(
                boost::asio::buffer(received_.data() + size, received_.size() - size), error);
        }
        if (error && error != http::error::need_more) {
            throw std::runtime_error("not a response: " + error.message() + ": " + received_);
        }
        if (parser.is_done()) {
            Response response;
            response.status = parser.get().result_int();
            response.head = received_.substr(0, received_.find("\r\n\r\n") + 4);
            response.body = parser.get().body();
            received_.erase(0, size);
            return response;
        }
        if (!read_more()) {
            return {};
        }
    }
}

bool Client::read(std::size_t size) {
    for (const std::size_t wanted = received_.size() + size; received_.size() < wanted;) {
        if (!read_more()) {
            return false;
        }
    }
    return true;
}

std::string Client::receive_all() {
    while (read_more()) {
    }
    return std::exchange(received_, std::string());
}

bool Client::is_ended() {
    return received_.empty() && !read_more();
}

bool Client::has_input() const {
    pollfd waiting{stream_.descriptor(), POLLIN, 0};
    return !received_.empty() || ::poll(&waiting, 1, 0) == 1;
}

void Client::end_sending() {
    ::shutdown(stream_.descriptor(), SHUT_WR);
}

void Client::reset() {
    const linger at_once{1, 0};
    ::setsockopt(stream_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_.close();
}

}  // namespace patchbay::http_server::test
