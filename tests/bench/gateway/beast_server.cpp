// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bare Boost.Beast WebSocket server, written as Beast's own example is (websocket_server_async):
/// `tcp_stream`, the suggested time limits, one `async_read` and one `async_write` for each
/// message. permessage-deflate is compiled out, which saves memory and time. One thread.
///
/// usage: beast_server PORT
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
  public:
    explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

    void start() {
        stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
        stream_.async_accept([self = shared_from_this()](beast::error_code error) {
            if (!error) {
                self->read();
            }
        });
    }

  private:
    void read() {
        stream_.async_read(buffer_,
                           [self = shared_from_this()](beast::error_code error, std::size_t) {
                               if (!error) {
                                   self->write();
                               }
                           });
    }
    void write() {
        stream_.text(stream_.got_text());
        stream_.async_write(buffer_.data(),
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                                if (!error) {
                                    self->buffer_.consume(self->buffer_.size());
                                    self->read();
                                }
                            });
    }

    websocket::stream<beast::tcp_stream, false> stream_;
    beast::flat_buffer buffer_;
};

class Listener {
  public:
    Listener(asio::io_context& context, std::uint16_t port) : acceptor_(context) {
        const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen(asio::socket_base::max_listen_connections);
        accept();
    }

  private:
    void accept() {
        acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
            if (!error) {
                socket.set_option(tcp::no_delay(true));
                std::make_shared<Session>(std::move(socket))->start();
            }
            accept();
        });
    }

    tcp::acceptor acceptor_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: beast_server PORT\n");
        return 2;
    }
    asio::io_context context(1);
    const Listener listener(context, static_cast<std::uint16_t>(std::atoi(argv[1])));
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&context](beast::error_code, int) { context.stop(); });
    context.run();
    return 0;
}
