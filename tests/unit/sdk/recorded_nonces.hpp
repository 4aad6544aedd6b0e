// SPDX-License-Identifier: Apache-2.0
/// \file
/// Replays the references of recorded dialogues, and reads the recorded messages.
#pragma once

#include "vectors.hpp"

#include <patchbay/dialogue.hpp>
#include <patchbay/nonce_source.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace patchbay {

class RecordedNonces final : public NonceSource {
  public:
    explicit RecordedNonces(std::vector<std::string> nonces) : nonces_(std::move(nonces)) {}
    void next_into(char* text) override {
        static const std::string none(nonce_size, '?');  // when no nonce was recorded
        (used_ < nonces_.size() ? nonces_[used_++] : none).copy(text, nonce_size);
    }

  private:
    std::vector<std::string> nonces_;
    std::size_t used_ = 0;
};

/// Field number of the performative of a step or message of the group `dialogue`.
inline unsigned performative_of(const nlohmann::json& step) {
    const auto name = step.at("performative").get<std::string>();
    if (name == "bytes" || name == "request") {
        return 5;
    }
    return name == "end" || name == "response" ? 6 : 7;
}

/// Owns what an IncomingMessage shows.
struct RecordedMessage {
    explicit RecordedMessage(const nlohmann::json& message)
        : to(message.at("to").get<std::string>()),
          sender(message.at("sender").get<std::string>()),
          starter(message.at("dialogue_reference").at(0).get<std::string>()),
          responder(message.at("dialogue_reference").at(1).get<std::string>()),
          message_id(message.at("message_id").get<std::int32_t>()),
          target(message.at("target").get<std::int32_t>()),
          performative(performative_of(message)) {}

    [[nodiscard]] IncomingMessage view() const noexcept {
        return {to, sender, starter, responder, message_id, target, performative};
    }

    std::string to, sender, starter, responder;
    std::int32_t message_id;
    std::int32_t target;
    unsigned performative;
};

}  // namespace patchbay
