// SPDX-License-Identifier: Apache-2.0
#include "request_head.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::http_server {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr Refusal bad_request(std::string_view why) noexcept {
    return {400, "Bad Request", why};
}

/// RFC 9110's tchar, of which methods and header names consist.
bool is_token_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_host(std::string_view host) noexcept {
    return std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
    });
}

/// Whether the target is a URL with a scheme that a server has, and a host. With a user before the
/// host, different readers see different hosts.
bool is_absolute_url(std::string_view target) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        const std::string_view begin = target.substr(0, scheme.size());
        if (beast::iequals({begin.data(), begin.size()}, {scheme.data(), scheme.size()})) {
            const std::string_view rest = target.substr(scheme.size());
            const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
            return !host.empty() && is_host(host);
        }
    }
    return false;
}

/// "HTTP/1.1", "HTTP/2.0" and the like.
bool is_version(std::string_view text) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
           is_digit(text[7]);
}

/// Takes what Beast finds. A rule of ours that is broken ends the parsing with `refusal`.
class HeadParser final : public http::basic_parser<true> {
  public:
    HeadParser(std::string_view bytes, const HeadLimits& limits, RequestHead& head,
               Refusal& refusal)
        : bytes_(bytes), limits_(limits), head_(head), refusal_(refusal) {
        header_limit(static_cast<std::uint32_t>(limits.size));
        eager(false);
        skip(true);  // bodies are read elsewhere
    }

    [[nodiscard]] bool has_refused() const noexcept { return refused_; }

    /// The rules that need the whole head.
    bool check() {
        if (hosts_ == 0 && head_.version == 11) {
            return refuse(bad_request("no Host header"));
        }
        if (has_length_ && head_.chunked) {
            return refuse(bad_request("both Content-Length and Transfer-Encoding"));
        }
        if (head_.chunked && head_.version == 10) {
            return refuse(bad_request("Transfer-Encoding in HTTP/1.0"));
        }
        head_.keep_alive = keep_alive();
        return check_target();
    }

  private:
    using Field = http::field;
    using Text = beast::string_view;

    static std::string_view view(Text text) noexcept { return {text.data(), text.size()}; }

    bool refuse(const Refusal& refusal) {
        refusal_ = refusal;
        refused_ = true;
        return false;
    }

    void stop(const Refusal& refusal, beast::error_code& error) {
        refuse(refusal);
        error = http::error::bad_field;
    }

    bool check_target() {
        const std::string_view target = head_.target;
        if (head_.method == "CONNECT") {
            return refuse({501, "Not Implemented", "CONNECT"});
        }
        if (std::any_of(target.begin(), target.end(), [](char c) {
                const auto byte = static_cast<unsigned char>(c);
                return byte <= 0x20U || byte >= 0x7FU || c == '#' || c == '\\' || c == '"' ||
                       c == '<' || c == '>';
            })) {
            return refuse(bad_request("a character in the target that must be percent-encoded"));
        }
        if (target == "*" ? head_.method == "OPTIONS"
                          : target.front() == '/' || is_absolute_url(target)) {
            return true;
        }
        return refuse(bad_request("the target is neither a path nor a URL"));
    }

    void on_request_impl(http::verb /*verb*/, Text method, Text target, int version,
                         beast::error_code& /*error*/) override {
        head_.method = view(method);
        head_.target = view(target);
        head_.version = static_cast<unsigned>(version);
    }

    void on_response_impl(int /*code*/, Text /*reason*/, int /*version*/,
                          beast::error_code& error) override {
        error = http::error::bad_method;
    }

    void on_field_impl(Field name, Text name_text, Text value, beast::error_code& error) override {
        if (goes_on(view(name_text), view(value))) {
            stop(bad_request("a header that goes on in a second line"), error);
            return;
        }
        if (head_.headers.size() >= limits_.count) {
            stop({431, "Request Header Fields Too Large", "too many headers"}, error);
            return;
        }
        head_.headers.push_back({view(name_text), view(value)});
        switch (name) {
            case Field::host:
                on_host(view(value), error);
                break;
            case Field::content_length:
                on_length(view(value), error);
                break;
            case Field::transfer_encoding:
                on_transfer_encoding(value, error);
                break;
            case Field::expect:
                on_expect(value, error);
                break;
            case Field::accept_encoding:
                head_.accepts_gzip = accepts_gzip(value);
                break;
            default:
                break;
        }
    }

    /// Whether the value has a second line. Beast joins the lines in a buffer of its own, or skips
    /// the first when it is blank.
    [[nodiscard]] bool goes_on(std::string_view name, std::string_view value) const noexcept {
        const auto after_name = static_cast<std::size_t>(name.data() + name.size() - bytes_.data());
        if (value.empty()) {
            const std::size_t end = bytes_.find("\r\n", after_name);
            const std::string_view next = bytes_.substr(std::min(end, bytes_.size()), 3);
            return next.ends_with(' ') || next.ends_with('\t');
        }
        const char* const begin = bytes_.data();
        if (value.data() < begin || value.data() >= begin + bytes_.size()) {
            return true;
        }
        const auto before_value = static_cast<std::size_t>(value.data() - begin);
        return bytes_.substr(after_name, before_value - after_name).find('\n') !=
               std::string_view::npos;
    }

    void on_host(std::string_view value, beast::error_code& error) {
        if (++hosts_ > 1) {
            stop(bad_request("more than one Host header"), error);
        } else if (!is_host(value)) {
            stop(bad_request("a Host header that names no host"), error);
        }
        head_.host = value;
    }

