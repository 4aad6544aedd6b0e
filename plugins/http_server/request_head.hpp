// SPDX-License-Identifier: Apache-2.0
/// \file
/// The head of an HTTP/1 request, read in place by Boost.Beast's parser, and the rules that Beast
/// leaves to its user. They are stricter than HTTP asks for: whatever two servers could read in two
/// ways is refused, because that is what request smuggling is made of.
#pragma once

#include <patchbay/protocols/http_headers.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_server {

/// The views point into the bytes that were read.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    std::string_view host;
    std::vector<protocols::HttpHeaderView> headers;
    std::size_t size = 0;  ///< of the head, its empty line included
    std::uint64_t content_length = 0;
    unsigned version = 11;  ///< 10 or 11
    bool keep_alive = true;
    bool chunked = false;
    bool expects_continue = false;
    bool accepts_gzip = false;

    [[nodiscard]] bool has_body() const noexcept { return chunked || content_length != 0; }
    [[nodiscard]] bool is_head() const noexcept { return method == "HEAD"; }
};

/// Why a request is refused: what the client sees, and what the log says.
struct Refusal {
    unsigned status = 400;
    std::string_view phrase;
    std::string_view why;
};

enum class HeadState : std::uint8_t { incomplete, complete, refused };

struct HeadLimits {
    std::size_t size = 0;
    std::size_t count = 0;
};

/// Reads the head at the start of `bytes` into `head`, whose memory is used again. `refusal` is set
/// when the state is `refused`.
[[nodiscard]] HeadState read_head(std::string_view bytes, const HeadLimits& limits,
                                  RequestHead& head, Refusal& refusal);

/// Empty lines before a request, which old clients send after a body and HTTP lets pass.
[[nodiscard]] std::size_t leading_line_breaks(std::string_view bytes) noexcept;

/// Appends the full URL: the target as it is when it has a scheme, else after `scheme` and the
/// host, which is `own_host` for clients that name none.
void append_url(std::string& url, std::string_view scheme, std::string_view own_host,
                const RequestHead& head);

}  // namespace patchbay::http_server
