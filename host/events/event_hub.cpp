// SPDX-License-Identifier: Apache-2.0
#include "events/event_hub.hpp"

#include <utility>

namespace patchbay::events {

namespace {

/// Cuts at a character boundary of UTF-8.
void cut(std::string& text, std::size_t longest) {
    if (text.size() <= longest) {
        return;
    }
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    text.resize(end);
    text += "...";
}

}  // namespace

EventHub::EventHub(Levels& levels, RepeatLimits repeat, std::size_t ring_capacity)
    : levels_(levels), ring_(ring_capacity), filter_(repeat) {}

bool EventHub::wants(Level level, const std::string& subsystem) const {
    return levels_.wants(level, subsystem);
}

void EventHub::publish(Event event) {
    if (!levels_.wants(event.level, event.subsystem)) {
        return;
    }
    redactor_.apply(event.text);
    cut(event.text, longest_text);
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    for (Event& summary : filter_.expire(now)) {
        emit(std::move(summary));
    }
    const bool quiet = !filter_.next_due().has_value();
    if (filter_.pass(event, now)) {
        emit(std::move(event));
    } else if (quiet && alarm_) {
        alarm_();
    }
}

void EventHub::set_output(Output output) {
    const std::lock_guard lock(mutex_);
    output_ = std::move(output);
}

void EventHub::set_alarm(std::function<void()> alarm) {
    const std::lock_guard lock(mutex_);
    alarm_ = std::move(alarm);
}

void EventHub::tick(std::chrono::steady_clock::time_point now) {
    const std::lock_guard lock(mutex_);
    for (Event& summary : filter_.expire(now)) {
        emit(std::move(summary));
    }
}

void EventHub::flush() {
    const std::lock_guard lock(mutex_);
    for (Event& summary : filter_.flush()) {
        emit(std::move(summary));
    }
}

std::optional<std::chrono::steady_clock::time_point> EventHub::next_due() const {
    const std::lock_guard lock(mutex_);
    return filter_.next_due();
}

void EventHub::emit(Event event) {
    const auto time = std::chrono::system_clock::now();
    if (!output_) {
        ring_.append(std::move(event), time);
        return;
    }
    Record record{0, time, std::move(event)};
    record.sequence = ring_.append(record.event, time);
    output_(record);
}

}  // namespace patchbay::events
