// SPDX-License-Identifier: Apache-2.0
#include "request_head.hpp"

#include "text.hpp"

#include <patchbay/protocols/http_headers.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace patchbay::http_client {

namespace {

using protocols::HttpHeaderView;

/// RFC 9110, section 5.6.2.
constexpr std::array<bool, 256> token_characters = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return token_characters[static_cast<unsigned char>(c)];
    });
}

bool is_value(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return is_control(c) && c != '\t'; });
}

/// What a header means to this client.
enum class Kind : std::uint8_t {
    plain,
    managed,      ///< of the connection: never passed on
    connection,   ///< managed, and names others
    credentials,  ///< only for the origin that the request was made for
    content,      ///< describes the body
    user_agent,
    accept,
    accept_encoding,
    content_type,
    authorization,
};

struct KnownHeader {
    std::string_view name;
    Kind kind;
};

constexpr std::array known_headers = {
    KnownHeader{"te", Kind::managed},
    KnownHeader{"host", Kind::managed},
    KnownHeader{"expect", Kind::managed},
    KnownHeader{"trailer", Kind::managed},
    KnownHeader{"upgrade", Kind::managed},
    KnownHeader{"keep-alive", Kind::managed},
    KnownHeader{"content-length", Kind::managed},
    KnownHeader{"http2-settings", Kind::managed},
    KnownHeader{"proxy-connection", Kind::managed},
    KnownHeader{"transfer-encoding", Kind::managed},
    KnownHeader{"proxy-authenticate", Kind::managed},
    KnownHeader{"proxy-authorization", Kind::managed},
    KnownHeader{"connection", Kind::connection},
    KnownHeader{"cookie", Kind::credentials},
    KnownHeader{"content-encoding", Kind::content},
    KnownHeader{"content-language", Kind::content},
    KnownHeader{"content-location", Kind::content},
    KnownHeader{"user-agent", Kind::user_agent},
    KnownHeader{"accept", Kind::accept},
    KnownHeader{"accept-encoding", Kind::accept_encoding},
    KnownHeader{"content-type", Kind::content_type},
    KnownHeader{"authorization", Kind::authorization},
};

/// Bit n: some known header has n characters.
constexpr std::uint32_t known_sizes = [] {
    std::uint32_t sizes = 0;
    for (const KnownHeader& known : known_headers) {
        sizes |= 1U << known.name.size();
    }
    return sizes;
}();

Kind kind_of(std::string_view name) noexcept {
    if (name.size() >= 32 || ((known_sizes >> name.size()) & 1U) == 0) {
        return Kind::plain;
    }
    for (const KnownHeader& known : known_headers) {
        if (equals_ignoring_case(known.name, name)) {
            return known.kind;
        }
    }
    return Kind::plain;
}

/// Whether a value of Connection names the header.
bool names(const std::vector<std::string_view>& connection, std::string_view name) {
    bool found = false;
    for (const std::string_view value : connection) {
        for_each_entry(value, [&](std::string_view entry) {
            found = found || equals_ignoring_case(entry, name);
        });
    }
    return found;
}

void append_header(std::string& output, std::string_view name, std::string_view value) {
    output.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& output, std::size_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    output.append(digits.data(), end);
}

struct Seen {
    bool user_agent = false;
    bool accept = false;
    bool accept_encoding = false;
    bool content_type = false;
    bool authorization = false;
};

/// Notes what is there, and says whether the header goes on the wire.
bool passes(Kind kind, const Request& request, Seen& seen) noexcept {
    switch (kind) {
        case Kind::plain:
            return true;
        case Kind::managed:
        case Kind::connection:
            return false;
        case Kind::credentials:
            return !request.has_left_origin;
        case Kind::content:
            return !request.has_lost_body;
        case Kind::user_agent:
            return seen.user_agent = true;
        case Kind::accept:
            return seen.accept = true;
        case Kind::accept_encoding:
            return seen.accept_encoding = true;
        case Kind::content_type:
            seen.content_type = true;
            return !request.has_lost_body;
        case Kind::authorization:
            seen.authorization = !request.has_left_origin;
            return !request.has_left_origin;
    }
    return true;
}

