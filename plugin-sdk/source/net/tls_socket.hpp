// SPDX-License-Identifier: Apache-2.0
/// \file
/// How OpenSSL reaches the socket. Its own socket BIO cannot tell that a read took all that was
/// there, which costs one more system call per request; this one can.
#pragma once

#include <openssl/bio.h>

namespace patchbay::net {

/// A method for `BIO_new`; to be freed with `BIO_meth_free`. Null when out of memory.
[[nodiscard]] BIO_METHOD* create_tls_socket_method() noexcept;
/// Names the socket, which stays the caller's.
void set_tls_socket(BIO* bio, int socket) noexcept;
/// The last read from the socket got less than it asked for.
[[nodiscard]] bool tls_socket_is_drained(BIO* bio) noexcept;

}  // namespace patchbay::net
