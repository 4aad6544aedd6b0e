// SPDX-License-Identifier: Apache-2.0
/// \file
/// A request whose body is still on its way. Most requests never become one: they arrive whole and
/// are handed on from where they were read.
#pragma once

#include "request_head.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::http_server {

class ChunkedBody;

class IncomingRequest {
  public:
    /// `head_bytes` were read once already, without a refusal.
    IncomingRequest(std::string_view head_bytes, const HeadLimits& limits, std::size_t body_limit);
    IncomingRequest(const IncomingRequest&) = delete;
    IncomingRequest& operator=(const IncomingRequest&) = delete;
    ~IncomingRequest();

    enum class State : std::uint8_t { incomplete, complete, refused };
    struct Fed {
        State state = State::incomplete;
        /// Of the bytes given; the rest is to be given again, with more.
        std::size_t consumed = 0;
    };
    /// Takes bytes of the body.
    [[nodiscard]] Fed feed(std::string_view bytes);

    [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
    [[nodiscard]] std::string_view body() const noexcept { return body_; }
    [[nodiscard]] const Refusal& refusal() const noexcept { return refusal_; }

  private:
    [[nodiscard]] Fed feed_plain(std::string_view bytes);

    std::string head_bytes_;
    RequestHead head_;
    Refusal refusal_;
    std::string body_;
    std::unique_ptr<ChunkedBody> chunked_;
};

}  // namespace patchbay::http_server
