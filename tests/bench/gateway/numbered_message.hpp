// SPDX-License-Identifier: Apache-2.0
/// \file
/// A message that is made once and sent again and again, each time with a number of its own.
#pragma once

#include "web_socket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class NumberedMessage {
  public:
    static constexpr std::size_t digits = 16;
    /// Stands in the text where the number belongs.
    static constexpr std::string_view placeholder = "0123456789abcdef";

    NumberedMessage() = default;

    /// As it is. Without a placeholder all are alike.
    static NumberedMessage plain(std::string_view text) {
        return {std::string(text), text.find(placeholder), {}};
    }
    /// As a client's WebSocket frame.
    static NumberedMessage framed(Opcode opcode, std::string_view payload) {
        std::string bytes;
        append_frame(bytes, opcode, payload);
        const std::size_t in_payload = payload.find(placeholder);
        if (in_payload == std::string_view::npos) {
            return {std::move(bytes), in_payload, {}};
        }
        std::array<char, digits> mask{};
        for (std::size_t i = 0; i < digits; ++i) {
            mask[i] = mask_key[(in_payload + i) & 3U];
        }
        const std::size_t at = bytes.size() - payload.size() + in_payload;
        return {std::move(bytes), at, mask};
    }

    void append_to(std::string& out, std::uint64_t number) const {
        const std::size_t begin = out.size();
        out += bytes_;
        if (at_ == std::string::npos) {
            return;
        }
        for (std::size_t i = digits; i-- > 0; number >>= 4U) {
            out[begin + at_ + i] = static_cast<char>("0123456789abcdef"[number & 15U] ^ mask_[i]);
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  private:
    NumberedMessage(std::string bytes, std::size_t at, std::array<char, digits> mask)
        : bytes_(std::move(bytes)), at_(at), mask_(mask) {}

    std::string bytes_;
    std::size_t at_ = std::string::npos;
    std::array<char, digits> mask_{};
};

}  // namespace bench
