// SPDX-License-Identifier: Apache-2.0
/// \file
/// The wrapper of message.hpp around a content that is written in place, so that a protocol's
/// message reaches its buffer in one pass.
#pragma once

#include "../wire_writer.hpp"

#include <patchbay/protocols/message.hpp>

#include <cstddef>
#include <cstdint>

namespace patchbay::protocols::wrapper {

inline constexpr std::uint32_t body = 1;
inline constexpr std::uint32_t dialogue_message = 2;

inline constexpr std::uint32_t message_id = 1;
inline constexpr std::uint32_t starter_reference = 2;
inline constexpr std::uint32_t responder_reference = 3;
inline constexpr std::uint32_t target = 4;
inline constexpr std::uint32_t content = 5;

/// Length of the DialogueMessage with a content of this size; an empty content is not written.
[[nodiscard]] inline std::size_t inner_size(const MessageView& header,
                                            std::size_t content_size) noexcept {
    return wire::int32_size(header.message_id) + wire::bytes_size(header.starter_reference.size()) +
           wire::bytes_size(header.responder_reference.size()) + wire::int32_size(header.target) +
           wire::bytes_size(content_size);
}

/// The begin of a wrapper whose DialogueMessage takes `inner` bytes: everything before its content.
inline void add_header(wire::BufferWriter& writer, const MessageView& header, std::size_t inner) {
    writer.open(dialogue_message, inner);
    wire::add_int32(writer, message_id, header.message_id);
    wire::add_bytes(writer, starter_reference, header.starter_reference);
    wire::add_bytes(writer, responder_reference, header.responder_reference);
    wire::add_int32(writer, target, header.target);
}

/// Fails with `message.not_utf8` for the references, and with `message.too_large` when the wire
/// form takes `size` bytes.
[[nodiscard]] Result<void> check(const MessageView& header, std::size_t size);

/// Fails with `message.buffer_too_small`.
[[nodiscard]] Result<void> check_room(std::size_t size, std::size_t capacity);

}  // namespace patchbay::protocols::wrapper
