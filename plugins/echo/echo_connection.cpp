// SPDX-License-Identifier: Apache-2.0
/// \file
/// Answers every message with its own content, by the rules of the protocol's dialogues: `bytes` of
/// fetchai/default with the same bytes, `request` of valory/http with a response that has the
/// request's body. The sample to start from in C++.
#include <patchbay/connection.hpp>
#include <patchbay/dialogue_book.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace {

using patchbay::Awaitable;
using patchbay::Delivery;
using patchbay::Dialogues;
using patchbay::EnvelopeView;
using patchbay::Error;
using patchbay::ErrorClass;
using patchbay::failure;
using patchbay::Result;
using patchbay::success;
using patchbay::TakenEnvelope;

namespace protocols = patchbay::protocols;

/// The answer's bytes, or nothing when the message wants none.
using Answer = Result<std::optional<std::string>>;

class EchoConnection : public patchbay::Connection {
  public:
    explicit EchoConnection(patchbay::Host& host)
        : Connection(host),
          limits_{config().get<std::size_t>("max_dialogues", 4096), 64},
          default_dialogues_(protocols::default_dialogue_rules, limits_),
          http_dialogues_(protocols::http_dialogue_rules, limits_),
          answered_(counter("echo_answered", "Messages answered")) {}

    /// An answer that waits for room keeps its request, so that others can be answered meanwhile.
    std::uint32_t max_in_flight() const override { return 256; }

    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        auto answer = answer_to(envelope);
        if (!answer) {
            if (answer.error().code == "dialogue.unknown") {
                co_return patchbay::not_mine();
            }
            co_return tl::unexpected<Error>(std::move(answer.error()));
        }
        if (!*answer) {
            co_return success();
        }
        Delivery delivery = Delivery::reply(envelope, EnvelopeView{envelope.sender(),
                                                                   envelope.to(),
                                                                   envelope.protocol_id(),
                                                                   **answer,
                                                                   envelope.uri(),
                                                                   {}});
        // Two echoes that answer each other end at the host's limit of hops.
        delivery.hops = envelope.hops();
        auto delivered = co_await deliver(delivery);
        if (delivered) {
            answered_.add();
        }
        co_return delivered;
    }

  private:
    Answer answer_to(const TakenEnvelope& envelope) {
        if (envelope.protocol_id() == protocols::default_protocol_id) {
            return answer_default(envelope);
        }
        if (envelope.protocol_id() == protocols::http_protocol_id) {
            return answer_http(envelope);
        }
        return failure(ErrorClass::unsupported, "echo.protocol",
                       "echo does not speak '" + std::string(envelope.protocol_id()) + "'.");
    }

    Answer answer_default(const TakenEnvelope& envelope) {
        auto message = protocols::decode_default(envelope.message());
        if (!message) {
            return tl::unexpected<Error>(std::move(message.error()));
        }
        const auto wrapper = protocols::decode_message(envelope.message());
        Dialogues& dialogues = default_dialogues_.of(envelope.to());
        const auto updated =
            dialogues.update(patchbay::incoming(envelope.to(), envelope.sender(), *wrapper,
                                                static_cast<unsigned>(message->performative())));
        if (!updated) {
            return tl::unexpected<Error>(updated.error());
        }
        auto* content = std::get_if<protocols::DefaultBytes>(&message->body);
        if (content == nullptr) {
            return std::optional<std::string>{};  // the peer ended the dialogue
        }
        const auto reply = dialogues.reply(
            updated->id, static_cast<unsigned>(protocols::DefaultPerformative::bytes));
        if (!reply) {
            return tl::unexpected<Error>(reply.error());
        }
        return protocols::encode(protocols::DefaultMessage{reply->header(), std::move(*content)})
            .map([](std::string bytes) { return std::optional<std::string>(std::move(bytes)); });
    }

    Answer answer_http(const TakenEnvelope& envelope) {
        const auto message = protocols::decode_http(envelope.message());
        if (!message) {
            return tl::unexpected<Error>(message.error());
        }
        Dialogues& dialogues = http_dialogues_.of(envelope.to());
        const auto updated =
            dialogues.update(patchbay::incoming(envelope.to(), envelope.sender(), message->header,
                                                static_cast<unsigned>(message->performative())));
        if (!updated) {
            return tl::unexpected<Error>(updated.error());
        }
        const auto* request = std::get_if<protocols::HttpRequestView>(&message->body);
        if (request == nullptr) {
            return std::optional<std::string>{};
        }
        const auto reply = dialogues.reply(
            updated->id, static_cast<unsigned>(protocols::HttpPerformative::response));
        if (!reply) {
            return tl::unexpected<Error>(reply.error());
        }
        protocols::HttpMessageView response;
        response.header = reply->with({});
        response.body = protocols::HttpResponseView{request->version, 200, "OK", {}, request->body};
        return protocols::encode(response).map(
            [](std::string bytes) { return std::optional<std::string>(std::move(bytes)); });
    }

    patchbay::DialogueLimits limits_;
    patchbay::DialogueBook default_dialogues_;
    patchbay::DialogueBook http_dialogues_;
    patchbay::Metric answered_;
};

}  // namespace

PATCHBAY_REGISTER_CONNECTION(EchoConnection, "EchoConnection", "patchbay/echo:0.1.0")