Result<Seen> append_given(std::string& output, const Request& request) {
    const std::vector<HttpHeaderView> headers = protocols::headers_from_text(request.headers);
    std::vector<std::string_view> connection;
    for (const HttpHeaderView& header : headers) {
        if (!is_token(header.name) || !is_value(header.value)) {
            return failure(ErrorClass::invalid, "request.header",
                           "A header of the request cannot be sent: names are tokens, and values "
                           "are one line without control characters.");
        }
        if (kind_of(header.name) == Kind::connection) {
            connection.push_back(header.value);
        }
    }
    Seen seen;
    for (const HttpHeaderView& header : headers) {
        if (passes(kind_of(header.name), request, seen) &&
            (connection.empty() || !names(connection, header.name))) {
            append_header(output, header.name, header.value);
        }
    }
    return seen;
}

/// RFC 9110, section 8.6: these say that they have no body.
bool announces_empty_body(std::string_view method) noexcept {
    return equals_ignoring_case(method, "POST") || equals_ignoring_case(method, "PUT") ||
           equals_ignoring_case(method, "PATCH");
}

void append_defaults(std::string& output, const Request& request, const Destination& destination,
                     const RequestDefaults& defaults, const Seen& seen) {
    if (!seen.authorization && !destination.authorization.empty()) {
        append_header(output, "Authorization", destination.authorization);
    }
    if (!destination.proxy_authorization.empty()) {
        append_header(output, "Proxy-Authorization", destination.proxy_authorization);
    }
    if (!seen.accept) {
        output.append("Accept: */*\r\n");
    }
    if (!seen.accept_encoding && defaults.accept_encoding) {
        output.append("Accept-Encoding: gzip, deflate\r\n");
    }
    if (!seen.user_agent && !defaults.user_agent.empty()) {
        append_header(output, "User-Agent", defaults.user_agent);
    }
    if (!request.body.empty() && !seen.content_type) {
        output.append("Content-Type: application/octet-stream\r\n");
    }
    if (!request.body.empty() || announces_empty_body(request.method)) {
        output.append("Content-Length: ");
        append_number(output, request.body.size());
        output.append("\r\n");
    }
    output.append("\r\n");
}

}  // namespace

Result<void> append_request_head(std::string& output, const Request& request,
                                 const Destination& destination, const RequestDefaults& defaults) {
    if (!is_token(request.method) || equals_ignoring_case(request.method, "CONNECT")) {
        return failure(ErrorClass::invalid, "request.method",
                       "The method of the request must be a token like GET, and not CONNECT.");
    }
    const std::size_t before = output.size();
    for (const char c : request.method) {
        output += to_upper(c);
    }
    output += ' ';
    output += destination.absolute;
    append_target(output, destination.target);
    output.append(" HTTP/1.1\r\n");
    append_header(output, "Host", destination.host);
    const auto seen = append_given(output, request);
    if (!seen) {
        output.resize(before);
        return tl::unexpected<Error>(seen.error());
    }
    append_defaults(output, request, destination, defaults, *seen);
    return {};
}

void append_connect_head(std::string& output, std::string_view authority,
                         std::string_view user_agent, std::string_view proxy_authorization) {
    output.append("CONNECT ").append(authority).append(" HTTP/1.1\r\n");
    append_header(output, "Host", authority);
    if (!proxy_authorization.empty()) {
        append_header(output, "Proxy-Authorization", proxy_authorization);
    }
    if (!user_agent.empty()) {
        append_header(output, "User-Agent", user_agent);
    }
    output.append("\r\n");
}

bool is_idempotent(std::string_view method) noexcept {
    constexpr std::array<std::string_view, 6> methods = {"GET",   "HEAD", "OPTIONS",
                                                         "TRACE", "PUT",  "DELETE"};
    return std::any_of(methods.begin(), methods.end(),
                       [&](std::string_view known) { return equals_ignoring_case(known, method); });
}

bool is_head(std::string_view method) noexcept {
    return equals_ignoring_case(method, "HEAD");
}

}  // namespace patchbay::http_client
