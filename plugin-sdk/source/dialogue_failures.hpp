// SPDX-License-Identifier: Apache-2.0
/// \file
/// The refusals that all kinds of dialogues share, word for word.
#pragma once

#include <patchbay/dialogue.hpp>
#include <patchbay/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay {

inline constexpr std::int32_t first_message_id = 1;
inline constexpr std::int32_t first_target = 0;

[[nodiscard]] inline tl::unexpected<Error> refused(const char* code, std::string message) {
    return failure(ErrorClass::invalid, code, std::move(message));
}

[[nodiscard]] inline tl::unexpected<Error> unknown_dialogue() {
    return refused("dialogue.unknown", "there is no such dialogue (any more)");
}

[[nodiscard]] inline tl::unexpected<Error> misused(const IncomingMessage& message,
                                                   std::string_view self_address) {
    return refused("dialogue.misuse", "a message from '" + std::string(message.sender) + "' to '" +
                                          std::string(message.to) +
                                          "' was given to the dialogues of '" +
                                          std::string(self_address) + "'");
}

/// No dialogue can be told from the message at all.
[[nodiscard]] inline bool lacks_reference(const IncomingMessage& message) noexcept {
    return message.starter_reference.empty() ||
           (message.responder_reference.empty() && message.message_id == 0);
}

[[nodiscard]] inline tl::unexpected<Error> no_reference() {
    return refused("dialogue.no_reference",
                   "the message lacks a dialogue reference or a message id");
}

/// Sent to open a dialogue, not to go on with one.
[[nodiscard]] inline bool is_first(const IncomingMessage& message) noexcept {
    return message.responder_reference.empty() && message.message_id == first_message_id;
}

[[nodiscard]] inline tl::unexpected<Error> bad_message_id(std::int32_t found,
                                                          std::int64_t expected) {
    return refused("dialogue.bad_message_id", "message id " + std::to_string(found) +
                                                  " came where " + std::to_string(expected) +
                                                  " is next");
}

[[nodiscard]] inline tl::unexpected<Error> bad_target(std::int32_t target) {
    return refused("dialogue.bad_target",
                   "target " + std::to_string(target) + " is not a message of this dialogue");
}

[[nodiscard]] inline tl::unexpected<Error> bad_first_target(std::int32_t target) {
    return refused("dialogue.bad_target", "the first message of a dialogue has target " +
                                              std::to_string(target) + "; expected 0");
}

[[nodiscard]] inline tl::unexpected<Error> bad_initial(unsigned performative) {
    return refused("dialogue.bad_performative",
                   "performative " + std::to_string(performative) + " may not start a dialogue");
}

[[nodiscard]] inline tl::unexpected<Error> bad_answer(unsigned performative, unsigned answered) {
    return refused("dialogue.bad_performative", "performative " + std::to_string(performative) +
                                                    " may not answer performative " +
                                                    std::to_string(answered));
}

}  // namespace patchbay
