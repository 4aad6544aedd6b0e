// SPDX-License-Identifier: Apache-2.0
#include "agent/transport.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace patchbay::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using PlainStream = beast::basic_stream<Tcp, Executor, beast::unlimited_rate_policy>;
using TlsStream = beast::ssl_stream<PlainStream>;

std::string authority(const Endpoint& endpoint) {
    const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
    return (is_ipv6 ? '[' + endpoint.host + ']' : endpoint.host) + ':' +
           std::to_string(endpoint.port);
}

template <class Stream>
class WebSocket final : public Transport {
  public:
    static constexpr bool has_tls = std::is_same_v<Stream, TlsStream>;

    WebSocket(const Executor& executor, Endpoint endpoint,
              TransportLimits limits) requires(!has_tls)
        : endpoint_(std::move(endpoint)), limits_(limits), resolver_(executor), stream_(executor) {}
    WebSocket(const Executor& executor, Endpoint endpoint, TransportLimits limits,
              std::unique_ptr<asio::ssl::context> context) requires(has_tls)
        : endpoint_(std::move(endpoint)),
          limits_(limits),
          context_(std::move(context)),
          resolver_(executor),
          stream_(executor, *context_) {}

    Awaitable<Result<void>> open() override {
        error_code error;
        auto token = asio::redirect_error(use_awaitable, error);
        const std::string port = std::to_string(endpoint_.port);
        const auto found = co_await resolver_.async_resolve(endpoint_.host, port, token);
        if (error) {
            co_return connect_failure("look up", error);
        }
        PlainStream& tcp = beast::get_lowest_layer(stream_);
        tcp.expires_after(limits_.handshake);
        co_await tcp.async_connect(found, token);
        if (error) {
            co_return connect_failure("connect to", error);
        }
        tcp.socket().set_option(Tcp::no_delay(true), error);
        if constexpr (has_tls) {
            SSL* ssl = stream_.next_layer().native_handle();
            const std::string& name =
                endpoint_.tls.server_name.empty() ? endpoint_.host : endpoint_.tls.server_name;
            SSL_set_tlsext_host_name(ssl, name.c_str());
            if (endpoint_.tls.verify) {
                stream_.next_layer().set_verify_callback(asio::ssl::host_name_verification(name));
            }
            co_await stream_.next_layer().async_handshake(asio::ssl::stream_base::client, token);
            if (error) {
                co_return connect_failure("make a TLS connection with", error);
            }
        }
        // From here on the WebSocket stream has the time limits.
        tcp.expires_never();
        websocket::stream_base::timeout timeout{};
        timeout.handshake_timeout = limits_.handshake;
        timeout.idle_timeout = limits_.idle;
        timeout.keep_alive_pings = true;
        stream_.set_option(timeout);
        stream_.read_message_max(limits_.frame_bytes);
        const std::string host = authority(endpoint_);
        websocket::response_type answer;
        co_await stream_.async_handshake(answer, host, endpoint_.path, token);
        if (error == websocket::error::upgrade_declined) {
            co_return declined(answer);
        }
        if (error) {
            co_return connect_failure("open a WebSocket with", error);
        }
        co_return success();
    }

    Awaitable<Result<std::string>> read() override {
        error_code error;
        beast::flat_buffer buffer;
        co_await stream_.async_read(buffer, asio::redirect_error(use_awaitable, error));
        if (error) {
            co_return lost(error);
        }
        co_return beast::buffers_to_string(buffer.data());
    }

    Awaitable<Result<void>> write(const std::string& text) override {
        error_code error;
        const asio::const_buffer bytes(text.data(), text.size());
        stream_.text(true);
        co_await stream_.async_write(bytes, asio::redirect_error(use_awaitable, error));
        if (error) {
            co_return lost(error);
        }
        co_return success();
    }

    Awaitable<void> close(std::uint16_t code) override {
        error_code error;
        const websocket::close_reason reason(code);
        co_await stream_.async_close(reason, asio::redirect_error(use_awaitable, error));
    }

