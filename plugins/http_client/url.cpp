// SPDX-License-Identifier: Apache-2.0
#include "url.hpp"

#include "text.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace patchbay::http_client {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
/// Longest name of the DNS.
constexpr std::size_t longest_name = 253;
constexpr std::string_view hex_digits = "0123456789ABCDEF";

tl::unexpected<Error> invalid(const char* code, std::string message) {
    return failure(ErrorClass::invalid, code, std::move(message));
}

/// What stands for itself in a path or query; a percent sign is taken for an encoding.
constexpr std::array<bool, 256> target_characters = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-._~!$&'()*+,;=:@/?%[]")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

bool is_target_character(char c) noexcept {
    return target_characters[static_cast<unsigned char>(c)];
}

bool is_name_character(char c) noexcept {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

Result<void> read_host(std::string_view host, Url& url) {
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        const std::string address(host.substr(1, host.size() - 2));
        boost::system::error_code error;
        boost::asio::ip::make_address_v6(address, error);
        // A zone would name an interface of this machine.
        if (error || address.find('%') != std::string::npos) {
            return invalid("url.host", "'" + std::string(host) + "' is no IPv6 address.");
        }
        url.host = host.substr(1, host.size() - 2);
        url.is_ipv6 = true;
        return {};
    }
    if (host.empty()) {
        return invalid("url.host", "The URL names no host.");
    }
    if (host.size() > longest_name || !std::all_of(host.begin(), host.end(), is_name_character)) {
        return invalid("url.host",
                       "The host of the URL may consist of letters, digits, '-', '.' and '_', at "
                       "most 253; international names are written in their xn-- form.");
    }
    url.host = host;
    return {};
}

Result<void> read_port(std::string_view port, Url& url) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number == 0) {
        return invalid("url.port", "The port of the URL must be a number from 1 to 65535.");
    }
    url.port = number;
    return {};
}

Result<void> read_authority(std::string_view authority, Url& url) {
    if (const std::size_t at = authority.find('@'); at != std::string_view::npos) {
        url.userinfo = authority.substr(0, at);
        authority.remove_prefix(at + 1);
        if (authority.find('@') != std::string_view::npos) {
            return invalid("url.userinfo", "The authority of the URL has more than one '@'.");
        }
    }
    std::size_t colon = authority.rfind(':');
    if (const std::size_t bracket = authority.rfind(']');
        bracket != std::string_view::npos && colon != std::string_view::npos && colon < bracket) {
        colon = std::string_view::npos;
    }
    if (auto host = read_host(authority.substr(0, colon), url); !host) {
        return host;
    }
    const std::string_view port =
        colon == std::string_view::npos ? std::string_view() : authority.substr(colon + 1);
    return port.empty() ? Result<void>() : read_port(port, url);
}

int hex_value(char c) noexcept {
    const char upper = to_upper(c);
    return is_digit(c) ? c - '0' : upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        unsigned int group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            text += k <= count ? alphabet[(group >> (18U - 6U * k)) & 63U] : '=';
        }
    }
    return text;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), is_control)) {
        return invalid("url.control_character", "The URL contains a control character.");
    }
    Url url;
    const std::size_t colon = text.find(':');
    const std::string_view scheme = text.substr(0, colon);
    url.is_tls = equals_ignoring_case(scheme, "https");
    if ((!url.is_tls && !equals_ignoring_case(scheme, "http")) ||
        text.substr(scheme.size(), 3) != "://") {
        return invalid("url.scheme", "The URL must begin with http:// or https://.");
    }
    url.port = url.is_tls ? https_port : http_port;
    const std::size_t begin = scheme.size() + 3;
    const std::size_t end = std::min(text.find_first_of("/?#", begin), text.size());
    url.prefix = text.substr(0, end);
    url.target = text.substr(end);
    url.target = url.target.substr(0, url.target.find('#'));
    if (auto authority = read_authority(text.substr(begin, end - begin), url); !authority) {
        return tl::unexpected<Error>(std::move(authority.error()));
    }
    return url;
}

bool is_same_origin(const Url& left, const Url& right) noexcept {
    return left.is_tls == right.is_tls && left.port == right.port &&
           left.is_ipv6 == right.is_ipv6 && equals_ignoring_case(left.host, right.host);
}

