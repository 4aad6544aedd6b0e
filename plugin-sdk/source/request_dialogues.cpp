// SPDX-License-Identifier: Apache-2.0
#include "dialogue_failures.hpp"
#include "reference_index.hpp"

#include <patchbay/request_dialogues.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace patchbay {

namespace {

constexpr std::int32_t answer_id = -1;

enum class State : std::uint8_t { free, in_progress, abandoned };

struct Slot {
    std::array<char, nonce_size> reference{};
    std::uint64_t cookie = 0;
    std::uint32_t hash = 0;
    std::uint32_t generation = 0;
    /// In the list of its state: of the free ones, or of the abandoned ones in their order.
    std::uint32_t next = ReferenceIndex::none;
    State state = State::free;
};

/// Slots never move, because references are handed out as views into them.
constexpr std::size_t slots_per_chunk = 64;
using Chunk = std::array<Slot, slots_per_chunk>;

/// The only performative that starts a dialogue.
unsigned request_performative(const DialogueRules& rules) {
    if (!std::has_single_bit(rules.initial)) {
        throw std::invalid_argument(
            "request dialogues need rules with exactly one initial performative");
    }
    const auto performative = static_cast<unsigned>(std::countr_zero(rules.initial));
    if ((rules.replies[performative] & ~rules.terminal) != 0) {
        throw std::invalid_argument("request dialogues need rules whose answers are terminal");
    }
    return performative;
}

}  // namespace

struct RequestDialogues::Records {
    std::string self_address;
    std::string counterparty;
    unsigned request;         ///< performative of the request
    PerformativeSet answers;  ///< those of its answers
    std::size_t limit;
    std::unique_ptr<NonceSource> nonces;

    std::vector<std::unique_ptr<Chunk>> chunks{};
    ReferenceIndex index{};
    std::uint32_t first_free = ReferenceIndex::none;
    std::uint32_t oldest_abandoned = ReferenceIndex::none;
    std::uint32_t latest_abandoned = ReferenceIndex::none;
    std::size_t in_progress = 0;
    std::size_t abandoned = 0;

    [[nodiscard]] Slot& at(std::uint32_t number) noexcept {
        return (*chunks[number / slots_per_chunk])[number % slots_per_chunk];
    }

    /// The slot of a reference of `nonce_size` characters.
    [[nodiscard]] std::uint32_t find(std::uint32_t hash, const char* reference) noexcept {
        return index.find(hash, [&](std::uint32_t number) {
            return std::memcmp(at(number).reference.data(), reference, nonce_size) == 0;
        });
    }

    [[nodiscard]] std::uint32_t find(std::string_view reference) noexcept {
        return reference.size() != nonce_size
                   ? ReferenceIndex::none
                   : find(ReferenceIndex::hash(reference.data(), nonce_size), reference.data());
    }

    void add_chunk() {
        const std::size_t before = chunks.size() * slots_per_chunk;
        index.reserve(before + slots_per_chunk);
        chunks.push_back(std::make_unique<Chunk>());
        for (std::size_t i = slots_per_chunk; i != 0; --i) {
            const auto number = static_cast<std::uint32_t>(before + i - 1);
            at(number).next = first_free;
            first_free = number;
        }
    }

    void release(std::uint32_t number) noexcept {
        Slot& slot = at(number);
        index.erase(slot.hash, number);
        slot.state = State::free;
        slot.next = first_free;
        first_free = number;
    }

    void forget_oldest_abandoned() noexcept {
        const std::uint32_t number = oldest_abandoned;
        oldest_abandoned = at(number).next;
        if (oldest_abandoned == ReferenceIndex::none) {
            latest_abandoned = ReferenceIndex::none;
        }
        release(number);
        --abandoned;
    }

    void remember_abandoned(std::uint32_t number) noexcept {
        Slot& slot = at(number);
        slot.state = State::abandoned;
        slot.next = ReferenceIndex::none;
        if (latest_abandoned == ReferenceIndex::none) {
            oldest_abandoned = number;
        } else {
            at(latest_abandoned).next = number;
        }
        latest_abandoned = number;
        if (++abandoned > remembered) {
            forget_oldest_abandoned();
        }
    }

