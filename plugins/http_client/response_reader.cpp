// SPDX-License-Identifier: Apache-2.0
#include "response_reader.hpp"

#include "text.hpp"

#include <patchbay/protocols/http_headers.hpp>
#include <patchbay/utf8.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::http_client {

namespace {

namespace http = boost::beast::http;

/// Responses 1xx that may come before the real one.
constexpr unsigned int most_interim = 16;
/// Memory that is kept for the next response.
constexpr std::size_t kept_text_capacity = 256UL * 1024;
/// Room made for an announced body before it has come.
constexpr std::uint64_t trusted_length = 1UL << 20U;

std::string_view view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

void clear(std::string& text) {
    if (text.capacity() > kept_text_capacity) {
        std::string().swap(text);
    }
    text.clear();
}

constexpr std::string_view status_line_start = "HTTP/1.";
/// The least that can follow in a chunked body: its end. Beast 1.81 asserts that it is given as
/// much when it asked for more.
constexpr std::size_t smallest_chunk_end = 5;

/// Stands for "`error_` says it" among Beast's codes.
boost::beast::error_code own_error() {
    return http::error::bad_field;
}

}  // namespace

// ---- What the parser finds ----------------------------------------------------------------------

void ResponseReader::Parser::on_response_impl(int code, string_view reason, int version,
                                              error_code& error) {
    error = reader_.on_status(code, view(reason), version) ? error_code() : own_error();
}

void ResponseReader::Parser::on_field_impl(http::field field, string_view name, string_view value,
                                           error_code& error) {
    error = reader_.on_field(field, view(name), view(value)) ? error_code() : own_error();
}

void ResponseReader::Parser::on_header_impl(error_code& error) {
    error = {};
    reader_.in_header_ = false;
}

std::size_t ResponseReader::Parser::on_body_impl(string_view piece, error_code& error) {
    error = reader_.on_body(view(piece)) ? error_code() : own_error();
    return piece.size();
}

std::size_t ResponseReader::Parser::on_chunk_body_impl(std::uint64_t, string_view piece,
                                                       error_code& error) {
    return on_body_impl(piece, error);
}

bool ResponseReader::refuse(const char* code, std::string text) {
    error_ = Error{ErrorClass::failed, code, std::move(text)};
    return false;
}

bool ResponseReader::on_status(int status, std::string_view reason, int version) {
    if (status < 100 || status == 101) {
        return refuse("response.malformed", "The server answered with the status " +
                                                std::to_string(status) +
                                                ", which nobody asked for.");
    }
    status_ = status;
    has_status_line_ = true;
    is_http_1_1_ = version >= 11;
    reason_ = reason;
    if (!is_utf8(reason_)) {
        std::replace_if(
            reason_.begin(), reason_.end(),
            [](char c) { return static_cast<unsigned char>(c) >= 0x80U; }, '?');
    }
    return true;
}

bool ResponseReader::on_field(http::field field, std::string_view name, std::string_view value) {
    header_bytes_ += name.size() + value.size() + 4;
    ++header_count_;
    if (header_bytes_ > limits_.header || header_count_ > limits_.header_count) {
        return refuse("response.header_too_large",
                      "The response has more than " + std::to_string(limits_.header_count) +
                          " headers, or more than " + std::to_string(limits_.header) +
                          " bytes of them.");
    }
    if (!in_header_) {
        return true;  // trailers are not passed on
    }
    switch (field) {
        case http::field::transfer_encoding:
            // Anything but "chunked", alone, leaves room for two opinions on where the body ends.
            if (has_transfer_encoding_ || has_content_length_ || !is_http_1_1_ ||
                !equals_ignoring_case(value, "chunked")) {
                return refuse("response.malformed",
                              "The response's Transfer-Encoding is not chunked alone, or stands "
                              "beside a Content-Length.");
            }
            has_transfer_encoding_ = true;
            return true;
        case http::field::trailer:
            return true;
        case http::field::content_length:
            if (has_transfer_encoding_) {
                return refuse("response.malformed",
                              "The response has Content-Length beside Transfer-Encoding.");
            }
            if (has_content_length_) {
                return true;  // the same again, as the parser has checked
            }
            has_content_length_ = true;
            content_length_.begin = headers_.size();
            append_field(name, value);
            content_length_.size = headers_.size() - content_length_.begin;
            return true;
        case http::field::content_encoding:
            if (content_encoding_.size == 0) {
                content_encoding_.begin = headers_.size();
            }
            append_field(name, value);
            content_encoding_.size = headers_.size() - content_encoding_.begin;
            coding_.append(coding_.empty() ? "" : ", ").append(value);
            return true;
        case http::field::location:
            if (location_.empty()) {
                location_ = value;
            }
            break;
        default:
            break;
    }
    append_field(name, value);
    return true;
}

void ResponseReader::append_field(std::string_view name, std::string_view value) {
    if (std::all_of(value.begin(), value.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x80U; })) {
        headers_.append(name).append(": ").append(value).append("\n");
        return;
    }
    const std::string text = protocols::headers_to_text({{name, value}});
    headers_.append(text, 0, text.size() - 1);  // without the empty line
}

bool ResponseReader::on_body(std::string_view piece) {
    if (!decoder_ && body_.empty() && body_view_.empty() && expectation_.decompress) {
        if (const auto coding = net::content_coding(coding_)) {
            decoder_.emplace(*coding, limits_.body);
        }
    }
    if (decoder_) {
        if (auto decoded = decoder_->decode(piece, body_); !decoded) {
            error_ = std::move(decoded.error());
            return false;
        }
        return true;
    }
    if (body_.empty() && body_view_.empty()) {
        body_view_ = piece;
        return true;
    }
    if (body_.empty()) {
        body_ = std::exchange(body_view_, {});
    }
    body_ += piece;
    return true;
}

