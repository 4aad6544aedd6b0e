// SPDX-License-Identifier: Apache-2.0
/// \file
/// How echo answers messages of fetchai/default: `bytes` with the same bytes, anything else with
/// nothing. Such dialogues go on for as long as the peer likes, so they are kept.
#pragma once

#include <patchbay/dialogue_book.hpp>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <optional>

namespace patchbay::echo {

class DefaultAnswers {
  public:
    /// Remembers at most `max_dialogues` per address that is written to.
    explicit DefaultAnswers(std::size_t max_dialogues);

    /// The answer, or nothing when none is wanted. Its views are those of the envelope and, until
    /// the next call, of this object. Fails with the codes of the codec and of the dialogues.
    [[nodiscard]] Result<std::optional<protocols::DefaultBytesView>> answer_to(
        const TakenEnvelope& envelope);

  private:
    DialogueBook dialogues_;
};

}  // namespace patchbay::echo
