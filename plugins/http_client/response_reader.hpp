// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads one response from whatever pieces the network brings, within limits, by the strict reading
/// of RFC 9112: what could be understood in two ways is refused, because a proxy before this client
/// might have understood it in the other.
///
/// | code | meaning |
/// | --- | --- |
/// | `response.malformed` | not HTTP, or ambiguous about where it ends |
/// | `response.header_too_large` | status line and headers exceed their limits |
/// | `response.too_large` | the body exceeds its limit, as sent or decoded |
/// | `response.closed_early` | the server closed the connection in the middle of it |
/// | `content_coding.*` | see patchbay/net/content_coding.hpp |
#pragma once

#include "options.hpp"

#include <patchbay/net/content_coding.hpp>
#include <patchbay/result.hpp>

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::http_client {

/// What the request has to do with how its response is read.
struct Expectation {
    /// No body follows, whatever the headers say: the answer to HEAD, and the success of CONNECT.
    bool no_body = false;
    bool decompress = true;
};

class ResponseReader {
  public:
    explicit ResponseReader(const ResponseLimits& limits) : limits_(limits) {}
    ResponseReader(const ResponseReader&) = delete;
    ResponseReader& operator=(const ResponseReader&) = delete;

    /// Ready for another response; memory of the last one is kept for reuse, up to some size.
    void start(const Expectation& expectation);

    enum class State : std::uint8_t { incomplete, complete, failed };
    /// Takes the next piece. When it completes the response, `body` may point into it.
    [[nodiscard]] State read(std::string_view piece);
    /// The server closed its side.
    [[nodiscard]] State end_of_stream();
    /// Why it failed.
    [[nodiscard]] const Error& error() const noexcept { return *error_; }

    /// Whether any byte of the response has come.
    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }
    [[nodiscard]] std::int32_t status() const noexcept { return status_; }
    /// "HTTP/1.1" or "HTTP/1.0".
    [[nodiscard]] std::string_view version() const noexcept {
        return is_http_1_1_ ? "HTTP/1.1" : "HTTP/1.0";
    }
    /// UTF-8; a byte that is not is a question mark.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
    /// As text of `valory/http` messages. Without Transfer-Encoding and Trailer, which speak of the
    /// connection; a decoded response has no Content-Encoding, and the Content-Length of `body`.
    [[nodiscard]] std::string_view headers() const noexcept { return headers_; }
    [[nodiscard]] std::string_view body() const noexcept {
        return body_.empty() ? body_view_ : std::string_view(body_);
    }
    /// Value of Location; empty when absent.
    [[nodiscard]] std::string_view location() const noexcept { return location_; }
    /// Bytes followed the end of the response.
    [[nodiscard]] bool has_surplus() const noexcept { return has_surplus_; }
    /// The connection may be used for another request.
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }

  private:
    struct Line {
        std::size_t begin = 0;
        std::size_t size = 0;
    };

    State parse(std::string_view bytes);
    State fail(Error error);
    State fail(const boost::system::error_code& code);
    State complete(std::string_view surplus);
    void start_parser();
    void keep(std::string_view left);

    // What the parser finds; false refuses the response, with `error_` set.
    bool on_status(int status, std::string_view reason, int version);
    bool on_field(boost::beast::http::field field, std::string_view name, std::string_view value);
    bool on_body(std::string_view piece);
    bool refuse(const char* code, std::string text);
    void append_field(std::string_view name, std::string_view value);
    void correct_headers();

    /// Beast's parser, whose virtual functions lead back here. It cannot be used twice.
    class Parser final : public boost::beast::http::basic_parser<false> {
      public:
        explicit Parser(ResponseReader& reader) : reader_(reader) {}

      private:
        using error_code = boost::beast::error_code;
        using string_view = boost::beast::string_view;
        void on_request_impl(boost::beast::http::verb, string_view, string_view, int,
                             error_code&) override {}
        void on_response_impl(int code, string_view reason, int version,
                              error_code& error) override;
        void on_field_impl(boost::beast::http::field field, string_view name, string_view value,
                           error_code& error) override;
        void on_header_impl(error_code& error) override;
        void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& error) override {
            error = {};
        }
        std::size_t on_body_impl(string_view piece, error_code& error) override;
        void on_chunk_header_impl(std::uint64_t, string_view, error_code& error) override {
            error = {};
        }
        std::size_t on_chunk_body_impl(std::uint64_t, string_view piece,
                                       error_code& error) override;
        void on_finish_impl(error_code& error) override { error = {}; }

        ResponseReader& reader_;
    };

    ResponseLimits limits_;
    Expectation expectation_;
    std::optional<Parser> parser_;
    std::optional<Error> error_;
    /// Bytes that the parser wants again together with what follows them.
    std::string left_;

    std::string reason_;
    std::string headers_;
    std::string location_;
    /// The body, or the start of it, in the piece that is being read.
    std::string_view body_view_;
    std::string body_;
    std::optional<net::ContentDecoder> decoder_;
    Line content_encoding_;
    Line content_length_;
    std::string coding_;

    std::size_t header_bytes_ = 0;
    std::size_t header_count_ = 0;
    std::int32_t status_ = 0;
    unsigned int interim_ = 0;
    bool is_http_1_1_ = false;
    bool has_begun_ = false;
    bool has_status_line_ = false;
    bool in_header_ = true;
    bool has_transfer_encoding_ = false;
    bool has_content_length_ = false;
    bool has_surplus_ = false;
    bool keep_alive_ = false;
};

}  // namespace patchbay::http_client
