// SPDX-License-Identifier: Apache-2.0
/// \file
/// Greets whoever sends it their name. The words come from the connection `phrases`, which it
/// depends on and calls through the host; the language comes from the abstract connection
/// `language`.
#include <patchbay/connection.hpp>
#include <patchbay/dialogue_book.hpp>
#include <patchbay/protocols/default.hpp>

#include <string>
#include <utility>
#include <variant>

namespace {

using patchbay::Awaitable;
using patchbay::EnvelopeView;
using patchbay::Error;
using patchbay::Result;
using patchbay::success;
using patchbay::TakenEnvelope;

namespace protocols = patchbay::protocols;

class GreeterConnection : public patchbay::Connection {
  public:
    explicit GreeterConnection(patchbay::Host& host)
        : Connection(host),
          language_(config().get<std::string>("language")),
          dialogues_(protocols::default_dialogue_rules, {4096, 64}) {}

    std::uint32_t max_in_flight() const override { return 16; }

    /// Asks for the words once: a connection whose dependency does not answer does not start.
    Awaitable<Result<void>> connect() override {
        auto words = co_await call("patchbay/phrases:0.1.0", "greeting", language_);
        if (!words) {
            co_return tl::unexpected<Error>(std::move(words.error()));
        }
        log().info("greeting with '" + *words + "'");
        co_return success();
    }

    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        const auto message = protocols::decode_default(envelope.message());
        if (!message) {
            co_return tl::unexpected<Error>(message.error());
        }
        const auto wrapper = protocols::decode_message(envelope.message());
        patchbay::Dialogues& dialogues = dialogues_.of(envelope.to());
        const auto updated =
            dialogues.update(patchbay::incoming(envelope.to(), envelope.sender(), *wrapper,
                                                static_cast<unsigned>(message->performative())));
        if (!updated) {
            if (updated.error().code == "dialogue.unknown") {
                co_return patchbay::not_mine();
            }
            co_return tl::unexpected<Error>(updated.error());
        }
        const auto* name = std::get_if<protocols::DefaultBytes>(&message->body);
        if (name == nullptr) {
            co_return success();  // the peer ended the dialogue
        }
        const patchbay::DialogueId dialogue = updated->id;
        const auto words = co_await call("patchbay/phrases:0.1.0", "greeting", language_);
        if (!words) {
            co_return tl::unexpected<Error>(words.error());
        }
        // Another send may have used the book meanwhile.
        const auto reply =
            dialogues_.of(envelope.to())
                .reply(dialogue, static_cast<unsigned>(protocols::DefaultPerformative::bytes));
        if (!reply) {
            co_return tl::unexpected<Error>(reply.error());
        }
        const auto answer = protocols::encode(protocols::DefaultMessage{
            reply->header(), protocols::DefaultBytes{*words + ", " + name->content + "!"}});
        if (!answer) {
            co_return tl::unexpected<Error>(answer.error());
        }
        co_return co_await this->reply(envelope, EnvelopeView{envelope.sender(),
                                                              envelope.to(),
                                                              envelope.protocol_id(),
                                                              *answer,
                                                              envelope.uri(),
                                                              {}});
    }

  private:
    std::string language_;
    patchbay::DialogueBook dialogues_;
};

}  // namespace

PATCHBAY_REGISTER_CONNECTION(GreeterConnection, "GreeterConnection", "patchbay/greeter:0.1.0",
                             PATCHBAY_CLASS_OVERLAPS)
