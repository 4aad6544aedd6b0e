// SPDX-License-Identifier: Apache-2.0
/// \file
/// A bare Boost.Beast server, written as Beast's own examples are (http_server_async and
/// http_server_async_ssl): `tcp_stream` with its time limit, `async_read` and `async_write`, one
/// io_context run by all threads, a strand for each connection. Every request is answered with
/// "Hello, World!".
///
/// usage: beast_server PORT THREADS [CERTIFICATE KEY]
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/version.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
  public:
    template <class... Arguments>
    explicit Session(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}

    void start() {
        asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] {
            if constexpr (std::is_same_v<Stream, TlsStream>) {
                self->limit();
                self->stream_.async_handshake(ssl::stream_base::server,
                                              [self](beast::error_code error) {
                                                  if (!error) {
                                                      self->read();
                                                  }
                                              });
            } else {
                self->read();
            }
        });
    }

  private:
    void limit() { beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(30)); }

    void read() {
        request_ = {};
        limit();
        http::async_read(stream_, buffer_, request_,
                         [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                             if (!error) {
                                 self->write();
                             }
                         });
    }
    void write() {
        response_ = {http::status::ok, request_.version()};
        response_.set(http::field::server, BOOST_BEAST_VERSION_STRING);
        response_.set(http::field::content_type, "text/plain");
        response_.keep_alive(request_.keep_alive());
        response_.body() = "Hello, World!";
        response_.prepare_payload();
        http::async_write(stream_, response_,
                          [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error && self->response_.keep_alive()) {
                                  self->read();
                              }
                          });
    }

    Stream stream_;
    beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> response_;
};

class Listener {
  public:
    Listener(asio::io_context& context, std::uint16_t port, ssl::context* tls)
        : context_(context), acceptor_(context), tls_(tls) {
        const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen(asio::socket_base::max_listen_connections);
        accept();
    }

  private:
    void accept() {
        acceptor_.async_accept(
            asio::make_strand(context_), [this](beast::error_code error, tcp::socket socket) {
                if (!error) {
                    socket.set_option(tcp::no_delay(true));
                    if (tls_ != nullptr) {
                        std::make_shared<Session<TlsStream>>(std::move(socket), *tls_)->start();
                    } else {
                        std::make_shared<Session<PlainStream>>(std::move(socket))->start();
                    }
                }
                accept();
            });
    }

    asio::io_context& context_;
    tcp::acceptor acceptor_;
    ssl::context* tls_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 && argc != 5) {
        std::fprintf(stderr, "usage: beast_server PORT THREADS [CERTIFICATE KEY]\n");
        return 2;
    }
    const int threads = std::atoi(argv[2]);
    std::optional<ssl::context> tls;
    if (argc == 5) {
        tls.emplace(ssl::context::tls_server);
        tls->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
        tls->use_certificate_chain_file(argv[3]);
        tls->use_private_key_file(argv[4], ssl::context::pem);
    }
    asio::io_context context(threads);
    const Listener listener(context, static_cast<std::uint16_t>(std::atoi(argv[1])),
                            tls ? &*tls : nullptr);
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&context](beast::error_code, int) { context.stop(); });
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) {
        others.emplace_back([&context] { context.run(); });
    }
    context.run();
    for (std::thread& other : others) {
        other.join();
    }
    return 0;
}
