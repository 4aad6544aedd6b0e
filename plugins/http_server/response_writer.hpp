// SPDX-License-Identifier: Apache-2.0
/// \file
/// Responses as they go on the wire. What a message of the protocol says is passed on, except for
/// what is the server's own business: length, framing, and whether the connection goes on.
#pragma once

#include <patchbay/net/content_coding.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/protocols/http_headers.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_server {

/// What the request demands of its response.
struct ResponseRules {
    bool head_only = false;  ///< answer to HEAD: everything but the body
    bool keep_alive = true;
    unsigned version = 11;
    bool accepts_gzip = false;
};

/// For one lane; keeps memory and the text of the date.
class ResponseWriter {
  public:
    /// `server_header` may be empty. Bodies of `compress_from` bytes and more are compressed where
    /// the client accepts it; 0 = never.
    ResponseWriter(std::string_view server_header, std::size_t compress_from);

    /// `now` is the time since 1970, for the Date header.
    void set_time(std::chrono::nanoseconds now);

    /// Appends the response. False when its status is none that HTTP knows: nothing was appended.
    [[nodiscard]] bool append(std::string& out, const protocols::HttpResponseView& response,
                              const ResponseRules& rules);
    /// A response of the server's own, without a body. `extra` are whole header lines.
    void append_own(std::string& out, unsigned status, std::string_view phrase,
                    const ResponseRules& rules, std::string_view extra = {});

  private:
    void append_status(std::string& out, unsigned status, std::string_view phrase) const;
    void append_headers(std::string& out);
    void append_connection(std::string& out, const ResponseRules& rules) const;
    [[nodiscard]] bool should_compress(const protocols::HttpResponseView& response,
                                       const ResponseRules& rules) const;

    std::string server_line_;
    std::string date_line_;
    std::chrono::seconds date_{-1};
    std::size_t compress_from_;
    net::ContentEncoder encoder_{net::ContentCoding::gzip};
    std::vector<protocols::HttpHeaderView> headers_;
    // What the headers of the response at hand say.
    bool has_date_ = false;
    bool has_server_ = false;
    bool wants_chunks_ = false;
    std::string_view stated_length_;
};

}  // namespace patchbay::http_server
