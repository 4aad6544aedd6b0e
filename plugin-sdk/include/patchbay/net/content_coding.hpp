// SPDX-License-Identifier: Apache-2.0
/// \file
/// Content codings of HTTP, `gzip` and `deflate`, through zlib. Decoding takes input piece by piece
/// and its output has a bound, because a few bytes from outside can stand for gigabytes.
///
/// | code | meaning |
/// | --- | --- |
/// | `content_coding.malformed` | not a stream of the coding, or bytes follow it |
/// | `content_coding.truncated` | the stream lacks its end |
/// | `content_coding.too_large` | more output than the limit |
/// | `content_coding.no_memory` | zlib has no memory (class overloaded) |
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct z_stream_s;

namespace patchbay::net {

enum class ContentCoding : std::uint8_t { gzip, deflate };

/// The coding that a `Content-Encoding` names ("gzip", "x-gzip", "deflate", in any case); nothing
/// for "identity", for other codings and for several at once.
[[nodiscard]] std::optional<ContentCoding> content_coding(std::string_view name) noexcept;
[[nodiscard]] std::string_view name_of(ContentCoding coding) noexcept;

namespace detail {
struct EndInflate {
    void operator()(z_stream_s* stream) const noexcept;
};
struct EndDeflate {
    void operator()(z_stream_s* stream) const noexcept;
};
}  // namespace detail

/// Decodes one body. Takes gzip streams of several members and, because servers disagree about what
/// "deflate" means, deflate with and without zlib's wrapper. Not for use by several threads at
/// once.
class ContentDecoder {
  public:
    /// `limit` bounds the output of the whole body, in bytes.
    ContentDecoder(ContentCoding coding, std::uint64_t limit) : coding_(coding), limit_(limit) {}

    /// Appends what the next piece of the body decodes to. After a failure the decoder is spent,
    /// and `output` holds what came before it, within the limit.
    [[nodiscard]] Result<void> decode(std::string_view piece, std::string& output);
    /// The body is over. A body without any bytes is good: it had nothing to encode.
    [[nodiscard]] Result<void> finish() const;

  private:
    [[nodiscard]] Result<void> start(std::string_view piece);
    [[nodiscard]] Result<void> inflate_piece(std::string_view piece, std::string& output);

    ContentCoding coding_;
    std::uint64_t limit_;
    std::uint64_t produced_ = 0;
    /// A first byte that does not yet say which deflate it is.
    std::string held_;
    bool ended_ = false;
    std::unique_ptr<z_stream_s, detail::EndInflate> stream_;
};

/// Encodes whole bodies, one after the other; zlib's memory (about 256 KiB) is kept between them.
/// Not for use by several threads at once.
class ContentEncoder {
  public:
    /// `level` is zlib's, 1 (fast) to 9 (small).
    explicit ContentEncoder(ContentCoding coding, int level = 6) : coding_(coding), level_(level) {}

    /// Appends the encoded form of `body`. On failure `output` is as it was.
    [[nodiscard]] Result<void> encode(std::string_view body, std::string& output);

  private:
    ContentCoding coding_;
    int level_;
    std::unique_ptr<z_stream_s, detail::EndDeflate> stream_;
};

}  // namespace patchbay::net
