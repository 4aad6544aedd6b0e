// SPDX-License-Identifier: Apache-2.0
#include "waiting_answers.hpp"

#include <patchbay/text_hash.hpp>

#include <charconv>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

constexpr std::uint64_t slots = 2 * std::uint64_t{WaitingAnswers::bound};

std::size_t dialogue_hash(std::uint64_t connection, std::string_view sender,
                          std::string_view protocol_id, std::string_view reference) noexcept {
    const TextHash hash;
    return hash(reference, hash(sender, hash(protocol_id, connection)));
}

}  // namespace

// ---- One ----------------------------------------------------------------------------------------

void Waiting::on_deadline() noexcept {
    owner_.owner_.on_waiting_time_up(*this);
}

void Waiting::describe(const EnvelopeView& envelope,
                       const std::optional<protocols::MessageView>& header) {
    const protocols::MessageView read = header.value_or(protocols::MessageView());
    texts_.clear();
    std::size_t index = 0;
    for (const std::string_view part : {envelope.to, envelope.sender, envelope.protocol_id,
                                        read.starter_reference, read.responder_reference}) {
        texts_ += part;
        ends_[index++] = texts_.size();
    }
    message_id_ = read.message_id;
    target_ = read.target;
}

std::string_view Waiting::text(std::size_t index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(texts_).substr(begin, ends_[index] - begin);
}

protocols::DialogueHeader Waiting::header() const {
    return {std::string(text(3)), std::string(text(4)), message_id_, target_};
}

bool Waiting::is_request() const noexcept {
    return slot_ >= WaitingAnswers::bound;
}

// ---- All ----------------------------------------------------------------------------------------

void WaitingAnswers::take(Waiting& waiting) noexcept {
    waiting.number_ = ++taken_ * slots + waiting.slot_;
}

Waiting* WaitingAnswers::add_request() {
    if (free_requests_.empty()) {
        if (requests_.size() == bound) {
            return nullptr;
        }
        free_requests_.reserve(requests_.size() + 1);  // so that giving one back never fails
        const auto slot = static_cast<std::uint32_t>(bound + requests_.size());
        requests_.emplace_back(*this, slot);
        free_requests_.push_back(slot);
    }
    Waiting& waiting = at(free_requests_.back());
    free_requests_.pop_back();
    take(waiting);
    return &waiting;
}

Waiting& WaitingAnswers::add_answerable() {
    const auto slot = static_cast<std::uint32_t>(next_answerable_ % bound);
    if (slot == answerable_.size()) {
        answerable_.emplace_back(*this, slot);
    }
    ++next_answerable_;
    Waiting& waiting = answerable_[slot];
    if (waiting.number_ != 0) {
        remove(waiting);
    }
    take(waiting);
    fetch_answerable();
    return waiting;
}

void WaitingAnswers::fetch_answerable() const noexcept {
    // Taken in turn, they have always left the processor's cache: the one after the next is
    // fetched, and what the next one points to.
    const auto next = static_cast<std::size_t>(next_answerable_ % bound);
    if (next + 1 < answerable_.size()) {
        const auto* const later = reinterpret_cast<const char*>(&answerable_[next + 1]);
        for (std::size_t at = 0; at < sizeof(Waiting); at += 64) {
            __builtin_prefetch(later + at, 1);
        }
        const std::string& texts = answerable_[next].texts_;
        for (std::size_t at = 0; at < texts.size(); at += 64) {
            __builtin_prefetch(texts.data() + at, 1);
        }
    }
}

void WaitingAnswers::remove(Waiting& waiting) noexcept {
    if (std::exchange(waiting.is_by_dialogue_, false)) {
        by_dialogue_.erase(waiting.slot_);
    }
    waiting.cancel();
    waiting.token = 0;
    waiting.number_ = 0;
    if (waiting.is_request()) {
        free_requests_.push_back(waiting.slot_);
    }
}

void WaitingAnswers::append_id(std::string& out, const Waiting& waiting) const {
    out += prefix_;
    out += std::to_string(waiting.number_);
}

Waiting* WaitingAnswers::find(std::string_view id) noexcept {
    if (!is_id(id)) {
        return nullptr;
    }
    id.remove_prefix(prefix_.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || number == 0) {
        return nullptr;
    }
    const auto slot = static_cast<std::uint32_t>(number % slots);
    const bool exists = slot < bound ? slot < answerable_.size() : slot - bound < requests_.size();
    return exists && at(slot).number_ == number ? &at(slot) : nullptr;
}

void WaitingAnswers::index_dialogue(Waiting& waiting) {
    by_dialogue_.insert(waiting.slot_,
                        dialogue_hash(waiting.connection, waiting.sender(), waiting.protocol_id(),
                                      waiting.starter_reference()));
    waiting.is_by_dialogue_ = true;
}

Waiting* WaitingAnswers::find_by_dialogue(std::uint64_t connection, std::string_view sender,
                                          std::string_view protocol_id,
                                          std::string_view starter_reference) noexcept {
    const std::uint32_t slot = by_dialogue_.find(
        dialogue_hash(connection, sender, protocol_id, starter_reference),
        [&](std::uint32_t candidate) {
            const Waiting& waiting = at(candidate);
            return waiting.connection == connection && waiting.sender() == sender &&
                   waiting.protocol_id() == protocol_id &&
                   waiting.starter_reference() == starter_reference;
        });
    return slot == SlotIndex::none ? nullptr : &at(slot);
}

}  // namespace patchbay::agent_gateway
