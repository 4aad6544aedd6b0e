// SPDX-License-Identifier: Apache-2.0
/// \file
/// Turns the bytes of a client's stream into messages and control frames. Between messages it holds
/// nothing but a null pointer; a message that comes whole is read where it lies.
#pragma once

#include "frame.hpp"
#include "message_deflate.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway::websocket {

/// Bytes that may be read, but not changed, behind the payload of every message: simdjson asks for
/// it.
inline constexpr std::size_t padding = 64;

enum class EventKind : std::uint8_t {
    need_more,  ///< nothing more to read from these bytes; what is left of them is to be kept
    message,
    ping,
    pong,
    close,
    violation,  ///< the socket is to be closed with `code`
};

struct Event {
    EventKind kind = EventKind::need_more;
    bool is_text = false;
    CloseCode code = CloseCode::normal;  ///< close: the peer's, `no_status` without one
    /// Message, or payload of a control frame, or a close frame's reason. Valid until the next
    /// call.
    std::string_view payload{};
    /// Of a violation; static text.
    std::string_view why{};
};

/// What all sockets of a lane read with.
struct ReaderSupport {
    MessageInflater inflater;
    std::string inflated;
};

struct ReaderRules {
    std::size_t message_limit = 0;
    bool deflate = false;
};

class MessageReader {
  public:
    MessageReader() = default;

    /// The next event in `bytes`, whose begin moves past what was read. Payloads are unmasked in
    /// place; `padding` bytes behind `bytes` must be readable. What `need_more` leaves (at most the
    /// begin of a head or of a control frame) is to come again, before what follows it.
    [[nodiscard]] Event next(std::span<char>& bytes, const ReaderRules& rules,
                             ReaderSupport& support);
    /// Part of a message is there.
    [[nodiscard]] bool has_begun() const noexcept { return partial_ != nullptr; }
    /// Bytes that are kept of it.
    [[nodiscard]] std::size_t kept() const noexcept;

  private:
    struct Partial {
        std::string message;
        FrameHead head;               ///< of the frame that is being read
        std::uint64_t remaining = 0;  ///< of its payload
        std::uint64_t taken = 0;
        Opcode opcode = Opcode::text;
        bool compressed = false;
        bool ended = false;  ///< the message was told, and goes with the next call
    };

    [[nodiscard]] Event control(const FrameHead& head, std::string_view payload) const;
    [[nodiscard]] Event whole(Opcode opcode, bool compressed, std::string_view payload,
                              const ReaderRules& rules, ReaderSupport& support) const;
    void take_payload(std::span<char>& bytes);

    std::unique_ptr<Partial> partial_;
};

}  // namespace patchbay::agent_gateway::websocket
