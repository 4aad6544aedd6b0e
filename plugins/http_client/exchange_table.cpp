// SPDX-License-Identifier: Apache-2.0
#include "exchange_table.hpp"

#include <algorithm>
#include <functional>

namespace patchbay::http_client {

namespace {

/// Memory of a request that is kept for the next one.
constexpr std::size_t kept_capacity = 128UL * 1024;

}  // namespace

std::size_t ExchangeTable::bucket_of(std::string_view starter_reference) noexcept {
    return std::hash<std::string_view>()(starter_reference) % bucket_count;
}

Exchange& ExchangeTable::add(const TakenEnvelope& envelope, std::string_view starter_reference) {
    if (unused_.empty()) {
        all_.push_back(std::make_unique<Exchange>(times_, limits_));
        unused_.reserve(all_.capacity());  // so that `remove` never allocates
        unused_.push_back(all_.back().get());
    }
    Exchange& exchange = *unused_.back();
    unused_.pop_back();
    exchange.envelope = envelope;
    exchange.answer.starter_reference = starter_reference;
    exchange.redirects = 0;
    exchange.retries = 0;
    exchange.wants_fresh = false;
    exchange.is_settled = false;
    exchange.bucket = bucket_of(starter_reference);
    exchange.next_in_bucket = buckets_[exchange.bucket];
    buckets_[exchange.bucket] = &exchange;
    ++size_;
    return exchange;
}

void ExchangeTable::remove(Exchange& exchange) noexcept {
    Exchange** at = &buckets_[exchange.bucket];
    while (*at != &exchange) {
        at = &(*at)->next_in_bucket;
    }
    *at = exchange.next_in_bucket;
    exchange.envelope = TakenEnvelope();
    exchange.answer = {};
    exchange.request = {};
    if (exchange.output.capacity() > kept_capacity) {
        std::string().swap(exchange.output);
    }
    unused_.push_back(&exchange);
    --size_;
}

bool ExchangeTable::answers(std::string_view sender, std::string_view starter_reference) const {
    const Exchange* exchange = buckets_[bucket_of(starter_reference)];
    while (exchange != nullptr && (exchange->answer.starter_reference != starter_reference ||
                                   exchange->envelope.sender() != sender)) {
        exchange = exchange->next_in_bucket;
    }
    return exchange != nullptr;
}

Exchange* ExchangeTable::find(std::uint64_t token) const noexcept {
    const auto found = std::find_if(all_.begin(), all_.end(), [=](const auto& exchange) {
        return token != 0 && exchange->envelope.token() == token;
    });
    return found == all_.end() ? nullptr : found->get();
}

}  // namespace patchbay::http_client
