// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sample of a connection that the host drives: answers every http request with a greeting, while
/// it looks at it.
#include <patchbay/answer_at_once.hpp>
#include <patchbay/batch_connection.hpp>
#include <patchbay/protocols/http.hpp>

#include <string>

namespace {

namespace protocols = patchbay::protocols;
using protocols::HttpPerformative;

class HelloConnection : public patchbay::BatchConnection {
  public:
    explicit HelloConnection(patchbay::Host& host)
        : BatchConnection(host), greeting_(config().get<std::string>("greeting", "hello")) {}

    void on_batch(patchbay::Batch& batch) override {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (const auto answered = answer(batch, i); !answered) {
                batch.fail(i, answered.error());
            }
        }
    }

  private:
    patchbay::Result<void> answer(patchbay::Batch& batch, std::size_t i) {
        const patchbay::TakenEnvelope envelope = batch[i];
        const auto request = protocols::decode_http(envelope.message());
        if (!request) {
            return tl::unexpected<patchbay::Error>(request.error());
        }
        patchbay::AnswerReference reference{};
        const auto header = patchbay::answer_at_once(
            patchbay::incoming(envelope.to(), envelope.sender(), request->header,
                               static_cast<unsigned>(request->performative())),
            static_cast<unsigned>(HttpPerformative::response), protocols::http_dialogue_rules,
            nonces_, reference);
        if (!header) {
            return tl::unexpected<patchbay::Error>(header.error());
        }
        const protocols::HttpMessageView response{
            *header, protocols::HttpResponseView{"1.1", 200, "OK", "\n", greeting_}};
        const std::size_t size = protocols::encoded_size(response);
        if (char* space = batch.reply(i, size)) {
            return protocols::encode_into(response, space, size).map([](std::size_t) {});
        }
        return {};  // the host has no memory, and `reply` has failed the envelope
    }

    std::string greeting_;
    patchbay::RandomNonces nonces_;
};

}  // namespace

PATCHBAY_REGISTER_BATCH_CONNECTION(HelloConnection, "HelloConnection", "samples/hello:0.1.0")
