// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes that agents were given and may answer: requests, which are done with their answer, and
/// others, which are done already. Both have a bound of their own, and lie in slots that are used
/// again and again; a number names what is in a slot, and never names another one later.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/envelope.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/protocols/message.hpp>
#include <patchbay/slot_index.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent_gateway {

class WaitingAnswers;

class Waiting final : public net::Deadline {
  public:
    Waiting(WaitingAnswers& owner, std::uint32_t slot) noexcept : owner_(owner), slot_(slot) {}
    void on_deadline() noexcept override;

    /// Notes the envelope's texts, and where its message stands in a dialogue.
    void describe(const EnvelopeView& envelope,
                  const std::optional<protocols::MessageView>& header);
    [[nodiscard]] std::string_view to() const noexcept { return text(0); }
    [[nodiscard]] std::string_view sender() const noexcept { return text(1); }
    [[nodiscard]] std::string_view protocol_id() const noexcept { return text(2); }
    [[nodiscard]] std::string_view starter_reference() const noexcept { return text(3); }
    [[nodiscard]] protocols::DialogueHeader header() const;

    [[nodiscard]] bool is_request() const noexcept;

    std::uint64_t connection = 0;
    std::uint64_t token = 0;  ///< 0: the envelope was completed
    patchbay_origin origin{};
    std::uint32_t hops = 0;

  private:
    friend class WaitingAnswers;
    [[nodiscard]] std::string_view text(std::size_t index) const noexcept;

    WaitingAnswers& owner_;
    std::uint32_t slot_;
    bool is_by_dialogue_ = false;
    std::uint64_t number_ = 0;  ///< 0 = the slot is free
    std::int32_t message_id_ = 0;
    std::int32_t target_ = 0;
    std::array<std::size_t, 5> ends_{};  ///< of the texts
    std::string texts_;                  ///< one after the other: one block, which stays
};

/// [lane]
class WaitingAnswers {
  public:
    /// Of each kind.
    static constexpr std::uint32_t bound = 4096;

    /// `prefix` begins the ids. `owner.on_waiting_time_up(waiting)` is told of the end of a wait.
    class Owner {
      public:
        virtual void on_waiting_time_up(Waiting& waiting) noexcept = 0;

      protected:
        ~Owner() = default;
    };
    WaitingAnswers(Owner& owner, std::string prefix) : owner_(owner), prefix_(std::move(prefix)) {}
    WaitingAnswers(const WaitingAnswers&) = delete;
    WaitingAnswers& operator=(const WaitingAnswers&) = delete;

    /// Null when there are too many.
    [[nodiscard]] Waiting* add_request();
    /// When there are too many, the oldest gives way.
    [[nodiscard]] Waiting& add_answerable();
    void remove(Waiting& waiting) noexcept;

    /// What the agent names that answers it.
    void append_id(std::string& out, const Waiting& waiting) const;
    [[nodiscard]] bool is_id(std::string_view id) const noexcept { return id.starts_with(prefix_); }
    /// Null when nothing of that id waits.
    [[nodiscard]] Waiting* find(std::string_view id) noexcept;

    /// From now on `find_by_dialogue` finds it, which was described before.
    void index_dialogue(Waiting& waiting);
    /// What the agent of a connection answers with an envelope of that dialogue; null when nothing.
    [[nodiscard]] Waiting* find_by_dialogue(std::uint64_t connection, std::string_view sender,
                                            std::string_view protocol_id,
                                            std::string_view starter_reference) noexcept;

    /// `each(waiting)` for every request, which it may remove.
    template <class Function>
    void each_request(Function each) {
        for (Waiting& waiting : requests_) {
            if (waiting.number_ != 0) {
                each(waiting);
            }
        }
    }

  private:
    friend class Waiting;
    void take(Waiting& waiting) noexcept;
    void fetch_answerable() const noexcept;
    [[nodiscard]] Waiting& at(std::uint32_t slot) noexcept {
        return slot < bound ? answerable_[slot] : requests_[slot - bound];
    }

    Owner& owner_;
    std::string prefix_;
    std::uint64_t taken_ = 0;
    std::uint64_t next_answerable_ = 0;
    std::deque<Waiting> answerable_;  ///< slots from 0 on, taken in turn
    std::deque<Waiting> requests_;    ///< slots from `bound` on
    std::vector<std::uint32_t> free_requests_;
    SlotIndex by_dialogue_;
};

}  // namespace patchbay::agent_gateway