std::string origin_text(const Url& url) {
    return (url.is_tls ? "https://" : "http://") + host_text(url);
}

std::string host_text(const Url& url, bool with_port) {
    std::string text = lower_case(url.host);
    if (url.is_ipv6) {
        text = '[' + text + ']';
    }
    if (with_port || url.port != (url.is_tls ? https_port : http_port)) {
        text += ':' + std::to_string(url.port);
    }
    return text;
}

void append_target(std::string& output, std::string_view target) {
    if (target.empty() || target.front() != '/') {
        output += '/';
    }
    if (std::all_of(target.begin(), target.end(), is_target_character)) {
        output += target;
        return;
    }
    for (const char c : target) {
        if (is_target_character(c)) {
            output += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            output += '%';
            output += hex_digits[byte >> 4U];
            output += hex_digits[byte & 15U];
        }
    }
}

std::string basic_authorization(std::string_view userinfo) {
    const std::size_t colon = userinfo.find(':');
    std::string credentials = percent_decoded(userinfo.substr(0, colon)) + ':';
    if (colon != std::string_view::npos) {
        credentials += percent_decoded(userinfo.substr(colon + 1));
    }
    return "Basic " + base64(credentials);
}

// ---- References ---------------------------------------------------------------------------------

namespace {

/// RFC 3986, appendix B, without the regular expression.
struct Reference {
    std::string_view scheme;
    bool has_authority = false;
    std::string_view authority;
    std::string_view path;
    bool has_query = false;
    std::string_view query;
};

Reference split(std::string_view text) noexcept {
    Reference parts;
    text = text.substr(0, text.find('#'));
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && colon != 0 && is_letter(text[0]) &&
        text.find_first_of("/?") > colon) {
        parts.scheme = text.substr(0, colon);
        text.remove_prefix(colon + 1);
    }
    if (text.substr(0, 2) == "//") {
        parts.has_authority = true;
        const std::size_t end = std::min(text.find_first_of("/?", 2), text.size());
        parts.authority = text.substr(2, end - 2);
        text.remove_prefix(end);
    }
    const std::size_t query = text.find('?');
    parts.path = text.substr(0, query);
    if (query != std::string_view::npos) {
        parts.has_query = true;
        parts.query = text.substr(query + 1);
    }
    return parts;
}

/// Section 5.2.4, segment by segment.
std::string without_dot_segments(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const std::size_t slash = path.find('/', 1);
        const std::string_view segment = path.substr(0, slash);
        path.remove_prefix(segment.size());
        if (segment == "/." || segment == "/..") {
            if (segment == "/..") {
                result.resize(std::min(result.rfind('/'), result.size()) == result.size()
                                  ? 0
                                  : result.rfind('/'));
            }
            if (path.empty()) {
                result += '/';
            }
        } else {
            result += segment;
        }
    }
    return result;
}

std::string merged(const Reference& base, std::string_view path) {
    if (base.has_authority && base.path.empty()) {
        return '/' + std::string(path);
    }
    const std::size_t slash = base.path.rfind('/');
    const std::string_view folder =
        slash == std::string_view::npos ? std::string_view() : base.path.substr(0, slash + 1);
    return std::string(folder) + std::string(path);
}

}  // namespace

std::string resolve_reference(std::string_view base_text, std::string_view reference_text) {
    const Reference base = split(base_text);
    Reference target = split(reference_text);
    std::string path;
    if (!target.scheme.empty() || target.has_authority) {
        path = without_dot_segments(target.path);
    } else {
        target.has_authority = base.has_authority;
        target.authority = base.authority;
        if (target.path.empty()) {
            path = base.path;
            if (!target.has_query) {
                target.has_query = base.has_query;
                target.query = base.query;
            }
        } else if (target.path.front() == '/') {
            path = without_dot_segments(target.path);
        } else {
            path = without_dot_segments(merged(base, target.path));
        }
    }
    std::string text(target.scheme.empty() ? base.scheme : target.scheme);
    text += ':';
    if (target.has_authority) {
        text.append("//").append(target.authority);
    }
    text += path;
    if (target.has_query) {
        text.append("?").append(target.query);
    }
    return text;
}

}  // namespace patchbay::http_client
