// SPDX-License-Identifier: Apache-2.0
#include "peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace patchbay::http_client {

namespace {

constexpr int patience_seconds = 20;

void check(bool good, const std::string& what) {
    if (!good) {
        throw std::runtime_error(what + ": " + std::strerror(errno));
    }
}

void set_patience(int socket) {
    const timeval patience{patience_seconds, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

}  // namespace

struct Peer::Tls {
    ~Tls() {
        SSL_free(session);
        SSL_CTX_free(context);
    }
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    SSL* session = nullptr;
};

Peer::Peer(net::Descriptor socket) : socket_(std::move(socket)) {
    set_patience(socket_.get());
}
Peer::Peer(Peer&&) noexcept = default;
Peer& Peer::operator=(Peer&&) noexcept = default;
Peer::~Peer() = default;

bool Peer::start_tls(const Certificate& certificate, const std::string& client_authorities) {
    tls_ = std::make_unique<Tls>();
    SSL_CTX* const context = tls_->context;
    if (SSL_CTX_use_certificate_chain_file(context, certificate.certificate_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, certificate.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error("the server's certificate cannot be used");
    }
    if (!client_authorities.empty()) {
        SSL_CTX_load_verify_locations(context, client_authorities.c_str(), nullptr);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    tls_->session = SSL_new(context);
    SSL_set_fd(tls_->session, socket_.get());
    const bool good = SSL_accept(tls_->session) == 1;
    ERR_clear_error();
    return good;
}

std::string Peer::asked_name() const {
    const char* name = SSL_get_servername(tls_->session, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
}

bool Peer::has_client_certificate() const {
    X509* const certificate = SSL_get1_peer_certificate(tls_->session);
    X509_free(certificate);
    return certificate != nullptr;
}

std::size_t Peer::read_some(char* buffer, std::size_t size) {
    if (tls_) {
        const int got = SSL_read(tls_->session, buffer, static_cast<int>(size));
        ERR_clear_error();
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    const auto got = ::recv(socket_.get(), buffer, size, 0);
    check(got >= 0 || errno == ECONNRESET, "recv");
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string Peer::read(std::size_t size) {
    std::vector<char> buffer(64UL * 1024);
    while (rest_.size() < size) {
        const std::size_t got = read_some(buffer.data(), buffer.size());
        if (got == 0) {
            throw std::runtime_error("the client closed the connection after: " + rest_);
        }
        rest_.append(buffer.data(), got);
    }
    std::string bytes = rest_.substr(0, size);
    rest_.erase(0, size);
    return bytes;
}

std::string Peer::read_request() {
    std::string request;
    while (!request.ends_with("\r\n\r\n")) {
        request += read(1);
    }
    const std::size_t length = request.find("Content-Length: ");
    if (length != std::string::npos) {
        request += read(std::stoul(request.substr(length + 16)));
    }
    return request;
}

void Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent =
            tls_ ? SSL_write(tls_->session, bytes.data(), static_cast<int>(bytes.size()))
                 : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        check(sent > 0, "send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Peer::respond(std::string_view status, std::string_view body, std::string_view headers) {
    send("HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

void Peer::wait_for_close() {
    char byte = 0;
    if (!rest_.empty() || read_some(&byte, 1) != 0) {
        throw std::runtime_error("the client sent more instead of closing");
    }
}

void Peer::close() {
    if (tls_ && tls_->session != nullptr) {
        SSL_shutdown(tls_->session);
        tls_.reset();
    }
    socket_ = net::Descriptor();
}

void Peer::cut() {
    tls_.reset();
    socket_ = net::Descriptor();
}

void Peer::reset() {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    tls_.reset();
    socket_ = net::Descriptor();
}

Server::Server(const std::string& address, int backlog, std::uint16_t port) : address_(address) {
    const bool is_v6 = address.find(':') != std::string::npos;
    socket_ = net::Descriptor(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage storage{};
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (is_v6) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        check(::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1, address);
    } else {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        check(::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1, address);
    }
    socklen_t size = is_v6 ? sizeof *v6 : sizeof *v4;
    check(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0, "bind");
    check(::listen(socket_.get(), backlog) == 0, "listen");
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    port_ = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
}

std::string Server::url(std::string_view target) const {
    const bool is_v6 = address_.find(':') != std::string::npos;
    return "http://" + (is_v6 ? '[' + address_ + ']' : address_) + ':' + std::to_string(port_) +
           std::string(target);
}

Peer Server::accept() {
    set_patience(socket_.get());
    net::Descriptor socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    check(static_cast<bool>(socket), "accept");
    return Peer(std::move(socket));
}

bool Server::has_visitor() const {
    pollfd ready{socket_.get(), POLLIN, 0};
    return ::poll(&ready, 1, 0) == 1;
}

}  // namespace patchbay::http_client
