// SPDX-License-Identifier: Apache-2.0
/// \file
/// Answers every message with its own content, by the rules of the protocol's dialogues, and http
/// requests as http_answers.hpp says. It answers while it looks at a message, so the host may run
/// it on the thread of whoever asks.
#pragma once

#include "default_answers.hpp"
#include "http_answers.hpp"

#include <patchbay/batch_connection.hpp>
#include <patchbay/openssl_nonces.hpp>

#include <cstddef>

namespace patchbay::echo {

class EchoConnection : public BatchConnection {
  public:
    explicit EchoConnection(Host& host);
    void on_batch(Batch& batch) override;

  private:
    /// Whether it was answered.
    [[nodiscard]] Result<bool> answer(Batch& batch, std::size_t index);
    [[nodiscard]] Result<bool> answer_default(Batch& batch, std::size_t index,
                                              const TakenEnvelope& envelope);
    [[nodiscard]] Result<bool> answer_http(Batch& batch, std::size_t index,
                                           const TakenEnvelope& envelope);

    DefaultAnswers default_answers_;
    HttpAnswers http_answers_;
    OpensslNonces nonces_;
    Metric answered_;
};

}  // namespace patchbay::echo
