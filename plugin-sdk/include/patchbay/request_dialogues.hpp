// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dialogues of a protocol that is one request and one answer, as the side that asks; for
/// connections that open one per request of an outside client. The same rules as dialogue.hpp, with
/// nothing in them that such a protocol never needs: what is in progress lies in slots of fixed
/// size, which come in chunks and are reused, so that a dialogue costs no allocation.
///
/// Used by one thread at a time. It never throws for what a peer sends. `settle` fails (class
/// `invalid`) with:
///
/// | code | meaning |
/// | --- | --- |
/// | `dialogue.misuse` | the message is not to this side's address, or is from it |
/// | `dialogue.no_reference` | the starter's reference is missing, or an id 0 came with it |
/// | `dialogue.unknown` | no such dialogue with that sender (any more) |
/// | `dialogue.late` | the answer to an abandoned dialogue that is still remembered |
/// | `dialogue.bad_message_id` | not -1, the id of an answer |
/// | `dialogue.bad_target` | does not target the request |
/// | `dialogue.bad_performative` | may not answer the request, or would start a dialogue |
#pragma once

#include <patchbay/dialogue.hpp>
#include <patchbay/dialogue_rules.hpp>
#include <patchbay/nonce_source.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

/// Names a dialogue of one `RequestDialogues`; never names another one later.
struct RequestId {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  ///< 0 names nothing

    friend bool operator==(const RequestId&, const RequestId&) = default;
};

class RequestDialogues {
  public:
    /// Abandoned dialogues that are remembered: the latest of them.
    static constexpr std::size_t remembered = 4096;

    struct Opened {
        RequestId id;
        /// Of the request, whose message id is 1 and whose target 0. Valid until the dialogue ends.
        std::string_view starter_reference;
    };

    /// The dialogues of `self_address` with `counterparty`, at most `limit` in progress. Without a
    /// source of nonces it draws from the operating system. Throws std::invalid_argument when the
    /// rules are not those of one request and one answer: a single initial performative, whose
    /// every answer is terminal.
    RequestDialogues(std::string self_address, std::string counterparty, const DialogueRules& rules,
                     std::size_t limit, std::unique_ptr<NonceSource> nonces = nullptr);
    ~RequestDialogues();
    RequestDialogues(RequestDialogues&&) noexcept;
    RequestDialogues& operator=(RequestDialogues&&) noexcept;

    /// Starts a dialogue with its request. `cookie` is the caller's and comes back with the answer.
    /// Nothing when `limit` are in progress, or the source of nonces repeats a reference in use.
    /// Throws what that source throws.
    [[nodiscard]] std::optional<Opened> open(std::uint64_t cookie);

    /// The answer came: ends the dialogue and gives its cookie. A refused message changes nothing.
    [[nodiscard]] Result<std::uint64_t> settle(const IncomingMessage& message);

    /// Nobody waits any more: ends the dialogue, and its answer, should it come, is told apart as
    /// late. False when the dialogue had ended.
    bool abandon(RequestId id) noexcept;

    /// Dialogues in progress.
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] const std::string& self_address() const noexcept;
    [[nodiscard]] const std::string& counterparty() const noexcept;

  private:
    struct Records;
    std::unique_ptr<Records> records_;
};

}  // namespace patchbay
