// SPDX-License-Identifier: Apache-2.0
#include "handshake.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace patchbay::agent_gateway::websocket {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using Request = http::request<http::empty_body>;

std::string_view view(beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

Handshake answered(unsigned status, std::string_view phrase, std::string_view body,
                   std::string_view why, std::string_view headers = {}, bool with_body = true) {
    Handshake handshake;
    handshake.state = HandshakeState::answered;
    handshake.why = why;
    std::string& out = handshake.response;
    out = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(phrase) + "\r\n";
    out += headers;
    out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n";
    if (with_body) {
        out += body;
    }
    return handshake;
}

Handshake refused(unsigned status, std::string_view phrase, std::string_view why,
                  std::string_view headers = {}) {
    return answered(status, phrase, "{\"error\": \"" + std::string(why) + "\"}\n", why, headers);
}

bool has_token(beast::string_view list, beast::string_view wanted) {
    return http::token_list(list).exists(wanted);
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    const std::size_t last = text.find_last_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, last - first + 1);
}

/// `each(part)` for the parts of a list; false as soon as one is. Values in quotes, which could
/// hold a separator, occur in no extension that is known here.
template <class Function>
bool all_parts(std::string_view list, char separator, Function each) {
    while (true) {
        const std::size_t end = std::min(list.find(separator), list.size());
        if (!each(trimmed(list.substr(0, end)))) {
            return false;
        }
        if (end == list.size()) {
            return true;
        }
        list.remove_prefix(end + 1);
    }
}

/// Whether that is an offer of permessage-deflate that we take. A client may limit its own window;
/// a limit for ours is declined, because all sockets of a lane share one deflater.
bool is_good_offer(std::string_view offer) {
    bool is_first = true;
    return all_parts(offer, ';', [&](std::string_view part) {
        const std::string_view name = trimmed(part.substr(0, part.find('=')));
        if (std::exchange(is_first, false)) {
            return name == "permessage-deflate";
        }
        return name == "client_max_window_bits" || name == "client_no_context_takeover" ||
               name == "server_no_context_takeover";
    });
}

bool offers_deflate(const Request& request) {
    const auto range = request.equal_range(http::field::sec_websocket_extensions);
    return std::any_of(range.first, range.second, [](const auto& header) {
        return !all_parts(view(header.value()), ',',
                          [](std::string_view offer) { return !is_good_offer(offer); });
    });
}

bool offers_envelopes(const Request& request) {
    const auto range = request.equal_range(http::field::sec_websocket_protocol);
    return std::any_of(range.first, range.second, [](const auto& header) {
        return has_token(header.value(),
                         {envelope_subprotocol.data(), envelope_subprotocol.size()});
    });
}

bool is_origin_allowed(const Request& request, const HandshakeRules& rules) {
    const auto range = request.equal_range(http::field::origin);
    return std::all_of(range.first, range.second, [&](const auto& header) {
        return std::any_of(
            rules.origins.begin(), rules.origins.end(), [&](const std::string& allowed) {
                return allowed == "*" ||
                       beast::iequals(header.value(), {allowed.data(), allowed.size()});
            });
    });
}

/// 16 bytes in Base64.
bool is_key(std::string_view key) noexcept {
    return key.size() == 24 && key.ends_with("==") &&
           std::all_of(key.begin(), key.end() - 2, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '+' || c == '/';
           });
}

std::string_view path_of(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

Handshake plain_request(const Request& request, const HandshakeRules& rules) {
    const std::string_view path = path_of(view(request.target()));
    const bool is_head = request.method() == http::verb::head;
    if (request.method() != http::verb::get && !is_head) {
        return refused(405, "Method Not Allowed", "this server speaks WebSocket",
                       "Allow: GET, HEAD\r\n");
    }
    if (path == "/") {
        return answered(200, "OK", rules.greeting, "GET / without an upgrade", {}, !is_head);
    }
    if (!rules.path.empty() && path != rules.path) {
        return refused(404, "Not Found", "nothing is served there");
    }
    if (rules.path.empty()) {
        return refused(404, "Not Found", "nothing is served there; WebSocket is, on every path");
    }
    return refused(426, "Upgrade Required", "this server speaks WebSocket",
                   "Upgrade: websocket\r\n");
}

Handshake upgrade(const Request& request, const HandshakeRules& rules) {
    if (request.method() != http::verb::get || request.version() != 11) {
        return refused(400, "Bad Request", "an upgrade is a GET of HTTP/1.1");
    }
    if (!rules.path.empty() && path_of(view(request.target())) != rules.path) {
        return refused(404, "Not Found", "nothing is served there");
    }
    if (request.count(http::field::host) != 1) {
        return refused(400, "Bad Request", "not exactly one Host header");
    }
    if (view(request[http::field::sec_websocket_version]) != "13") {
        return refused(426, "Upgrade Required", "the version of WebSocket is 13",
                       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    }
    const std::string_view key = view(request[http::field::sec_websocket_key]);
    if (request.count(http::field::sec_websocket_key) != 1 || !is_key(key)) {
        return refused(400, "Bad Request", "Sec-WebSocket-Key is not 16 bytes in Base64");
    }
    if (!is_origin_allowed(request, rules)) {
        return refused(403, "Forbidden", "the Origin is not among allowed_origins");
    }
    Handshake handshake;
    handshake.state = HandshakeState::upgraded;
    handshake.deflate = rules.deflate && offers_deflate(request);
    handshake.envelopes = offers_envelopes(request);
    std::string& out = handshake.response;
    out =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_value(key) + "\r\n";
    if (handshake.envelopes) {
        out += "Sec-WebSocket-Protocol: " + std::string(envelope_subprotocol) + "\r\n";
    }
    if (handshake.deflate) {
        out +=
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover\r\n";
    }
    out += "\r\n";
    return handshake;
}

}  // namespace

std::string tls_wanted() {
    return refused(400, "Bad Request", "this port speaks TLS; use wss://").response;
}

std::string accept_value(std::string_view key) {
    constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const std::string text = std::string(key) + std::string(guid);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    std::array<unsigned char, 64> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

Handshake read_handshake(std::string_view bytes, const HandshakeRules& rules) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(rules.head_limit));
    parser.eager(false);
    parser.skip(true);
    beast::error_code error;
    const std::size_t size = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error == http::error::need_more) {
        if (bytes.size() >= rules.head_limit) {
            return refused(431, "Request Header Fields Too Large", "the head is too large");
        }
        return {};
    }
    if (error == http::error::header_limit) {
        return refused(431, "Request Header Fields Too Large", "the head is too large");
    }
    if (error) {
        return refused(400, "Bad Request", "not an HTTP/1 request");
    }
    if (!parser.is_header_done()) {
        return {};
    }
    const Request& request = parser.get();
    const bool wants_upgrade = has_token(request[http::field::upgrade], "websocket") &&
                               has_token(request[http::field::connection], "upgrade");
    Handshake handshake = wants_upgrade ? upgrade(request, rules) : plain_request(request, rules);
    handshake.size = size;
    return handshake;
}

}  // namespace patchbay::agent_gateway::websocket
