// SPDX-License-Identifier: Apache-2.0
/// \file
/// Binary frames of the subprotocol patchbay.envelope.v1: one or more envelopes in their wire form
/// (envelope.hpp of the SDK), each after its length as a protobuf varint.
#pragma once

#include <patchbay/envelope.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

/// The envelope at the start of `bytes`, which move behind it; nothing when the length is wrong.
[[nodiscard]] std::optional<std::string_view> take_delimited(std::string_view& bytes);
/// An encoded envelope with its length before it.
void append_delimited(std::string& out, std::string_view encoded);
/// The fields as they are, without the codec's checks: what the host hands on is in order.
void append_envelope(std::string& out, const EnvelopeView& envelope);

/// Before the names of the host's components, because the codec wants both ends of an envelope to
/// be of one kind.
inline constexpr std::string_view component_prefix = "component:";
/// The same, with the prefix before an end that names a component.
void append_envelope_for_agent(std::string& out, const EnvelopeView& envelope);

}  // namespace patchbay::agent_gateway
