// SPDX-License-Identifier: Apache-2.0
/// \file
/// Per-message deflate (RFC 7692) without context takeover in either direction: no message refers
/// to an earlier one, so that a lane has one inflater and one deflater for all of its sockets, and
/// an idle socket holds no memory of zlib's.
///
/// | code | meaning |
/// | --- | --- |
/// | `deflate.malformed` | not a deflate stream, or bytes follow it |
/// | `deflate.too_large` | more output than the limit |
/// | `deflate.no_memory` | zlib has no memory (class overloaded) |
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace patchbay::agent_gateway::websocket {

namespace detail {
struct EndInflate {
    void operator()(z_stream_s* stream) const noexcept;
};
struct EndDeflate {
    void operator()(z_stream_s* stream) const noexcept;
};
}  // namespace detail

class MessageInflater {
  public:
    /// Replaces `output` with the message that `payload` stands for, of at most `limit` bytes.
    [[nodiscard]] Result<void> inflate(std::string_view payload, std::size_t limit,
                                       std::string& output);

  private:
    std::unique_ptr<z_stream_s, detail::EndInflate> stream_;
};

class MessageDeflater {
  public:
    /// Replaces `output` with the payload for `message`.
    [[nodiscard]] Result<void> deflate(std::string_view message, std::string& output);

  private:
    std::unique_ptr<z_stream_s, detail::EndDeflate> stream_;
};

}  // namespace patchbay::agent_gateway::websocket
