// SPDX-License-Identifier: Apache-2.0
#include "default_answers.hpp"

#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>

namespace patchbay::echo {

namespace {

constexpr std::size_t messages_per_side = 64;

}  // namespace

DefaultAnswers::DefaultAnswers(std::size_t max_dialogues)
    : dialogues_(protocols::default_dialogue_rules, {max_dialogues, messages_per_side}) {}

Result<std::optional<protocols::DefaultBytesView>> DefaultAnswers::answer_to(
    const TakenEnvelope& envelope) {
    const auto wrapper = protocols::decode_message(envelope.message());
    if (!wrapper) {
        return tl::unexpected<Error>(wrapper.error());
    }
    const auto content = protocols::default_bytes_of(*wrapper);
    auto performative = protocols::DefaultPerformative::bytes;
    if (!content) {
        const auto message = protocols::decode_default(*wrapper);
        if (!message) {
            return tl::unexpected<Error>(message.error());
        }
        performative = message->performative();
    }
    Dialogues& dialogues = dialogues_.of(envelope.to());
    const auto updated = dialogues.update(
        incoming(envelope.to(), envelope.sender(), *wrapper, static_cast<unsigned>(performative)));
    if (!updated) {
        return tl::unexpected<Error>(updated.error());
    }
    if (!content) {
        return std::optional<protocols::DefaultBytesView>{};  // the peer ended the dialogue
    }
    const auto reply =
        dialogues.reply(updated->id, static_cast<unsigned>(protocols::DefaultPerformative::bytes));
    if (!reply) {
        return tl::unexpected<Error>(reply.error());
    }
    return std::optional(protocols::DefaultBytesView{reply->with({}), *content});
}

}  // namespace patchbay::echo
