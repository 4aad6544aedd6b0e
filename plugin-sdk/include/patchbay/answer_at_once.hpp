// SPDX-License-Identifier: Apache-2.0
/// \file
/// The other side of request_dialogues.hpp: for a connection that answers a request while it looks
/// at it, and therefore keeps no dialogue on record. The same rules and codes as dialogue.hpp with
/// two consequences of keeping nothing: a repeated first message is answered again instead of
/// being refused as a duplicate, and every later message of a dialogue is `dialogue.unknown`.
#pragma once

#include <patchbay/dialogue.hpp>
#include <patchbay/dialogue_rules.hpp>
#include <patchbay/nonce_source.hpp>
#include <patchbay/protocols/message.hpp>
#include <patchbay/result.hpp>

#include <array>

namespace patchbay {

/// Where the responder's reference of an answer lives.
using AnswerReference = std::array<char, nonce_size>;

/// Checks that `request` is a proper first message and that `performative` may answer it, and gives
/// the header of that answer, to be sent from `request.to` to `request.sender`. Its views point
/// into the request and into `reference`, which is written. Allocates only for an error; throws
/// what `nonces` throws.
[[nodiscard]] Result<protocols::MessageView> answer_at_once(const IncomingMessage& request,
                                                            unsigned performative,
                                                            const DialogueRules& rules,
                                                            NonceSource& nonces,
                                                            AnswerReference& reference);

}  // namespace patchbay
