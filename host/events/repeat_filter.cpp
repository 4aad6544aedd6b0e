// SPDX-License-Identifier: Apache-2.0
#include "events/repeat_filter.hpp"

#include <utility>

namespace patchbay::events {

namespace {

std::string key_of(const Event& event) {
    std::string key;
    key.reserve(event.subsystem.size() + event.code.size() + event.instance.size() +
                event.text.size() + 5);
    key += static_cast<char>('0' + static_cast<int>(event.level));
    for (const std::string* part : {&event.subsystem, &event.code, &event.instance}) {
        key += *part;
        key += '\0';
    }
    return key;
}

std::string seconds(std::chrono::milliseconds interval) {
    if (interval.count() % 1000 == 0) {
        return std::to_string(interval.count() / 1000) + " s";
    }
    return std::to_string(interval.count()) + " ms";
}

}  // namespace

bool RepeatFilter::count(std::string key, const Event& event, std::uint32_t allowance, Time now) {
    auto found = kinds_.find(key);
    if (found == kinds_.end()) {
        if (kinds_.size() >= limits_.maximum_kinds) {
            return true;
        }
        order_.push_back(key);
        found = kinds_.emplace(std::move(key), Kind{event, now + limits_.interval}).first;
    }
    Kind& kind = found->second;
    if (++kind.seen <= allowance) {
        return true;
    }
    ++kind.held_back;
    return false;
}

bool RepeatFilter::pass(const Event& event, Time now) {
    std::string key = key_of(event);
    if (!count(key + event.text, event, limits_.same_text, now)) {
        return false;
    }
    // One summary per storm: what the first allowance held back does not count against the second.
    Event any_text = event;
    any_text.text.clear();
    return count(std::move(key), any_text, limits_.same_code, now);
}

void RepeatFilter::summarise(const Kind& kind, std::vector<Event>& summaries) const {
    if (kind.held_back == 0) {
        return;
    }
    Event summary = kind.first;
    const std::string times =
        kind.held_back == 1 ? std::string("once more") : std::to_string(kind.held_back) + " times";
    if (summary.text.empty()) {
        summary.text = "Further events of this kind: held back " + times + " within " +
                       seconds(limits_.interval) + ".";
    } else {
        summary.text += " (repeated " + times + " within " + seconds(limits_.interval) + ")";
    }
    summaries.push_back(std::move(summary));
}

std::vector<Event> RepeatFilter::expire(Time now) {
    std::vector<Event> summaries;
    while (!order_.empty()) {
        const auto found = kinds_.find(order_.front());
        if (found->second.end > now) {
            break;
        }
        summarise(found->second, summaries);
        kinds_.erase(found);
        order_.pop_front();
    }
    return summaries;
}

std::vector<Event> RepeatFilter::flush() {
    std::vector<Event> summaries;
    for (const std::string& key : order_) {
        summarise(kinds_.find(key)->second, summaries);
    }
    kinds_.clear();
    order_.clear();
    return summaries;
}

std::optional<RepeatFilter::Time> RepeatFilter::next_due() const {
    for (const std::string& key : order_) {
        const Kind& kind = kinds_.find(key)->second;
        if (kind.held_back != 0) {
            return kind.end;
        }
    }
    return std::nullopt;
}

}  // namespace patchbay::events
