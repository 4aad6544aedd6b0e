// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dialogues: which message answers which, by upstream's rules.
///
/// The starter of a dialogue draws a reference and counts its messages 1, 2, 3, ...; the responder
/// adds its own reference and counts -1, -2, -3, .... The first message has id 1 and target 0;
/// every later one targets a message of the dialogue that exists and that it may answer by the
/// rules of the protocol. A registry belongs to one address and one protocol and is used by one
/// thread at a time.
///
/// It never throws for what a peer sends. Its failures (class `invalid`):
///
/// | code | meaning |
/// | --- | --- |
/// | `dialogue.misuse` | the message is not to this registry's address, or is from it |
/// | `dialogue.no_reference` | the starter's reference is missing, or an id 0 came with it |
/// | `dialogue.duplicate` | a first message that repeats a reference in use |
/// | `dialogue.unknown` | no such dialogue (any more) |
/// | `dialogue.bad_message_id` | not the next id of its side |
/// | `dialogue.bad_target` | the target does not exist, or is too old to be known |
/// | `dialogue.bad_performative` | may not start a dialogue, or may not answer its target |
#pragma once

#include <patchbay/dialogue_rules.hpp>
#include <patchbay/nonce_source.hpp>
#include <patchbay/protocols/message.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

struct DialogueLabel {
    std::string starter_reference;
    /// Empty until the starter has learnt it from the first answer.
    std::string responder_reference;
    std::string opponent_address;
    std::string starter_address;

    friend bool operator==(const DialogueLabel&, const DialogueLabel&) = default;
};

/// The messages of one side: how many, and the performatives of the latest.
class DialogueSide {
  public:
    void add(unsigned performative, std::size_t window);
    void clear() noexcept;
    /// Messages so far; also the absolute value of the last id.
    [[nodiscard]] std::int64_t count() const noexcept { return count_; }
    /// Performative of message number 1, 2, ...; nothing when it never was or is forgotten.
    [[nodiscard]] std::optional<unsigned> performative(std::int64_t number) const noexcept;

  private:
    std::int64_t count_ = 0;
    /// Bytes, a ring once it has grown to the window. A string, because that holds the first ones
    /// in place: most dialogues are short.
    std::string latest_;
};

class Dialogue {
  public:
    [[nodiscard]] const DialogueLabel& label() const noexcept { return label_; }
    [[nodiscard]] bool is_self_initiated() const noexcept { return self_initiated_; }
    /// A terminal message was sent or received.
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    /// Id of the latest message of either side; 0 before the first.
    [[nodiscard]] std::int32_t last_message_id() const noexcept { return last_message_id_; }

  private:
    friend class Dialogues;

    DialogueLabel label_;
    DialogueSide outgoing_;
    DialogueSide incoming_;
    std::int32_t last_message_id_ = 0;
    bool self_initiated_ = false;
    bool ended_ = false;
};

/// Names a dialogue of one registry; never names another one later.
struct DialogueId {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  ///< 0 names nothing

    friend bool operator==(const DialogueId&, const DialogueId&) = default;
};

/// What the rules need to know of a message that came in.
struct IncomingMessage {
    std::string_view to;
    std::string_view sender;
    std::string_view starter_reference;
    std::string_view responder_reference;
    std::int32_t message_id = 0;
    std::int32_t target = 0;
    unsigned performative = 0;  ///< its field number
};

[[nodiscard]] inline IncomingMessage incoming(std::string_view to, std::string_view sender,
                                              const protocols::MessageView& message,
                                              unsigned performative) noexcept {
    return {to,
            sender,
            message.starter_reference,
            message.responder_reference,
            message.message_id,
            message.target,
            performative};
}

/// Result of `Dialogues::update`. The reference is valid until the next call that is not const,
/// also when the message ended the dialogue and it was dropped.
struct UpdatedDialogue {
    DialogueId id;
    const Dialogue& dialogue;
};

/// A message to send. The views are valid until the next call that is not const.
struct OutgoingMessage {
    DialogueId id;
    std::string_view to;
    std::string_view sender;
    std::string_view starter_reference;
    std::string_view responder_reference;
    std::int32_t message_id = 0;
    std::int32_t target = 0;

    [[nodiscard]] protocols::DialogueHeader header() const {
        return {std::string(starter_reference), std::string(responder_reference), message_id,
                target};
    }
    /// The wrapper around an encoded message of the protocol.
    [[nodiscard]] protocols::MessageView with(std::string_view content) const noexcept {
        return {starter_reference, responder_reference, message_id, target, content};
    }
};

struct DialogueLimits {
    /// More make the registry forget one: first the longest-ended that was kept, then the one that
    /// has been quiet for longest.
    std::size_t max_dialogues = 65536;
    /// Messages per side that can still be answered.
    std::size_t target_window = 1024;
};

class Dialogues {
  public:
    /// `self_address` is the agent or component on whose behalf the dialogues are held. `rules`
    /// must outlive the registry. Without a source of nonces it draws from the operating system.
    Dialogues(std::string self_address, const DialogueRules& rules, DialogueLimits limits = {},
              std::unique_ptr<NonceSource> nonces = nullptr);
    ~Dialogues();
    Dialogues(Dialogues&&) noexcept;
    Dialogues& operator=(Dialogues&&) noexcept;

    /// Starts a dialogue with its first message.
    [[nodiscard]] Result<OutgoingMessage> create(std::string_view counterparty,
                                                 unsigned performative);

    /// Takes a message that came in: finds or opens its dialogue, or says why it is refused. A
    /// refused message changes nothing.
    [[nodiscard]] Result<UpdatedDialogue> update(const IncomingMessage& message);

    /// Answers in a dialogue: the message `target`, or the latest of either side.
    [[nodiscard]] Result<OutgoingMessage> reply(DialogueId id, unsigned performative,
                                                std::optional<std::int32_t> target = std::nullopt);

    /// Null when the dialogue is gone.
    [[nodiscard]] const Dialogue* find(DialogueId id) const noexcept;
    /// Forgets a dialogue; false when it was gone.
    bool remove(DialogueId id) noexcept;

    /// Dialogues on record, kept ended ones included.
    [[nodiscard]] std::size_t size() const noexcept;
    /// Dialogues forgotten for lack of room.
    [[nodiscard]] std::uint64_t evicted() const noexcept;
    [[nodiscard]] const std::string& self_address() const noexcept;

  private:
    struct Records;
    std::unique_ptr<Records> records_;
};

}  // namespace patchbay
