// SPDX-License-Identifier: Apache-2.0
/// \file
/// The protocol `fetchai/default:1.0.0`: bytes, end and error. Its wire form is
/// `DefaultMessage{bytes=5{content=1} | end=6{} | error=7{error_code=1{enum=1}, error_msg=2,
/// error_data=3 (map<string, bytes>)}}` inside the wrapper of message.hpp, whose error codes apply.
#pragma once

#include <patchbay/dialogue_rules.hpp>
#include <patchbay/protocols/message.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace patchbay::protocols {

inline constexpr std::string_view default_protocol_id = "fetchai/default:1.0.0";

/// Why a message could not be handled. The numbers are those of the wire.
enum class DefaultErrorCode : std::int32_t {
    unsupported_protocol = 0,
    decoding_error = 1,
    invalid_message = 2,
    unsupported_skill = 3,
    invalid_dialogue = 4,
};

enum class DefaultPerformative : std::uint8_t { bytes = 5, end = 6, error = 7 };

struct DefaultBytes {
    std::string content;
    friend bool operator==(const DefaultBytes&, const DefaultBytes&) = default;
};

struct DefaultEnd {
    friend bool operator==(const DefaultEnd&, const DefaultEnd&) = default;
};

struct DefaultError {
    DefaultErrorCode error_code = DefaultErrorCode::unsupported_protocol;
    std::string error_msg;
    /// Values are bytes. Written in the order of the keys; any order is read.
    std::map<std::string, std::string> error_data;
    friend bool operator==(const DefaultError&, const DefaultError&) = default;
};

struct DefaultMessage {
    DialogueHeader header;
    std::variant<DefaultBytes, DefaultEnd, DefaultError> body;

    [[nodiscard]] DefaultPerformative performative() const noexcept {
        return static_cast<DefaultPerformative>(5 + body.index());
    }
    friend bool operator==(const DefaultMessage&, const DefaultMessage&) = default;
};

/// A message of performative bytes in place, for those who handle many: nearly all messages of the
/// protocol are.
struct DefaultBytesView {
    MessageView header;  ///< its `content` is ignored
    std::string_view content;
};

/// The whole `message` of an envelope. Fails when a text is not UTF-8 or the error code is unknown.
[[nodiscard]] Result<std::string> encode(const DefaultMessage& message);
[[nodiscard]] Result<std::string> encode(const DefaultBytesView& message);

/// Length of the whole `message` of an envelope.
[[nodiscard]] std::size_t encoded_size(const DefaultBytesView& message) noexcept;

/// Writes the whole `message` of an envelope into `buffer` and returns its length; allocates only
/// for an error. On failure the buffer is as it was.
[[nodiscard]] Result<std::size_t> encode_into(const DefaultBytesView& message, char* buffer,
                                              std::size_t capacity);

/// The content of a wrapper that holds a message of performative bytes, in place. Nothing for all
/// others, of which `decode_default` tells what they are, or why they are refused.
[[nodiscard]] std::optional<std::string_view> default_bytes_of(const MessageView& wrapper) noexcept;

[[nodiscard]] Result<DefaultMessage> decode_default(std::string_view bytes);

/// The same for a wrapper that was already taken apart.
[[nodiscard]] Result<DefaultMessage> decode_default(const MessageView& wrapper);

/// Starts with bytes or error; bytes may be answered by anything; end and error end the dialogue,
/// which stays on record.
inline constexpr DialogueRules default_dialogue_rules = [] {
    constexpr auto bytes = static_cast<unsigned>(DefaultPerformative::bytes);
    constexpr auto end = static_cast<unsigned>(DefaultPerformative::end);
    constexpr auto error = static_cast<unsigned>(DefaultPerformative::error);
    DialogueRules rules;
    rules.initial = performatives(bytes, error);
    rules.terminal = performatives(end, error);
    rules.replies[bytes] = performatives(bytes, end, error);
    rules.keep_ended = true;
    return rules;
}();

}  // namespace patchbay::protocols
