// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/content_coding.hpp>

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace patchbay::net {

namespace {

/// Bytes by which the output grows at a time, so that a bomb is noticed before it has its room.
constexpr std::size_t smallest_step = 4096;
constexpr std::size_t largest_step = 256UL * 1024;

/// zlib's `windowBits`: the largest window, with the wrapper that the coding has.
constexpr int gzip_window = 15 + 16;
constexpr int zlib_window = 15;
constexpr int raw_window = -15;
constexpr int memory_level = 8;

tl::unexpected<Error> malformed(ContentCoding coding) {
    return failure(
        ErrorClass::failed, "content_coding.malformed",
        "The body is not what its content coding " + std::string(name_of(coding)) + " says.");
}

tl::unexpected<Error> no_memory() {
    return failure(ErrorClass::overloaded, "content_coding.no_memory",
                   "There is no memory left for a content coding.");
}

uInt clamped(std::size_t size) noexcept {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

Bytef* bytes_of(const char* text) noexcept {
    // zlib reads its input and is not const-correct.
    return reinterpret_cast<Bytef*>(const_cast<char*>(text));
}

/// RFC 1950: the method is deflate, and the two bytes are a multiple of 31.
bool has_zlib_header(unsigned char first, unsigned char second) noexcept {
    return (first & 0x0FU) == Z_DEFLATED && (first * 256U + second) % 31U == 0;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
    });
}

}  // namespace

std::optional<ContentCoding> content_coding(std::string_view name) noexcept {
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) {
        return ContentCoding::gzip;
    }
    if (equals_ignoring_case(name, "deflate")) {
        return ContentCoding::deflate;
    }
    return std::nullopt;
}

std::string_view name_of(ContentCoding coding) noexcept {
    return coding == ContentCoding::gzip ? "gzip" : "deflate";
}

void detail::EndInflate::operator()(z_stream_s* stream) const noexcept {
    inflateEnd(stream);
    delete stream;  // NOLINT(cppcoreguidelines-owning-memory): the deleter of a unique_ptr
}

void detail::EndDeflate::operator()(z_stream_s* stream) const noexcept {
    deflateEnd(stream);
    delete stream;  // NOLINT(cppcoreguidelines-owning-memory): the deleter of a unique_ptr
}

// ---- Decoding -----------------------------------------------------------------------------------

Result<void> ContentDecoder::start(std::string_view piece) {
    int window = gzip_window;
    if (coding_ == ContentCoding::deflate) {
        window = has_zlib_header(static_cast<unsigned char>(piece[0]),
                                 static_cast<unsigned char>(piece[1]))
                     ? zlib_window
                     : raw_window;
    }
    auto stream = std::make_unique<z_stream_s>();
    if (inflateInit2(stream.get(), window) != Z_OK) {
        return no_memory();
    }
    stream_.reset(stream.release());
    return {};
}

Result<void> ContentDecoder::decode(std::string_view piece, std::string& output) {
    if (piece.empty()) {
        return {};
    }
    std::string joined;
    if (!stream_) {
        if (held_.size() + piece.size() < 2) {
            held_ = piece;
            return {};
        }
        if (!held_.empty()) {
            joined = std::move(held_);
            joined += piece;
            held_.clear();
            piece = joined;
        }
        if (auto started = start(piece); !started) {
            return started;
        }
    }
    while (!piece.empty()) {
        const std::string_view part = piece.substr(0, clamped(piece.size()));
        if (auto decoded = inflate_piece(part, output); !decoded) {
            return decoded;
        }
        piece.remove_prefix(part.size());
    }
    return {};
}

Result<void> ContentDecoder::inflate_piece(std::string_view piece, std::string& output) {
    stream_->next_in = bytes_of(piece.data());
    stream_->avail_in = static_cast<uInt>(piece.size());
    std::size_t step = smallest_step;
    for (;;) {
        if (ended_) {
            if (stream_->avail_in == 0) {
                return {};
            }
            // Another member of a gzip file; anything else after the end is not of the body.
            if (coding_ != ContentCoding::gzip || inflateReset(stream_.get()) != Z_OK) {
                return malformed(coding_);
            }
            ended_ = false;
        }
        // One byte more than is allowed tells a body of exactly the limit from a larger one.
        const std::uint64_t left = limit_ - produced_;
        const std::size_t room =
            static_cast<std::size_t>(left < step ? left + 1 : static_cast<std::uint64_t>(step));
        const std::size_t before = output.size();
        output.resize(before + room);
        stream_->next_out = bytes_of(output.data() + before);
        stream_->avail_out = static_cast<uInt>(room);
        const int result = inflate(stream_.get(), Z_NO_FLUSH);
        const std::size_t got = room - stream_->avail_out;
        output.resize(before + static_cast<std::size_t>(std::min<std::uint64_t>(got, left)));
        if (got > left) {
            return failure(
                ErrorClass::failed, "content_coding.too_large",
                "The body is larger than " + std::to_string(limit_) + " bytes once it is decoded.");
        }
        produced_ += got;
        step = std::min(step * 2, largest_step);
        if (result == Z_STREAM_END) {
            ended_ = true;
        } else if (result == Z_MEM_ERROR) {
            return no_memory();
        } else if (result == Z_BUF_ERROR || (result == Z_OK && stream_->avail_out != 0)) {
            return {};  // all input is used up
        } else if (result != Z_OK) {
            return malformed(coding_);
        }
    }
}

Result<void> ContentDecoder::finish() const {
    if ((stream_ && !ended_) || !held_.empty()) {
        return failure(ErrorClass::failed, "content_coding.truncated",
                       "The body ends in the middle of its content coding " +
                           std::string(name_of(coding_)) + '.');
    }
    return {};
}

// ---- Encoding -----------------------------------------------------------------------------------

Result<void> ContentEncoder::encode(std::string_view body, std::string& output) {
    if (stream_) {
        if (deflateReset(stream_.get()) != Z_OK) {
            stream_.reset();
        }
    }
    if (!stream_) {
        auto stream = std::make_unique<z_stream_s>();
        if (deflateInit2(stream.get(), level_, Z_DEFLATED,
                         coding_ == ContentCoding::gzip ? gzip_window : zlib_window, memory_level,
                         Z_DEFAULT_STRATEGY) != Z_OK) {
            return no_memory();
        }
        stream_.reset(stream.release());
    }
    const std::size_t before = output.size();
    output.resize(before + deflateBound(stream_.get(), static_cast<uLong>(body.size())));
    std::size_t written = before;
    int result = Z_OK;
    do {
        const uInt input = clamped(body.size());
        const uInt room = clamped(output.size() - written);
        stream_->next_in = bytes_of(body.data());
        stream_->avail_in = input;
        stream_->next_out = bytes_of(output.data() + written);
        stream_->avail_out = room;
        result = deflate(stream_.get(), input == body.size() ? Z_FINISH : Z_NO_FLUSH);
        body.remove_prefix(input - stream_->avail_in);
        written += room - stream_->avail_out;
    } while (result == Z_OK);
    if (result != Z_STREAM_END) {
        output.resize(before);
        stream_.reset();
        return no_memory();
    }
    output.resize(written);
    return {};
}

}  // namespace patchbay::net
