// SPDX-License-Identifier: Apache-2.0
/// \file
/// The message of an envelope as JSON for agents that know nothing of protobuf, and back. README.md
/// of the folder above is the reference; in short, `body` is
///
/// | protocol | members |
/// | --- | --- |
/// | `valory/http` request | `method`, `url`, `version`, `headers`, `body` or `body_base64` |
/// | `valory/http` response | `status_code`, `status_text`, `version`, `headers`, and its body |
/// | `fetchai/default` | `content` or `content_base64`; or `error_code`, `error_msg`, `error_data`
/// | | every other | `message_base64` |
#pragma once

#include "client_frame.hpp"

#include <patchbay/protocols/message.hpp>
#include <patchbay/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

/// The message of a known protocol, in place: where it stands in its dialogue, and its content.
/// Nothing for protocols that are not known here, and for what cannot be decoded.
[[nodiscard]] std::optional<protocols::MessageView> dialogue_of(std::string_view protocol_id,
                                                                std::string_view message);

/// Appends the message, whose `dialogue_of` the caller has, as a JSON object. One that cannot be
/// decoded is told as one of an unknown protocol.
void append_body_json(std::string& out, std::string_view protocol_id, std::string_view message,
                      const std::optional<protocols::MessageView>& dialogue);

/// A request of a protocol whose answer must come before the request is done.
[[nodiscard]] bool expects_answer(std::string_view protocol_id, std::string_view message);

/// The header of the answer to a message with that header. `reference` is a new one.
[[nodiscard]] protocols::DialogueHeader answer_header(const protocols::DialogueHeader& request,
                                                      std::string_view reference);

/// The bytes that `body` stands for; the content of `header` is ignored. Fails with
/// `agent_gateway.bad_body`, in a sentence that the agent is told.
[[nodiscard]] Result<std::string> encode_body(std::string_view protocol_id, const JsonElement& body,
                                              const protocols::MessageView& header);

}  // namespace patchbay::agent_gateway
