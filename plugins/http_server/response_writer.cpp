// SPDX-License-Identifier: Apache-2.0
#include "response_writer.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace patchbay::http_server {

namespace {

bool equals(std::string_view left, std::string_view right) noexcept {
    return boost::beast::iequals({left.data(), left.size()}, {right.data(), right.size()});
}

void append_number(std::string& out, std::size_t number, int base = 10) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
    out.append(digits.data(), end);
}

/// Text without what could end a line.
void append_clean(std::string& out, std::string_view text) {
    const std::size_t begin = out.size();
    out += text;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
        [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return (byte < 0x20U && c != '\t') || byte == 0x7FU;
        },
        ' ');
}

bool is_name(std::string_view name) noexcept {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_number(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 18 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// RFC 9110: these have no body and say nothing of its length.
constexpr bool is_bodiless(unsigned status) noexcept {
    return status == 204 || status == 304;
}

bool is_compressible(std::string_view type) noexcept {
    constexpr std::array<std::string_view, 6> kinds{"text/",           "application/json",
                                                    "application/xml", "application/javascript",
                                                    "image/svg+xml",   "application/yaml"};
    return std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) {
        return equals(type.substr(0, kind.size()), kind);
    });
}

}  // namespace

ResponseWriter::ResponseWriter(std::string_view server_header, std::size_t compress_from)
    : compress_from_(compress_from) {
    if (!server_header.empty()) {
        server_line_.append("Server: ").append(server_header).append("\r\n");
    }
}

void ResponseWriter::set_time(std::chrono::nanoseconds now) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
    if (seconds == date_) {
        return;
    }
    date_ = seconds;
    const auto time = static_cast<std::time_t>(seconds.count());
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    // Not strftime: its names of days and months follow the locale.
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                  days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                  months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_line_ = text.data();
}

void ResponseWriter::append_status(std::string& out, unsigned status,
                                   std::string_view phrase) const {
    out += "HTTP/1.1 ";
    append_number(out, status);
    out += ' ';
    append_clean(out, phrase);
    out += "\r\n";
}

/// Passes on what the message says; notes and leaves out what is the server's to say.
void ResponseWriter::append_headers(std::string& out) {
    has_date_ = has_server_ = wants_chunks_ = false;
    stated_length_ = {};
    for (const protocols::HttpHeaderView& header : headers_) {
        if (equals(header.name, "Content-Length")) {
            stated_length_ = header.value;
            continue;
        }
        if (!is_name(header.name) || equals(header.name, "Connection") ||
            equals(header.name, "Keep-Alive") || equals(header.name, "Upgrade") ||
            equals(header.name, "Trailer") || equals(header.name, "Proxy-Connection")) {
            continue;
        }
        if (equals(header.name, "Transfer-Encoding")) {
            wants_chunks_ = wants_chunks_ || equals(header.value, "chunked");
            continue;
        }
        has_date_ = has_date_ || equals(header.name, "Date");
        has_server_ = has_server_ || equals(header.name, "Server");
        out.append(header.name).append(": ");
        append_clean(out, header.value);
        out += "\r\n";
    }
    if (!has_server_) {
        out += server_line_;
    }
    if (!has_date_) {
        out += date_line_;
    }
}

void ResponseWriter::append_connection(std::string& out, const ResponseRules& rules) const {
    if (!rules.keep_alive) {
        out += "Connection: close\r\n";
    } else if (rules.version == 10) {
        out += "Connection: keep-alive\r\n";
    }
}

bool ResponseWriter::should_compress(const protocols::HttpResponseView& response,
                                     const ResponseRules& rules) const {
    if (compress_from_ == 0 || response.body.size() < compress_from_ || !rules.accepts_gzip) {
        return false;
    }
    bool compressible = false;
    for (const protocols::HttpHeaderView& header : headers_) {
        if (equals(header.name, "Content-Encoding") || equals(header.name, "Content-Range") ||
            equals(header.name, "ETag")) {
            return false;
        }
        compressible =
            compressible || (equals(header.name, "Content-Type") && is_compressible(header.value));
    }
    return compressible;
}

bool ResponseWriter::append(std::string& out, const protocols::HttpResponseView& response,
                            const ResponseRules& rules) {
    if (response.status_code < 200 || response.status_code > 999) {
        return false;
    }
    const auto status = static_cast<unsigned>(response.status_code);
    std::string_view phrase = response.status_text;
    if (phrase.empty()) {
        const auto known =
            boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
        phrase = {known.data(), known.size()};
    }
    append_status(out, status, phrase);
    protocols::read_headers(response.headers, headers_);
    append_headers(out);
    append_connection(out, rules);
    if (is_bodiless(status)) {
        out += "\r\n";
        return true;
    }
    std::string_view body = response.body;
    std::string compressed;
    if (should_compress(response, rules) && encoder_.encode(body, compressed)) {
        body = compressed;
        out += "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n";
    }
    const bool chunks = wants_chunks_ && rules.version == 11;
    if (chunks) {
        out += "Transfer-Encoding: chunked\r\n\r\n";
    } else {
        out += "Content-Length: ";
        // The answer to HEAD, passed on from another server, has no body to measure.
        if (rules.head_only && body.empty() && is_number(stated_length_)) {
            out += stated_length_;
        } else {
            append_number(out, body.size());
        }
        out += "\r\n\r\n";
    }
    if (rules.head_only) {
        return true;
    }
    if (!chunks) {
        out += body;
        return true;
    }
    if (!body.empty()) {
        append_number(out, body.size(), 16);
        out.append("\r\n").append(body).append("\r\n");
    }
    out += "0\r\n\r\n";
    return true;
}

void ResponseWriter::append_own(std::string& out, unsigned status, std::string_view phrase,
                                const ResponseRules& rules, std::string_view extra) {
    append_status(out, status, phrase);
    out += server_line_;
    out += date_line_;
    append_connection(out, rules);
    out += extra;
    out += "Content-Length: 0\r\n\r\n";
}

}  // namespace patchbay::http_server
