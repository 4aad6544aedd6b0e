// SPDX-License-Identifier: Apache-2.0
#include "incoming_request.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>

namespace patchbay::http_server {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

/// Longest line of a chunk's size with its extensions, and all trailers together.
constexpr std::size_t chunk_line_limit = 4096;
/// Trailers.
constexpr std::size_t trailer_limit = 32;

constexpr Refusal too_large{413, "Request Entity Too Large", "the body is too large"};
constexpr Refusal bad_chunks{400, "Bad Request", "chunks that are not well-formed"};

}  // namespace

/// Reads chunks with Beast's parser, which has to see the head first. Trailers are read and
/// dropped.
class ChunkedBody final : public http::basic_parser<true> {
  public:
    ChunkedBody(std::string_view head, std::string& body, std::size_t limit)
        : body_(body), limit_(limit) {
        header_limit(65536);
        body_limit(boost::none);
        beast::error_code error;
        eager(false);
        put(boost::asio::const_buffer(head.data(), head.size()), error);
        eager(true);
        in_head_ = false;
    }

    [[nodiscard]] bool is_too_large() const noexcept { return too_large_; }

  private:
    void on_request_impl(http::verb, beast::string_view, beast::string_view, int,
                         beast::error_code&) override {}
    void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
    void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                       beast::error_code& error) override {
        if (in_head_) {
            return;
        }
        trailer_size_ += name.size() + value.size();
        if (++trailers_ > trailer_limit || trailer_size_ > chunk_line_limit) {
            error = http::error::header_limit;
        }
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions,
                              beast::error_code& error) override {
        // Beast lets control characters pass between quotes. For other readers a line ends there.
        const auto is_control = [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return (byte < 0x20U && c != '\t') || byte == 0x7FU;
        };
        if (extensions.size() > chunk_line_limit ||
            std::any_of(extensions.begin(), extensions.end(), is_control)) {
            error = http::error::bad_chunk_extension;
            return;
        }
        // Refused before it is sent. What is there is always less than the limit.
        if (size >= limit_ - body_.size()) {
            too_large_ = true;
            error = http::error::body_limit;
        }
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                   beast::error_code&) override {
        body_.append(body.data(), body.size());
        return body.size();
    }
    void on_finish_impl(beast::error_code&) override {}

    std::string& body_;
    std::size_t limit_;
    std::size_t trailers_ = 0;
    std::size_t trailer_size_ = 0;
    bool in_head_ = true;
    bool too_large_ = false;
};

IncomingRequest::IncomingRequest(std::string_view head_bytes, const HeadLimits& limits,
                                 std::size_t body_limit)
    : head_bytes_(head_bytes) {
    static_cast<void>(read_head(head_bytes_, limits, head_, refusal_));
    if (head_.chunked) {
        chunked_ = std::make_unique<ChunkedBody>(head_bytes_, body_, body_limit);
    }
}

IncomingRequest::~IncomingRequest() = default;

IncomingRequest::Fed IncomingRequest::feed(std::string_view bytes) {
    if (!chunked_) {
        return feed_plain(bytes);
    }
    std::size_t consumed = 0;
    while (!chunked_->is_done()) {
        beast::error_code error;
        const std::string_view rest = bytes.substr(consumed);
        if (rest.empty()) {
            return {State::incomplete, consumed};
        }
        const std::size_t taken =
            chunked_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
        consumed += taken;
        if (error == http::error::need_more) {
            if (bytes.size() - consumed > chunk_line_limit) {
                refusal_ = bad_chunks;
                return {State::refused, consumed};
            }
            return {State::incomplete, consumed};
        }
        if (error) {
            refusal_ = chunked_->is_too_large() ? too_large : bad_chunks;
            return {State::refused, consumed};
        }
        if (taken == 0 && !chunked_->is_done()) {
            return {State::incomplete, consumed};
        }
    }
    return {State::complete, consumed};
}

IncomingRequest::Fed IncomingRequest::feed_plain(std::string_view bytes) {
    const auto missing = static_cast<std::size_t>(head_.content_length) - body_.size();
    const std::size_t taken = std::min(missing, bytes.size());
    // Memory follows what has arrived, not what was announced.
    body_.append(bytes.substr(0, taken));
    return {taken == missing ? State::complete : State::incomplete, taken};
}

}  // namespace patchbay::http_server
