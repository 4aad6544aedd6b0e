// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every protocol message travels in: upstream's protobuf
/// `Message{body=1 | dialogue_message=2}` with `DialogueMessage{message_id=1 (int32),
/// dialogue_starter_reference=2, dialogue_responder_reference=3, target=4 (int32), content=5}`.
/// `content` is the protocol's own message. The whole is the `message` of an envelope.
///
/// The codecs of the protocols fail with these codes (class `invalid`):
///
/// | code | meaning |
/// | --- | --- |
/// | `message.malformed` | not well-formed protobuf, or a text field is not UTF-8 |
/// | `message.no_dialogue_message` | empty, or carries the alternative `body` |
/// | `message.no_performative` | the content has none of the protocol's performatives |
/// | `message.bad_error_code` | an error code that the default protocol does not have |
/// | `message.not_utf8` | outgoing text that is not UTF-8 |
/// | `message.too_large` | the wire form would exceed 2 GiB, protobuf's limit |
/// | `message.buffer_too_small` | the buffer given to `encode_into` is too small |
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::protocols {

/// Where a message stands in its dialogue. Owned; the same fields as in `MessageView`.
struct DialogueHeader {
    std::string starter_reference;
    std::string responder_reference;
    std::int32_t message_id = 1;
    std::int32_t target = 0;

    friend bool operator==(const DialogueHeader&, const DialogueHeader&) = default;
};

/// A wrapper message in place; the views point into the decoded bytes.
struct MessageView {
    std::string_view starter_reference;
    std::string_view responder_reference;
    std::int32_t message_id = 0;
    std::int32_t target = 0;
    /// The protocol's message, bytes.
    std::string_view content;
};

[[nodiscard]] inline MessageView view_of(const DialogueHeader& header,
                                         std::string_view content) noexcept {
    return {header.starter_reference, header.responder_reference, header.message_id, header.target,
            content};
}

[[nodiscard]] inline DialogueHeader header_of(const MessageView& message) {
    return {std::string(message.starter_reference), std::string(message.responder_reference),
            message.message_id, message.target};
}

/// Upstream's only demand across fields: the first message of a dialogue targets nothing. Upstream
/// logs an inconsistent message and goes on; so the codecs accept it and callers may ask.
[[nodiscard]] constexpr bool is_consistent(std::int32_t message_id, std::int32_t target) noexcept {
    return message_id != 1 || target == 0;
}

/// Reads a wrapper in place. Repeated occurrences merge field by field, as protobuf demands.
[[nodiscard]] Result<MessageView> decode_message(std::string_view bytes);

/// Length of the wire form.
[[nodiscard]] std::size_t encoded_size(const MessageView& message) noexcept;

/// Writes the wire form into `buffer` and returns its length; allocates only for an error.
[[nodiscard]] Result<std::size_t> encode_into(const MessageView& message, char* buffer,
                                              std::size_t capacity);

[[nodiscard]] Result<std::string> encode(const MessageView& message);

}  // namespace patchbay::protocols
