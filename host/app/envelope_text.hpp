// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes for people and for tools: what the command line prints of them.
#pragma once

#include <patchbay/envelope.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace patchbay::app {

/// One "name: value" per line; messages of known protocols (default, http) are decoded, others
/// shown as text or hex.
[[nodiscard]] std::string describe(const EnvelopeView& envelope);

/// {"to", "sender", "protocol_id", "message" (hex), "uri", "decoded": {...}}; `decoded` is missing
/// for protocols that the host does not know and for messages that are not well-formed.
[[nodiscard]] nlohmann::ordered_json to_json(const EnvelopeView& envelope);

/// Lower-case hex.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Two digits per byte, white space between bytes allowed. Code `hex.malformed`.
[[nodiscard]] Result<std::string> from_hex(std::string_view text);

/// The bytes as they are when they are printable UTF-8, otherwise "hex:...", cut after `longest`
/// bytes.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t longest = 2000);

}  // namespace patchbay::app
