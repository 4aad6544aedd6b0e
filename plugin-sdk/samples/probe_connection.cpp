// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sample of the side that asks: an envelope of samples/probe names a url, this asks `target` for
/// it by valory/http, and the envelope is done when a good answer came.
#include <patchbay/batch_connection.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/request_dialogues.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

namespace {

namespace protocols = patchbay::protocols;
using patchbay::ErrorClass;
using patchbay::failure;
using patchbay::Result;

class ProbeConnection : public patchbay::BatchConnection {
  public:
    explicit ProbeConnection(patchbay::Host& host)
        : BatchConnection(host),
          target_(config().get<std::string>("target")),
          dialogues_(host.component_id(), target_, protocols::http_dialogue_rules, 1000),
          late_(counter("probe_late", "Answers that came too late")) {}

    void on_batch(patchbay::Batch& batch) override {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const patchbay::TakenEnvelope envelope = batch[i];
            const bool is_answer = envelope.protocol_id() == protocols::http_protocol_id;
            if (is_answer) {
                if (const auto settled = settle(envelope); !settled) {
                    batch.fail(i, settled.error());
                }
            } else if (const auto asked = ask(envelope.message(), envelope.token()); asked) {
                batch.keep(i);
            } else {
                batch.fail(i, asked.error());
            }
        }
    }

    void on_cancel(std::uint64_t token) override {
        if (const auto waiting = waiting_.find(token); waiting != waiting_.end()) {
            dialogues_.abandon(waiting->second);
            waiting_.erase(waiting);
            complete(token, failure(ErrorClass::failed, "probe.no_answer", "No answer in time."));
        }
    }

    Result<void> disconnect() override {
        while (!waiting_.empty()) {
            on_cancel(waiting_.begin()->first);
        }
        return {};
    }

  private:
    Result<void> ask(std::string_view url, std::uint64_t token) {
        const auto opened = dialogues_.open(token);
        if (!opened) {
            return failure(ErrorClass::overloaded, "probe.too_many", "Too many wait already.");
        }
        protocols::HttpMessageView request;
        request.header = {opened->starter_reference, {}, 1, 0, {}};
        request.body = protocols::HttpRequestView{"GET", url, "1.1", "\n", ""};
        Result<void> sent = protocols::encode(request).and_then([&](const std::string& bytes) {
            patchbay::Delivery delivery(patchbay::EnvelopeView{target_, host().component_id(),
                                                               protocols::http_protocol_id, bytes});
            delivery.is_request = true;  // reserves room for the answer
            return deliver(delivery);
        });
        if (sent) {
            waiting_.emplace(token, opened->id);
        } else {
            dialogues_.abandon(opened->id);
        }
        return sent;
    }

    Result<void> settle(const patchbay::TakenEnvelope& envelope) {
        const auto answer = protocols::decode_http(envelope.message());
        if (!answer) {
            return tl::unexpected<patchbay::Error>(answer.error());
        }
        const auto token =
            dialogues_.settle(patchbay::incoming(envelope.to(), envelope.sender(), answer->header,
                                                 static_cast<unsigned>(answer->performative())));
        if (!token) {
            late_.add(token.error().code == "dialogue.late" ? 1 : 0);
            return tl::unexpected<patchbay::Error>(token.error());
        }
        waiting_.erase(*token);
        const auto& response = std::get<protocols::HttpResponseView>(answer->body);
        if (response.status_code == 200) {
            complete(*token);
        } else {
            complete(*token, failure(ErrorClass::failed, "probe.bad_status",
                                     "status " + std::to_string(response.status_code)));
        }
        return {};
    }

    std::string target_;
    patchbay::RequestDialogues dialogues_;
    patchbay::Metric late_;
    /// Dialogues by the token of the envelope that waits for their answer.
    std::unordered_map<std::uint64_t, patchbay::RequestId> waiting_;
};

}  // namespace

PATCHBAY_REGISTER_BATCH_CONNECTION(ProbeConnection, "ProbeConnection", "samples/probe:0.1.0")