    [[nodiscard]] Result<std::uint32_t> slot_of_answer(const IncomingMessage& message) {
        if (message.to != self_address || message.sender == self_address) {
            return misused(message, self_address);
        }
        if (lacks_reference(message)) {
            return no_reference();
        }
        if (is_first(message)) {
            return bad_initial(message.performative);
        }
        const std::uint32_t number =
            message.sender == counterparty ? find(message.starter_reference) : ReferenceIndex::none;
        if (number == ReferenceIndex::none) {
            return unknown_dialogue();
        }
        if (at(number).state == State::abandoned) {
            return refused("dialogue.late", "the answer came after nobody waited for it any more");
        }
        if (message.message_id != answer_id) {
            return bad_message_id(message.message_id, answer_id);
        }
        if (message.target != first_message_id) {
            return bad_target(message.target);
        }
        if (!contains(answers, message.performative)) {
            return bad_answer(message.performative, request);
        }
        return number;
    }
};

RequestDialogues::RequestDialogues(std::string self_address, std::string counterparty,
                                   const DialogueRules& rules, std::size_t limit,
                                   std::unique_ptr<NonceSource> nonces) {
    const unsigned request = request_performative(rules);
    // Slots are numbered with 32 bits.
    const std::size_t bound = std::min<std::size_t>(limit, 0x7FFFFFFF);
    records_ = std::make_unique<Records>(
        Records{std::move(self_address), std::move(counterparty), request, rules.replies[request],
                bound, nonces ? std::move(nonces) : std::make_unique<RandomNonces>()});
}

RequestDialogues::~RequestDialogues() = default;
RequestDialogues::RequestDialogues(RequestDialogues&&) noexcept = default;
RequestDialogues& RequestDialogues::operator=(RequestDialogues&&) noexcept = default;

std::optional<RequestDialogues::Opened> RequestDialogues::open(std::uint64_t cookie) {
    Records& records = *records_;
    if (records.in_progress >= records.limit) {
        return std::nullopt;
    }
    if (records.first_free == ReferenceIndex::none) {
        records.add_chunk();
    }
    const std::uint32_t number = records.first_free;
    Slot& slot = records.at(number);
    records.nonces->next_into(slot.reference.data());
    slot.hash = ReferenceIndex::hash(slot.reference.data(), nonce_size);
    if (records.find(slot.hash, slot.reference.data()) != ReferenceIndex::none) {
        return std::nullopt;
    }
    records.first_free = slot.next;
    slot.cookie = cookie;
    slot.state = State::in_progress;
    slot.generation = slot.generation == 0xFFFFFFFF ? 1 : slot.generation + 1;
    records.index.insert(slot.hash, number);
    ++records.in_progress;
    return Opened{{number, slot.generation}, {slot.reference.data(), nonce_size}};
}

Result<std::uint64_t> RequestDialogues::settle(const IncomingMessage& message) {
    auto number = records_->slot_of_answer(message);
    if (!number) {
        return tl::unexpected(std::move(number.error()));
    }
    const std::uint64_t cookie = records_->at(*number).cookie;
    records_->release(*number);
    --records_->in_progress;
    return cookie;
}

bool RequestDialogues::abandon(RequestId id) noexcept {
    Records& records = *records_;
    if (id.slot >= records.chunks.size() * slots_per_chunk) {
        return false;
    }
    const Slot& slot = records.at(id.slot);
    if (slot.state != State::in_progress || slot.generation != id.generation) {
        return false;
    }
    records.remember_abandoned(id.slot);
    --records.in_progress;
    return true;
}

std::size_t RequestDialogues::size() const noexcept {
    return records_->in_progress;
}

const std::string& RequestDialogues::self_address() const noexcept {
    return records_->self_address;
}

const std::string& RequestDialogues::counterparty() const noexcept {
    return records_->counterparty;
}

}  // namespace patchbay