// ---- Reading ------------------------------------------------------------------------------------

void ResponseReader::start_parser() {
    headers_.clear();
    location_.clear();
    coding_.clear();
    content_encoding_ = content_length_ = {};
    header_bytes_ = header_count_ = 0;
    in_header_ = true;
    has_status_line_ = false;
    has_transfer_encoding_ = has_content_length_ = false;
    parser_.emplace(*this);
    parser_->eager(true);
    parser_->skip(expectation_.no_body);
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header));
    parser_->body_limit(limits_.body);
}

void ResponseReader::start(const Expectation& expectation) {
    expectation_ = expectation;
    error_.reset();
    decoder_.reset();
    body_view_ = {};
    clear(left_);
    clear(body_);
    clear(headers_);
    clear(location_);
    status_ = 0;
    interim_ = 0;
    has_begun_ = has_surplus_ = keep_alive_ = false;
    start_parser();
}

ResponseReader::State ResponseReader::read(std::string_view piece) {
    if (error_) {
        return State::failed;
    }
    has_begun_ = has_begun_ || !piece.empty();
    if (left_.empty()) {
        return parse(piece);
    }
    left_ += piece;
    if (!in_header_ && left_.size() < smallest_chunk_end) {
        return State::incomplete;
    }
    const std::string joined = std::exchange(left_, {});
    const State state = parse(joined);
    if (!body_view_.empty()) {
        body_ = std::exchange(body_view_, {});  // it points into `joined`
    }
    return state;
}

ResponseReader::State ResponseReader::parse(std::string_view bytes) {
    while (!bytes.empty()) {
        // Beast waits for the end of a header before it looks again, and other protocols have none.
        if (!has_status_line_ && !bytes.starts_with(status_line_start.substr(0, bytes.size()))) {
            return fail(make_error_code(http::error::bad_version));
        }
        boost::beast::error_code error;
        const std::size_t used =
            parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
        bytes.remove_prefix(used);
        if (error && error != http::error::need_more) {
            return error_ ? State::failed : fail(error);
        }
        if (error_) {
            return State::failed;
        }
        if (!parser_->is_done()) {
            if (error == http::error::need_more && !bytes.empty()) {
                // Chunk sizes and trailers have no limit of Beast's.
                if (bytes.size() > limits_.header) {
                    return fail(make_error_code(http::error::header_limit));
                }
                keep(bytes);
                break;
            }
            continue;
        }
        if (status_ >= 200) {
            return complete(bytes);
        }
        if (++interim_ > most_interim) {
            refuse("response.malformed", "The server sent too many interim responses.");
            return State::failed;
        }
        start_parser();
    }
    if (!body_view_.empty()) {
        if (const auto length = parser_->content_length()) {
            body_.reserve(static_cast<std::size_t>(std::min(*length, trusted_length)));
        }
        body_ = std::exchange(body_view_, {});
    }
    return State::incomplete;
}

void ResponseReader::keep(std::string_view left) {
    left_ = left;
}

ResponseReader::State ResponseReader::end_of_stream() {
    if (error_) {
        return State::failed;
    }
    boost::beast::error_code error = http::error::partial_message;
    if (has_begun_ && left_.empty() && parser_->got_some() && parser_->is_header_done()) {
        error = {};
        parser_->put_eof(error);
    }
    if (error || !parser_->is_done()) {
        return fail(make_error_code(http::error::partial_message));
    }
    return complete({});
}

ResponseReader::State ResponseReader::complete(std::string_view surplus) {
    has_surplus_ = !surplus.empty();
    keep_alive_ = !has_surplus_ && parser_->keep_alive();
    if (decoder_) {
        if (auto finished = decoder_->finish(); !finished) {
            return fail(std::move(finished.error()));
        }
        correct_headers();
    }
    headers_ += '\n';
    return State::complete;
}

void ResponseReader::correct_headers() {
    const auto erase_encoding = [&] {
        headers_.erase(content_encoding_.begin, content_encoding_.size);
    };
    const auto replace_length = [&] {
        if (content_length_.size != 0) {
            headers_.replace(content_length_.begin, content_length_.size,
                             "Content-Length: " + std::to_string(body_.size()) + '\n');
        }
    };
    // The later one first: it moves what stands behind it.
    if (content_encoding_.begin > content_length_.begin) {
        erase_encoding();
        replace_length();
    } else {
        replace_length();
        erase_encoding();
    }
}

ResponseReader::State ResponseReader::fail(Error error) {
    error_ = std::move(error);
    return State::failed;
}

ResponseReader::State ResponseReader::fail(const boost::system::error_code& code) {
    if (code == http::error::header_limit) {
        refuse("response.header_too_large", "The header of the response is larger than " +
                                                std::to_string(limits_.header) + " bytes.");
    } else if (code == http::error::body_limit) {
        refuse("response.too_large", "The body of the response is larger than " +
                                         std::to_string(limits_.body) + " bytes.");
    } else if (code == http::error::partial_message) {
        refuse("response.closed_early", has_begun_ ? "The server closed the connection in the "
                                                     "middle of its response."
                                                   : "The server closed the connection without a "
                                                     "response.");
    } else {
        refuse("response.malformed", "The response is not valid HTTP: " + code.message() + '.');
    }
    return State::failed;
}

}  // namespace patchbay::http_client
