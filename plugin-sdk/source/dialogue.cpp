// SPDX-License-Identifier: Apache-2.0
#include "dialogue_failures.hpp"
#include "dialogue_store.hpp"

#include <patchbay/dialogue.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace patchbay {

namespace {

std::int64_t magnitude(std::int32_t value) noexcept {
    const std::int64_t wide = value;
    return wide < 0 ? -wide : wide;
}

/// The next id of a side: starters count up from 1, responders down from -1.
std::int64_t next_id(const DialogueSide& side, bool counts_up) noexcept {
    return counts_up ? side.count() + 1 : -(side.count() + 1);
}

/// The rules for every message but the first.
Result<void> check_next(const DialogueRules& rules, const DialogueSide& own,
                        const DialogueSide& other, bool counts_up, std::int32_t message_id,
                        std::int32_t target, unsigned performative) {
    const std::int64_t expected = next_id(own, counts_up);
    if (message_id != expected) {
        return bad_message_id(message_id, expected);
    }
    const bool targets_own_side = (target > 0) == counts_up;
    const auto answered = target == first_target
                              ? std::nullopt
                              : (targets_own_side ? own : other).performative(magnitude(target));
    if (!answered) {
        return bad_target(target);
    }
    if (!contains(rules.replies[*answered], performative)) {
        return bad_answer(performative, *answered);
    }
    return {};
}

}  // namespace

void DialogueSide::add(unsigned performative, std::size_t window) {
    const auto value = static_cast<char>(performative);
    if (latest_.size() < window) {
        latest_.push_back(value);
    } else {
        latest_[static_cast<std::size_t>(count_) % latest_.size()] = value;
    }
    ++count_;
}

void DialogueSide::clear() noexcept {
    count_ = 0;
    latest_.clear();
}

std::optional<unsigned> DialogueSide::performative(std::int64_t number) const noexcept {
    const auto known = static_cast<std::int64_t>(latest_.size());
    if (number < 1 || number > count_ || number <= count_ - known) {
        return std::nullopt;
    }
    return static_cast<unsigned char>(
        latest_[static_cast<std::size_t>(number - 1) % latest_.size()]);
}

struct Dialogues::Records {
    Records(std::string address, const DialogueRules& protocol, DialogueLimits bounds,
            std::unique_ptr<NonceSource> source)
        : self_address(std::move(address)),
          rules(&protocol),
          window(std::max<std::size_t>(bounds.target_window, 1)),
          store(bounds.max_dialogues),
          nonces(source ? std::move(source) : std::make_unique<RandomNonces>()) {}

    std::string self_address;
    const DialogueRules* rules;
    std::size_t window;
    DialogueStore store;
    std::unique_ptr<NonceSource> nonces;

    /// The dialogue of a message that is not a first one: references agree as far as both are
    /// known.
    [[nodiscard]] std::optional<std::uint32_t> find_for(const IncomingMessage& message) noexcept {
        for (const bool self_initiated : {true, false}) {
            const auto slot =
                store.find(DialogueKey{message.starter_reference, message.sender, self_initiated});
            if (!slot) {
                continue;
            }
            const std::string& known = store.at(*slot).dialogue.label_.responder_reference;
            if (message.responder_reference.empty() || known.empty() ||
                known == message.responder_reference) {
                return slot;
            }
        }
        return std::nullopt;
    }

    /// A dialogue that is not on record, by its key. Slots are used again with the memory that
    /// their texts have.
    std::uint32_t open(const DialogueKey& key) {
        const std::uint32_t slot = store.acquire();
        Dialogue& dialogue = store.at(slot).dialogue;
        DialogueLabel& label = dialogue.label_;
        label.starter_reference = key.starter_reference;
        label.opponent_address = key.opponent_address;
        label.starter_address =
            key.self_initiated ? std::string_view(self_address) : key.opponent_address;
        if (key.self_initiated) {
            label.responder_reference.clear();
        } else {
            label.responder_reference.resize(nonce_size);
            nonces->next_into(label.responder_reference.data());
        }
        dialogue.outgoing_.clear();
        dialogue.incoming_.clear();
        dialogue.last_message_id_ = 0;
        dialogue.self_initiated_ = key.self_initiated;
        dialogue.ended_ = false;
        store.insert(slot, key.hash);
        return slot;
    }

    void record(std::uint32_t slot, DialogueSide& side, std::int32_t message_id,
                unsigned performative) {
        Dialogue& dialogue = store.at(slot).dialogue;
        side.add(performative, window);
        dialogue.last_message_id_ = message_id;
        dialogue.ended_ = dialogue.ended_ || contains(rules->terminal, performative);
        if (dialogue.ended_ && !rules->keep_ended) {
            store.erase(slot);
        } else {
            store.touch(slot);
        }
    }

    [[nodiscard]] OutgoingMessage outgoing(std::uint32_t slot, DialogueId id,
                                           std::int32_t message_id, std::int32_t target) noexcept {
        const DialogueLabel& label = store.at(slot).dialogue.label_;
        return {id,
                label.opponent_address,
                self_address,
                label.starter_reference,
                label.responder_reference,
                message_id,
                target};
    }

