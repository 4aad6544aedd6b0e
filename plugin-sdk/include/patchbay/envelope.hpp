// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes and their wire form, upstream's protobuf message
/// `Envelope{to=1, sender=2, protocol_id=3, message=4 (bytes), uri=5}`.
///
/// `EnvelopeView` and the functions over it allocate nothing and are for hot paths; `Envelope` owns
/// its parts. The codecs refuse what upstream refuses, with these codes (class `invalid`):
///
/// | code | meaning |
/// | --- | --- |
/// | `envelope.malformed` | not a well-formed protobuf message, or a text field is not UTF-8 |
/// | `envelope.bad_protocol_id` | `protocol_id` is not a public id (or is missing) |
/// | `envelope.mixed_addresses` | one of `to` and `sender` is a public id, the other an address |
/// | `envelope.context_between_components` | a context or uri between two components |
/// | `envelope.not_utf8` | outgoing text that is not UTF-8 |
/// | `envelope.too_large` | the wire form would exceed 2 GiB, protobuf's limit |
/// | `envelope.buffer_too_small` | the buffer given to `encode_into` is too small |
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace patchbay {

/// Parts of an envelope that live elsewhere; valid as long as those bytes are.
struct EnvelopeView {
    std::string_view to;
    std::string_view sender;
    /// Specification id of the protocol, e.g. "fetchai/default:1.0.0".
    std::string_view protocol_id;
    /// Bytes of the message, not text.
    std::string_view message;
    /// Optional; empty = absent.
    std::string_view uri{};
    /// Connection named by the envelope's context; routing information that is never written.
    std::string_view context_connection_id{};
};

struct Envelope {
    std::string to;
    std::string sender;
    std::string protocol_id;
    std::string message;
    std::string uri{};
    std::string context_connection_id{};

    /// Takes the parts as they are, after `check`, with the protocol id in its strict text.
    [[nodiscard]] static Result<Envelope> make(Envelope parts);
    [[nodiscard]] static Envelope copy_of(const EnvelopeView& view);
    [[nodiscard]] EnvelopeView view() const noexcept {
        return {to, sender, protocol_id, message, uri, context_connection_id};
    }

    friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// Upstream's rules for constructing an envelope. Inside the host they are not applied: there a
/// mixture of addresses and public ids is legal. They guard every way in and out.
[[nodiscard]] Result<void> check(const EnvelopeView& envelope);

/// Bytes that `encode` will produce for an envelope that passes `check`; 0 when it does not.
[[nodiscard]] std::size_t encoded_size(const EnvelopeView& envelope) noexcept;

/// Writes the wire form into `buffer` and returns its length. Checks first; on failure the buffer's
/// content is unspecified. No allocation except for the error.
[[nodiscard]] Result<std::size_t> encode_into(const EnvelopeView& envelope, char* buffer,
                                              std::size_t capacity);

[[nodiscard]] Result<std::string> encode(const EnvelopeView& envelope);

/// Reads a wire form in place. The views point into `bytes`; `protocol_id` is as written there,
/// without the one newline that upstream tolerates (use `decode` for its strict text). The last
/// occurrence of a field counts; unknown fields are ignored; absent ones are empty.
[[nodiscard]] Result<EnvelopeView> decode_view(std::string_view bytes);

/// Reads a wire form; `protocol_id` is in its strict text (`:latest` added when it has no version).
[[nodiscard]] Result<Envelope> decode(std::string_view bytes);

}  // namespace patchbay