    void on_length(std::string_view value, beast::error_code& error) {
        std::uint64_t length = 0;
        const auto [end, failed] =
            std::from_chars(value.data(), value.data() + value.size(), length);
        if (has_length_) {
            stop(bad_request("more than one Content-Length"), error);
        } else if (value.empty() || failed != std::errc() || end != value.data() + value.size()) {
            stop(bad_request("a Content-Length that is no number"), error);
        }
        has_length_ = true;
        head_.content_length = length;
    }

    void on_transfer_encoding(Text value, beast::error_code& error) {
        if (head_.chunked) {
            stop(bad_request("more than one Transfer-Encoding"), error);
        } else if (!beast::iequals(value, "chunked")) {
            stop({501, "Not Implemented", "a Transfer-Encoding other than chunked"}, error);
        }
        head_.chunked = true;
    }

    void on_expect(Text value, beast::error_code& error) {
        if (!beast::iequals(value, "100-continue")) {
            stop({417, "Expectation Failed", "an expectation other than 100-continue"}, error);
        }
        head_.expects_continue = true;
    }

    static bool accepts_gzip(Text value) {
        for (const auto& coding : http::ext_list(value)) {
            if (beast::iequals(coding.first, "gzip")) {
                return std::none_of(coding.second.begin(), coding.second.end(),
                                    [](const http::param_list::value_type& parameter) {
                                        return beast::iequals(parameter.first, "q") &&
                                               is_zero(view(parameter.second));
                                    });
            }
        }
        return false;
    }

    /// "0", "0.", "0.000"
    static bool is_zero(std::string_view quality) noexcept {
        return quality.find_first_not_of("0.") == std::string_view::npos;
    }

    void on_header_impl(beast::error_code& /*error*/) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                           beast::error_code& /*error*/) override {}
    std::size_t on_body_impl(Text body, beast::error_code& /*error*/) override {
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/,
                              beast::error_code& /*error*/) override {}
    std::size_t on_chunk_body_impl(std::uint64_t /*remaining*/, Text body,
                                   beast::error_code& /*error*/) override {
        return body.size();
    }
    void on_finish_impl(beast::error_code& /*error*/) override {}

    std::string_view bytes_;
    const HeadLimits& limits_;
    RequestHead& head_;
    Refusal& refusal_;
    unsigned hosts_ = 0;
    bool has_length_ = false;
    bool refused_ = false;
};

Refusal refusal_of(const beast::error_code& error, std::string_view bytes,
                   const HeadLimits& limits) {
    if (error == http::error::header_limit) {
        const bool in_first_line =
            bytes.substr(0, limits.size).find("\r\n") == std::string_view::npos;
        return in_first_line
                   ? Refusal{414, "URI Too Long", "the request line is too long"}
                   : Refusal{431, "Request Header Fields Too Large", "the headers are too large"};
    }
    if (error == http::error::bad_version) {
        // The line may end with what has come so far.
        const std::size_t end = bytes.ends_with('\r') ? bytes.size() - 1 : bytes.size();
        const std::string_view line = bytes.substr(0, std::min(bytes.find("\r\n"), end));
        const std::size_t after_method = line.find(' ') + 1;
        if (!is_version(line.substr(line.find(' ', after_method) + 1))) {
            return bad_request("a request line that is not well-formed");
        }
        return {505, "HTTP Version Not Supported", "a version other than 1.0 and 1.1"};
    }
    if (error == http::error::bad_method) {
        return bad_request("a method that is no token");
    }
    if (error == http::error::bad_target) {
        return bad_request("a target with characters that must be percent-encoded");
    }
    if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
        error == http::error::bad_transfer_encoding) {
        return bad_request("Content-Length and Transfer-Encoding that contradict each other");
    }
    return bad_request("a head that is not well-formed");
}

}  // namespace

std::size_t leading_line_breaks(std::string_view bytes) noexcept {
    std::size_t size = 0;
    while (bytes.substr(size, 2) == "\r\n" && size < 8) {
        size += 2;
    }
    return size;
}

HeadState read_head(std::string_view bytes, const HeadLimits& limits, RequestHead& head,
                    Refusal& refusal) {
    head.host = {};
    head.headers.clear();
    head.content_length = 0;
    head.chunked = head.expects_continue = head.accepts_gzip = false;
    if (bytes == "\r") {
        return HeadState::incomplete;  // half of an empty line
    }
    // What can become no request is refused at once, not when its end has come.
    const std::size_t looked_at = std::min<std::size_t>(bytes.size(), 16);
    for (std::size_t i = 0; i < looked_at && (bytes[i] != ' ' || i == 0); ++i) {
        if (!is_token_char(bytes[i])) {
            refusal = bad_request("bytes that are no request");
            return HeadState::refused;
        }
    }
    HeadParser parser(bytes, limits, head, refusal);
    beast::error_code error;
    head.size = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == http::error::need_more) {
        return HeadState::incomplete;
    }
    if (parser.has_refused()) {
        return HeadState::refused;
    }
    if (error) {
        refusal = refusal_of(error, bytes, limits);
        return HeadState::refused;
    }
    return parser.check() ? HeadState::complete : HeadState::refused;
}

void append_url(std::string& url, std::string_view scheme, std::string_view own_host,
                const RequestHead& head) {
    if (head.target.front() != '/' && head.target != "*") {
        url += head.target;
        return;
    }
    url.append(scheme).append("://").append(head.host.empty() ? own_host : head.host);
    if (head.target != "*") {
        url += head.target;
    }
}

}  // namespace patchbay::http_server