    [[nodiscard]] Result<void> check_first(unsigned performative) const {
        if (!contains(rules->initial, performative)) {
            return bad_initial(performative);
        }
        return {};
    }

    Result<UpdatedDialogue> update_first(const IncomingMessage& message) {
        const DialogueKey key(message.starter_reference, message.sender, false);
        if (store.find(key)) {
            return refused("dialogue.duplicate",
                           "the dialogue reference of this first message is in use");
        }
        if (message.target != first_target) {
            return bad_first_target(message.target);
        }
        if (auto checked = check_first(message.performative); !checked) {
            return tl::unexpected(std::move(checked.error()));
        }
        const std::uint32_t slot = open(key);
        const DialogueId id = store.id_of(slot);
        Dialogue& dialogue = store.at(slot).dialogue;
        record(slot, dialogue.incoming_, message.message_id, message.performative);
        return UpdatedDialogue{id, dialogue};
    }

    Result<UpdatedDialogue> update_next(const IncomingMessage& message) {
        const auto slot = find_for(message);
        if (!slot) {
            return unknown_dialogue();
        }
        Dialogue& dialogue = store.at(*slot).dialogue;
        if (auto checked = check_next(*rules, dialogue.incoming_, dialogue.outgoing_,
                                      !dialogue.self_initiated_, message.message_id, message.target,
                                      message.performative);
            !checked) {
            return tl::unexpected(std::move(checked.error()));
        }
        if (dialogue.label_.responder_reference.empty()) {
            dialogue.label_.responder_reference = message.responder_reference;
        }
        const DialogueId id = store.id_of(*slot);
        record(*slot, dialogue.incoming_, message.message_id, message.performative);
        return UpdatedDialogue{id, dialogue};
    }
};

Dialogues::Dialogues(std::string self_address, const DialogueRules& rules, DialogueLimits limits,
                     std::unique_ptr<NonceSource> nonces)
    : records_(
          std::make_unique<Records>(std::move(self_address), rules, limits, std::move(nonces))) {}

Dialogues::~Dialogues() = default;
Dialogues::Dialogues(Dialogues&&) noexcept = default;
Dialogues& Dialogues::operator=(Dialogues&&) noexcept = default;

Result<OutgoingMessage> Dialogues::create(std::string_view counterparty, unsigned performative) {
    if (auto checked = records_->check_first(performative); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    const std::string reference = records_->nonces->next();
    const DialogueKey key(reference, counterparty, true);
    if (records_->store.find(key)) {
        return refused("dialogue.duplicate", "the source of nonces repeated itself");
    }
    const std::uint32_t slot = records_->open(key);
    const DialogueId id = records_->store.id_of(slot);
    records_->record(slot, records_->store.at(slot).dialogue.outgoing_, first_message_id,
                     performative);
    return records_->outgoing(slot, id, first_message_id, first_target);
}

Result<UpdatedDialogue> Dialogues::update(const IncomingMessage& message) {
    if (message.to != records_->self_address || message.sender == records_->self_address) {
        return misused(message, records_->self_address);
    }
    if (lacks_reference(message)) {
        return no_reference();
    }
    if (is_first(message)) {
        return records_->update_first(message);
    }
    return records_->update_next(message);
}

Result<OutgoingMessage> Dialogues::reply(DialogueId id, unsigned performative,
                                         std::optional<std::int32_t> target) {
    DialogueSlot* slot = records_->store.find(id);
    if (slot == nullptr) {
        return unknown_dialogue();
    }
    Dialogue& dialogue = slot->dialogue;
    const std::int64_t next = next_id(dialogue.outgoing_, dialogue.self_initiated_);
    if (next > std::numeric_limits<std::int32_t>::max() ||
        next < std::numeric_limits<std::int32_t>::min()) {
        return refused("dialogue.bad_message_id", "the dialogue has used up its message ids");
    }
    const auto message_id = static_cast<std::int32_t>(next);
    const std::int32_t answered = target.value_or(dialogue.last_message_id_);
    if (auto checked = check_next(*records_->rules, dialogue.outgoing_, dialogue.incoming_,
                                  dialogue.self_initiated_, message_id, answered, performative);
        !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    records_->record(id.slot, dialogue.outgoing_, message_id, performative);
    return records_->outgoing(id.slot, id, message_id, answered);
}

const Dialogue* Dialogues::find(DialogueId id) const noexcept {
    const DialogueSlot* slot = records_->store.find(id);
    return slot == nullptr ? nullptr : &slot->dialogue;
}

bool Dialogues::remove(DialogueId id) noexcept {
    if (records_->store.find(id) == nullptr) {
        return false;
    }
    records_->store.erase(id.slot);
    return true;
}

std::size_t Dialogues::size() const noexcept {
    return records_->store.size();
}

std::uint64_t Dialogues::evicted() const noexcept {
    return records_->store.evicted();
}

const std::string& Dialogues::self_address() const noexcept {
    return records_->self_address;
}

}  // namespace patchbay