    void abort() noexcept override {
        try {
            resolver_.cancel();
            beast::get_lowest_layer(stream_).close();
        } catch (...) {  // what cannot be closed is closed already
        }
    }

    [[nodiscard]] CloseReason close_reason() const override {
        const websocket::close_reason& reason = stream_.reason();
        return {reason.code, std::string(reason.reason.data(), reason.reason.size())};
    }

  private:
    [[nodiscard]] tl::unexpected<Error> connect_failure(const char* what,
                                                        const error_code& error) const {
        std::string text =
            std::string("Cannot ") + what + ' ' + authority(endpoint_) + ": " + error.message();
        if constexpr (has_tls) {
            if (error.category() == asio::error::get_ssl_category() &&
                ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
                    SSL_R_WRONG_VERSION_NUMBER) {
                text += "; what answers there may be a server without TLS (ws)";
            }
            const long verdict =
                SSL_get_verify_result(const_cast<TlsStream&>(stream_.next_layer()).native_handle());
            if (verdict != X509_V_OK) {
                text += std::string(" (") + X509_verify_cert_error_string(verdict) + ')';
            }
        }
        return failure(ErrorClass::disconnected, "agent.connect_failed", text + '.');
    }
    /// With the beginning of what the server says about it.
    [[nodiscard]] tl::unexpected<Error> declined(const websocket::response_type& answer) const {
        constexpr std::size_t shown = 200;
        std::string said = answer.body().substr(0, shown);
        std::replace_if(
            said.begin(), said.end(), [](unsigned char one) { return one < 0x20 || one == 0x7F; },
            ' ');
        said.erase(said.find_last_not_of(' ') + 1);
        std::string text = "Cannot open a WebSocket with " + authority(endpoint_) +
                           ": the server answered " + std::to_string(answer.result_int());
        if (!said.empty()) {
            text += " (" + said + ')';
        }
        return failure(ErrorClass::disconnected, "agent.connect_failed", text + '.');
    }
    [[nodiscard]] tl::unexpected<Error> lost(const error_code& error) const {
        std::string text = "The connection to " + authority(endpoint_) + " was lost: ";
        if (error == websocket::error::closed) {
            const CloseReason reason = close_reason();
            text += "the server closed it with " + std::to_string(reason.code);
            if (!reason.text.empty()) {
                text += " (" + reason.text + ')';
            }
        } else {
            text += error.message();
        }
        return failure(ErrorClass::disconnected, "agent.lost", text + '.');
    }

    const Endpoint endpoint_;
    const TransportLimits limits_;
    std::unique_ptr<asio::ssl::context> context_;
    asio::ip::basic_resolver<Tcp, Executor> resolver_;
    websocket::stream<Stream> stream_;
};

}  // namespace

Result<std::shared_ptr<Transport>> make_transport(const Executor& executor, Endpoint endpoint,
                                                  TransportLimits limits) {
    if (!endpoint.tls.enabled) {
        return std::make_shared<WebSocket<PlainStream>>(executor, std::move(endpoint), limits);
    }
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    error_code error;
    if (SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) != 1) {
        return failure(ErrorClass::failed, "agent.bad_tls", "OpenSSL has no TLS 1.2.");
    }
    if (endpoint.tls.ca_file.empty()) {
        context->set_default_verify_paths(error);
    } else {
        context->load_verify_file(endpoint.tls.ca_file, error);
    }
    if (error) {
        return failure(ErrorClass::invalid, "agent.bad_tls",
                       "The authorities in " + endpoint.tls.ca_file +
                           " cannot be used: " + error.message() + '.');
    }
    context->set_verify_mode(endpoint.tls.verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    return std::make_shared<WebSocket<TlsStream>>(executor, std::move(endpoint), limits,
                                                  std::move(context));
}

}  // namespace patchbay::agent
