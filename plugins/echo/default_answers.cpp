// SPDX-License-Identifier: Apache-2.0
#include "default_answers.hpp"

#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>

#include <utility>
#include <variant>

namespace patchbay::echo {

namespace {

constexpr std::size_t messages_per_side = 64;

}  // namespace

DefaultAnswers::DefaultAnswers(std::size_t max_dialogues)
    : dialogues_(protocols::default_dialogue_rules, {max_dialogues, messages_per_side}) {}

Result<std::optional<std::string>> DefaultAnswers::answer_to(const TakenEnvelope& envelope) {
    const auto wrapper = protocols::decode_message(envelope.message());
    if (!wrapper) {
        return tl::unexpected<Error>(wrapper.error());
    }
    auto message = protocols::decode_default(*wrapper);
    if (!message) {
        return tl::unexpected<Error>(message.error());
    }
    Dialogues& dialogues = dialogues_.of(envelope.to());
    const auto updated = dialogues.update(incoming(envelope.to(), envelope.sender(), *wrapper,
                                                   static_cast<unsigned>(message->performative())));
    if (!updated) {
        return tl::unexpected<Error>(updated.error());
    }
    auto* content = std::get_if<protocols::DefaultBytes>(&message->body);
    if (content == nullptr) {
        return std::optional<std::string>{};  // the peer ended the dialogue
    }
    const auto reply =
        dialogues.reply(updated->id, static_cast<unsigned>(protocols::DefaultPerformative::bytes));
    if (!reply) {
        return tl::unexpected<Error>(reply.error());
    }
    return protocols::encode(protocols::DefaultMessage{reply->header(), std::move(*content)})
        .map([](std::string bytes) { return std::optional<std::string>(std::move(bytes)); });
}

}  // namespace patchbay::echo
