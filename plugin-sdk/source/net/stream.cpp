// SPDX-License-Identifier: Apache-2.0
#include "tls_socket.hpp"

#include <patchbay/net/stream.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace patchbay::net {

namespace {

bool would_block(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

IoResult Stream::handshake() noexcept {
    if (!tls_) {
        return {IoState::done, 0, false};
    }
    ERR_clear_error();
    const int returned = SSL_do_handshake(tls_.get());
    return returned == 1 ? IoResult{IoState::done, 0, false} : tls_result(returned);
}

IoResult Stream::read_some(char* buffer, std::size_t capacity) noexcept {
    if (tls_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int returned = SSL_read_ex(tls_.get(), buffer, capacity, &got);
        if (returned != 1) {
            return tls_result(returned);
        }
        return {
            IoState::done, got,
            SSL_has_pending(tls_.get()) == 0 && tls_socket_is_drained(SSL_get_rbio(tls_.get()))};
    }
    const auto got = ::recv(socket_.get(), buffer, capacity, 0);
    if (got > 0) {
        const auto size = static_cast<std::size_t>(got);
        return {IoState::done, size, size < capacity};
    }
    if (got == 0) {
        return {IoState::closed, 0, true};
    }
    error_ = errno;
    tls_error_ = 0;
    return {would_block(error_) ? IoState::want_read : IoState::failed, 0, true};
}

IoResult Stream::write_some(const char* data, std::size_t size) noexcept {
    if (tls_) {
        ERR_clear_error();
        std::size_t sent = 0;
        const int returned = SSL_write_ex(tls_.get(), data, size, &sent);
        return returned == 1 ? IoResult{IoState::done, sent, false} : tls_result(returned);
    }
    const auto sent = ::send(socket_.get(), data, size, MSG_NOSIGNAL);
    if (sent >= 0) {
        return {IoState::done, static_cast<std::size_t>(sent), false};
    }
    error_ = errno;
    tls_error_ = 0;
    return {would_block(error_) ? IoState::want_write : IoState::failed, 0, false};
}

IoResult Stream::tls_result(int returned) noexcept {
    error_ = errno;
    switch (SSL_get_error(tls_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            return {IoState::want_read, 0, true};
        case SSL_ERROR_WANT_WRITE:
            return {IoState::want_write, 0, false};
        case SSL_ERROR_ZERO_RETURN:
            return {IoState::closed, 0, true};
        default:
            tls_error_ = ERR_peek_error();
            ERR_clear_error();
            return {IoState::failed, 0, true};
    }
}

void Stream::shut_down() noexcept {
    if (!socket_) {
        return;
    }
    if (tls_) {
        ERR_clear_error();
        // Before the handshake is over there is nothing to tell.
        if (SSL_is_init_finished(tls_.get()) == 1) {
            SSL_shutdown(tls_.get());
        }
        ERR_clear_error();
    }
    ::shutdown(socket_.get(), SHUT_WR);
}

void Stream::close() noexcept {
    tls_.reset();
    socket_ = Descriptor();
}

std::string Stream::failure_text() const {
    if (tls_error_ != 0) {
        const char* reason = ERR_reason_error_string(tls_error_);
        std::string text = reason != nullptr ? reason : "TLS failed";
        const long verified = tls_ ? SSL_get_verify_result(tls_.get()) : X509_V_OK;
        if (ERR_GET_REASON(tls_error_) == SSL_R_CERTIFICATE_VERIFY_FAILED &&
            verified != X509_V_OK) {
            text.append(": ").append(X509_verify_cert_error_string(verified));
        }
        return text;
    }
    return error_ == 0 ? "the peer ended the stream in the middle of TLS"
                       : std::generic_category().message(error_);
}

bool Stream::peer_spoke_http() const noexcept {
    return tls_error_ != 0 && ERR_GET_REASON(tls_error_) == SSL_R_HTTP_REQUEST;
}

}  // namespace patchbay::net
