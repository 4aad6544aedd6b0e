// SPDX-License-Identifier: Apache-2.0
#include "dialogue_failures.hpp"

#include <patchbay/answer_at_once.hpp>

#include <string_view>

namespace patchbay {

Result<protocols::MessageView> answer_at_once(const IncomingMessage& request, unsigned performative,
                                              const DialogueRules& rules, NonceSource& nonces,
                                              AnswerReference& reference) {
    if (request.sender == request.to) {
        return misused(request, request.to);
    }
    if (lacks_reference(request)) {
        return no_reference();
    }
    if (!is_first(request)) {
        return unknown_dialogue();
    }
    if (request.target != first_target) {
        return bad_first_target(request.target);
    }
    if (!contains(rules.initial, request.performative)) {
        return bad_initial(request.performative);
    }
    if (!contains(rules.replies[request.performative], performative)) {
        return bad_answer(performative, request.performative);
    }
    nonces.next_into(reference.data());
    return protocols::MessageView{request.starter_reference,
                                  std::string_view(reference.data(), reference.size()),
                                  -first_message_id,
                                  first_message_id,
                                  {}};
}

}  // namespace patchbay
