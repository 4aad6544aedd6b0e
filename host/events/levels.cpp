// SPDX-License-Identifier: Apache-2.0
#include "events/levels.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace patchbay::events {

namespace {

constexpr std::array<std::string_view, 7> names_of_levels = {"trace", "debug",    "info", "warning",
                                                             "error", "critical", "off"};

}  // namespace

std::string_view to_string(Level level) {
    return names_of_levels.at(static_cast<std::size_t>(level));
}

std::string_view to_string(Threshold threshold) {
    return names_of_levels.at(static_cast<std::size_t>(threshold));
}

Result<Threshold> parse_threshold(std::string_view text) {
    if (text == "warn") {
        return Threshold::warning;
    }
    const auto* const found = std::find(names_of_levels.begin(), names_of_levels.end(), text);
    if (found == names_of_levels.end()) {
        return failure(ErrorClass::invalid, "log.unknown_level",
                       "'" + std::string(text) +
                           "' is not a level; expected trace, debug, info, warning, error, "
                           "critical or off.");
    }
    return static_cast<Threshold>(found - names_of_levels.begin());
}

Levels::Levels(Threshold base) : base_(base), lowest_(static_cast<std::uint8_t>(base)) {}

bool Levels::wants(Level level, std::string_view subsystem) const {
    const auto number = static_cast<std::uint8_t>(level);
    if (number < lowest_.load(std::memory_order_relaxed)) {
        return false;
    }
    return number >= static_cast<std::uint8_t>(of(subsystem));
}

Threshold Levels::base() const {
    const std::shared_lock lock(mutex_);
    return base_;
}

Threshold Levels::of(std::string_view subsystem) const {
    const std::shared_lock lock(mutex_);
    const auto found = names_.find(subsystem);
    return found == names_.end() ? base_ : found->second;
}

std::map<std::string, Threshold, std::less<>> Levels::names() const {
    const std::shared_lock lock(mutex_);
    return names_;
}

void Levels::set_base(Threshold threshold) {
    const std::unique_lock lock(mutex_);
    base_ = threshold;
    update_lowest();
}

bool Levels::set(const std::string& subsystem, Threshold threshold) {
    const std::unique_lock lock(mutex_);
    if (names_.size() >= maximum_names && names_.find(subsystem) == names_.end()) {
        return false;
    }
    names_[subsystem] = threshold;
    update_lowest();
    return true;
}

void Levels::reset(std::string_view subsystem) {
    const std::unique_lock lock(mutex_);
    const auto found = names_.find(subsystem);
    if (found != names_.end()) {
        names_.erase(found);
        update_lowest();
    }
}

void Levels::update_lowest() {
    Threshold lowest = base_;
    for (const auto& [name, threshold] : names_) {
        lowest = std::min(lowest, threshold);
    }
    lowest_.store(static_cast<std::uint8_t>(lowest), std::memory_order_relaxed);
}

}  // namespace patchbay::events
