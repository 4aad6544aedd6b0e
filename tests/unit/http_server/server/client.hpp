// SPDX-License-Identifier: Apache-2.0
/// \file
/// An HTTP client for tests: it sends bytes as they are, and reads what a server answers. Waits end
/// with an exception after a while: only a test that fails gets there.
#pragma once

#include <patchbay/net/descriptor.hpp>
#include <patchbay/net/stream.hpp>
#include <patchbay/net/tls.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::http_server::test {

struct Response {
    unsigned status = 0;  ///< 0: the connection ended instead
    std::string head;     ///< with its empty line
    std::string body;

    /// Of the first header with that name.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// One connection.
class Client {
  public:
    /// To 127.0.0.1.
    explicit Client(std::uint16_t port);
    /// To a Unix socket.
    explicit Client(const std::string& path);
    /// Speaks TLS from here on; false when the handshake fails. The context must outlive this.
    [[nodiscard]] bool start_tls(const net::TlsContext& context, const std::string& host);

    /// False when the server has ended the connection.
    bool send(std::string_view bytes);
    /// The next response. The answer to HEAD has no body, whatever its head says.
    [[nodiscard]] Response receive(bool to_head = false);
    /// Reads that many bytes, and keeps them for `receive`; false when the connection ends before.
    [[nodiscard]] bool read(std::size_t size);
    /// All that comes until the server ends the connection.
    [[nodiscard]] std::string receive_all();
    /// The server ends the connection without sending anything more.
    [[nodiscard]] bool is_ended();
    /// What the server has sent can be read now, without waiting.
    [[nodiscard]] bool has_input() const;

    /// Nothing more follows from this side.
    void end_sending();
    /// Ends the connection with a reset.
    void reset();
    [[nodiscard]] const net::Stream& stream() const { return stream_; }

  private:
    explicit Client(int family);
    [[nodiscard]] bool read_more();

    net::Stream stream_;
    std::string received_;
};

}  // namespace patchbay::http_server::test
