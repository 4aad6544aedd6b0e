// SPDX-License-Identifier: Apache-2.0
#include "tls_socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace patchbay::net {

namespace {

/// The BIO's data pointer holds the socket in its upper bits and in the lowest whether it is
/// drained, so that a session needs no block of its own for two values.
constexpr std::uintptr_t drained_bit = 1;

std::uintptr_t data_of(BIO* bio) noexcept {
    return reinterpret_cast<std::uintptr_t>(BIO_get_data(bio));
}

void set_data(BIO* bio, std::uintptr_t data) noexcept {
    BIO_set_data(bio, reinterpret_cast<void*>(data));
}

int socket_of(BIO* bio) noexcept {
    return static_cast<int>(data_of(bio) >> 1U);
}

void set_drained(BIO* bio, bool drained) noexcept {
    set_data(bio, (data_of(bio) & ~drained_bit) | (drained ? drained_bit : 0));
}

bool is_retry(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int read(BIO* bio, char* buffer, int size) noexcept {
    BIO_clear_retry_flags(bio);
    const auto got = ::recv(socket_of(bio), buffer, static_cast<std::size_t>(size), 0);
    if (got < 0 && is_retry(errno)) {
        BIO_set_retry_read(bio);
    }
    if (got == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    }
    // After the end of the stream a further read is wanted: it tells.
    set_drained(bio, got < 0 || (got > 0 && got < size));
    return static_cast<int>(got);
}

int write(BIO* bio, const char* data, int size) noexcept {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && is_retry(errno)) {
        BIO_set_retry_write(bio);
    }
    return static_cast<int>(sent);
}

long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) noexcept {
    switch (command) {
        case BIO_CTRL_FLUSH:
        case BIO_CTRL_DUP:
            return 1;
        case BIO_CTRL_EOF:
            return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        default:
            return 0;
    }
}

}  // namespace

BIO_METHOD* create_tls_socket_method() noexcept {
    BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "patchbay socket");
    if (method != nullptr) {
        BIO_meth_set_read(method, read);
        BIO_meth_set_write(method, write);
        BIO_meth_set_ctrl(method, control);
    }
    return method;
}

void set_tls_socket(BIO* bio, int socket) noexcept {
    set_data(bio, static_cast<std::uintptr_t>(socket) << 1U);
    BIO_set_init(bio, 1);
}

bool tls_socket_is_drained(BIO* bio) noexcept {
    return (data_of(bio) & drained_bit) != 0;
}

}  // namespace patchbay::net
