// SPDX-License-Identifier: Apache-2.0
/// \file
/// A connected non-blocking socket, plain or with TLS, for those who are called by a ReadinessSet.
/// It has no buffers of its own; every function does what the system allows at once and says what
/// to wait for. [lane]
#pragma once

#include <patchbay/net/descriptor.hpp>
#include <patchbay/net/tls.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace patchbay::net {

enum class IoState : std::uint8_t {
    done,        ///< `size` bytes were moved, or the handshake is complete
    want_read,   ///< try again when the socket can be read
    want_write,  ///< try again when the socket can be written
    closed,      ///< the peer has closed its side
    failed,      ///< `Stream::failure_text` tells why
};

struct IoResult {
    IoState state = IoState::failed;
    std::size_t size = 0;
    /// After a read: no more bytes are there right now, so that a further read can be spared until
    /// the socket is ready again. The end of the stream may be there: `ReadyFor::ended` tells.
    bool drained = false;
};

class Stream {
  public:
    Stream() = default;
    explicit Stream(Descriptor socket, TlsSession tls = nullptr) noexcept
        : socket_(std::move(socket)), tls_(std::move(tls)) {}

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(socket_); }
    [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }

    /// From here on with TLS. `session` was made for this socket.
    void start_tls(TlsSession session) noexcept { tls_ = std::move(session); }
    /// One step of the handshake; without TLS it is done.
    [[nodiscard]] IoResult handshake() noexcept;
    [[nodiscard]] IoResult read_some(char* buffer, std::size_t capacity) noexcept;
    /// After `want_write`, a TLS stream wants the same bytes again (and may be given more).
    [[nodiscard]] IoResult write_some(const char* data, std::size_t size) noexcept;
    /// Tells the peer that nothing follows: TLS's close_notify, then the end of the stream.
    void shut_down() noexcept;
    /// Gives the socket away: it is closed by whoever has it then. Without TLS only.
    [[nodiscard]] int release() noexcept { return socket_.release(); }
    /// Closes it; a TLS peer that was not told before is not told now.
    void close() noexcept;

    /// Why the last operation failed.
    [[nodiscard]] std::string failure_text() const;
    /// The handshake failed because the peer sent a request of HTTP without TLS. What is sent on
    /// the descriptor now is plain, and the peer understands it.
    [[nodiscard]] bool peer_spoke_http() const noexcept;

  private:
    [[nodiscard]] IoResult tls_result(int returned) noexcept;

    Descriptor socket_;
    TlsSession tls_;
    int error_ = 0;                ///< errno of the last failure
    unsigned long tls_error_ = 0;  ///< OpenSSL's, when it has one
};

}  // namespace patchbay::net
