// SPDX-License-Identifier: Apache-2.0
#include "echo_connection.hpp"

#include <patchbay/answer_at_once.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace patchbay::echo {

EchoConnection::EchoConnection(Host& host)
    : BatchConnection(host),
      default_answers_(config().get<std::size_t>("max_dialogues", 4096)),
      answered_(counter("echo_answered", "Messages answered")) {}

void EchoConnection::on_batch(Batch& batch) {
    std::int64_t answered = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto result = answer(batch, i);
        if (result) {
            answered += *result ? 1 : 0;
        } else if (result.error().code == "dialogue.unknown") {
            batch.not_mine(i);
        } else {
            batch.fail(i, result.error());
        }
    }
    if (answered != 0) {
        answered_.add(answered);
    }
}

Result<bool> EchoConnection::answer(Batch& batch, std::size_t index) {
    const TakenEnvelope envelope = batch[index];
    const std::string_view protocol = envelope.protocol_id();
    if (protocol == protocols::http_protocol_id) {
        return answer_http(batch, index, envelope);
    }
    if (protocol == protocols::default_protocol_id) {
        return answer_default(batch, index, envelope);
    }
    return failure(ErrorClass::unsupported, "echo.protocol",
                   "echo does not speak '" + std::string(protocol) + "'.");
}

Result<bool> EchoConnection::answer_default(Batch& batch, std::size_t index,
                                            const TakenEnvelope& envelope) {
    const auto message = default_answers_.answer_to(envelope);
    if (!message) {
        return tl::unexpected<Error>(message.error());
    }
    if (!*message) {
        return false;
    }
    const std::size_t size = protocols::encoded_size(**message);
    char* const space = batch.reply(index, size);
    if (space == nullptr) {
        return false;
    }
    return protocols::encode_into(**message, space, size).map([](std::size_t) { return true; });
}

Result<bool> EchoConnection::answer_http(Batch& batch, std::size_t index,
                                         const TakenEnvelope& envelope) {
    const auto message = protocols::decode_http(envelope.message());
    if (!message) {
        return tl::unexpected<Error>(message.error());
    }
    AnswerReference reference;  // written before it is read
    const auto header = answer_at_once(incoming(envelope.to(), envelope.sender(), message->header,
                                                static_cast<unsigned>(message->performative())),
                                       static_cast<unsigned>(protocols::HttpPerformative::response),
                                       protocols::http_dialogue_rules, nonces_, reference);
    if (!header) {
        return tl::unexpected<Error>(header.error());
    }
    const auto response =
        http_answers_.answer_to(std::get<protocols::HttpRequestView>(message->body));
    if (!response) {
        return false;
    }
    const protocols::HttpMessageView answer{*header, *response};
    const std::size_t size = protocols::encoded_size(answer);
    char* const space = batch.reply(index, size);
    if (space == nullptr) {
        return false;
    }
    return protocols::encode_into(answer, space, size).map([](std::size_t) { return true; });
}

}  // namespace patchbay::echo
