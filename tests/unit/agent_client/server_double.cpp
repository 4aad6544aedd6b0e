// SPDX-License-Identifier: Apache-2.0
#include "server_double.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace patchbay::agent::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

template <class Stream>
class WebSocketPeer final : public Peer {
  public:
    template <class... Arguments>
    explicit WebSocketPeer(Arguments&&... arguments)
        : stream_(std::forward<Arguments>(arguments)...) {}

    bool open() {
        error_code error;
        if constexpr (!std::is_same_v<Stream, Tcp::socket>) {
            stream_.next_layer().handshake(asio::ssl::stream_base::server, error);
            if (error) {
                return false;
            }
        }
        websocket::permessage_deflate deflate;
        deflate.server_enable = true;
        stream_.set_option(deflate);
        stream_.accept(error);
        return !error;
    }
    std::optional<Json> read() override {
        error_code error;
        beast::flat_buffer buffer;
        stream_.read(buffer, error);
        if (error) {
            return std::nullopt;
        }
        return Json::parse(beast::buffers_to_string(buffer.data()));
    }
    void write_text(const std::string& text) override {
        error_code error;
        stream_.text(true);
        stream_.write(asio::buffer(text), error);
    }
    void close(std::uint16_t code) override {
        error_code error;
        stream_.close(websocket::close_reason(code), error);
    }
    void drop() override {
        error_code error;
        beast::get_lowest_layer(stream_).shutdown(Tcp::socket::shutdown_both, error);
    }

  private:
    websocket::stream<Stream> stream_;
};

}  // namespace

Json Peer::accept() {
    const std::optional<Json> registration = read();
    if (!registration) {
        return {};
    }
    answer(
        *registration,
        {{"network_name", "TestNet"}, {"network_id", "test-node"}, {"metadata", Json::object()}});
    return *registration;
}

void Peer::answer(const Json& request, Json fields) {
    fields["type"] = "system_response";
    fields["command"] = request.at("command");
    fields["success"] = true;
    fields["request_id"] = request.at("request_id");
    write(fields);
}

void Peer::refuse(const Json& request, const std::string& text) {
    write({{"type", "system_response"},
           {"command", request.at("command")},
           {"success", false},
           {"error", text}});
}

class ServerDouble::Implementation {
  public:
    Implementation(Script script, const std::string& certificate, const std::string& key)
        : script_(std::move(script)),
          acceptor_(context_, {asio::ip::make_address("127.0.0.1"), 0}) {
        if (!certificate.empty()) {
            tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
            tls_->use_certificate_chain_file(certificate);
            tls_->use_private_key_file(key, asio::ssl::context::pem);
        }
        port_ = acceptor_.local_endpoint().port();
        thread_ = std::thread([this] { run(); });
    }
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;
    ~Implementation() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            for (const int descriptor : open_) {
                ::shutdown(descriptor, SHUT_RDWR);
            }
        }
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        thread_.join();
        for (std::thread& peer : peers_) {
            peer.join();
        }
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::size_t connections() const {
        const std::lock_guard lock(mutex_);
        return connections_;
    }

  private:
    void run() {
        for (;;) {
            error_code error;
            Tcp::socket socket(context_);
            acceptor_.accept(socket, error);
            const std::lock_guard lock(mutex_);
            if (error || stopping_) {
                return;
            }
            // A duplicate keeps its number even when the peer drops the socket.
            const int descriptor = ::dup(socket.native_handle());
            open_.insert(descriptor);
            peers_.emplace_back(
                [this, descriptor, number = connections_++, taken = std::move(socket)]() mutable {
                    serve(std::move(taken), number);
                    const std::lock_guard closing(mutex_);
                    open_.erase(descriptor);
                    ::close(descriptor);
                });
        }
    }
    void serve(Tcp::socket socket, std::size_t number) {
        if (tls_ != nullptr) {
            WebSocketPeer<beast::ssl_stream<Tcp::socket>> peer(std::move(socket), *tls_);
            talk(peer, number);
        } else {
            WebSocketPeer<Tcp::socket> peer(std::move(socket));
            talk(peer, number);
        }
    }
    template <class P>
    void talk(P& peer, std::size_t number) {
        peer.number = number;
        if (peer.open()) {
            script_(peer);
        }
    }

    const Script script_;
    asio::io_context context_;
    std::unique_ptr<asio::ssl::context> tls_;
    Tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    bool stopping_ = false;
    std::size_t connections_ = 0;
    std::set<int> open_;
    std::list<std::thread> peers_;
    std::thread thread_;
};

ServerDouble::ServerDouble(Script script, const std::string& certificate, const std::string& key)
    : implementation_(std::make_unique<Implementation>(std::move(script), certificate, key)) {}

ServerDouble::~ServerDouble() = default;

std::uint16_t ServerDouble::port() const {
    return implementation_->port();
}

std::size_t ServerDouble::connections() const {
    return implementation_->connections();
}

}  // namespace patchbay::agent::test
