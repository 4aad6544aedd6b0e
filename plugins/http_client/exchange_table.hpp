// SPDX-License-Identifier: Apache-2.0
/// \file
/// The exchanges of one lane: those in progress, found by token and by the dialogue that they
/// answer, and those that wait to be used again.
#pragma once

#include "exchange.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace patchbay::http_client {

/// [lane]
class ExchangeTable {
  public:
    ExchangeTable(ExchangeTimes& times, const ResponseLimits& limits)
        : times_(times), limits_(limits) {}
    ExchangeTable(const ExchangeTable&) = delete;
    ExchangeTable& operator=(const ExchangeTable&) = delete;

    /// An exchange for an envelope whose dialogue nobody answers yet.
    Exchange& add(const TakenEnvelope& envelope, std::string_view starter_reference);
    /// It is over; its envelope was completed.
    void remove(Exchange& exchange) noexcept;

    /// Whether the dialogue of that starter is being answered.
    [[nodiscard]] bool answers(std::string_view sender, std::string_view starter_reference) const;
    /// Null when none has that token.
    [[nodiscard]] Exchange* find(std::uint64_t token) const noexcept;
    template <class Function>
    void for_each(Function function) {
        for (std::size_t i = 0; i < all_.size(); ++i) {
            if (all_[i]->envelope.token() != 0) {
                function(*all_[i]);
            }
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    static constexpr std::size_t bucket_count = 2048;
    [[nodiscard]] static std::size_t bucket_of(std::string_view starter_reference) noexcept;

    ExchangeTimes& times_;
    ResponseLimits limits_;
    std::vector<std::unique_ptr<Exchange>> all_;
    std::vector<Exchange*> unused_;
    std::array<Exchange*, bucket_count> buckets_{};
    std::size_t size_ = 0;
};

}  // namespace patchbay::http_client
