// SPDX-License-Identifier: Apache-2.0
#include "events/redactor.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace patchbay::events {

bool names_a_secret(std::string_view key) {
    // Compared without case and separators, so that private_key, privateKey and private-key agree.
    std::string plain;
    plain.reserve(key.size());
    for (const char c : key) {
        if (c >= 'A' && c <= 'Z') {
            plain += static_cast<char>(c - 'A' + 'a');
        } else if (c != '_' && c != '-' && c != ' ') {
            plain += c;
        }
    }
    constexpr std::array<std::string_view, 9> words = {"secret",     "password",   "passwd",
                                                       "passphrase", "token",      "privatekey",
                                                       "apikey",     "credential", "authorization"};
    // Keys that name where a secret is, or how long one lives, are no secrets themselves.
    constexpr std::array<std::string_view, 5> harmless_ends = {"file", "path", "env", "hours",
                                                               "seconds"};
    for (const std::string_view end : harmless_ends) {
        if (plain.size() >= end.size() &&
            plain.compare(plain.size() - end.size(), end.size(), end) == 0) {
            return false;
        }
    }
    return std::any_of(words.begin(), words.end(), [&plain](std::string_view word) {
        return plain.find(word) != std::string::npos;
    });
}

void Redactor::add(std::string value) {
    const std::lock_guard lock(mutex_);
    if (value.size() < shortest_value || values_.size() >= maximum_values ||
        std::find(values_.begin(), values_.end(), value) != values_.end()) {
        return;
    }
    const auto place = std::find_if(values_.begin(), values_.end(), [&value](const auto& other) {
        return other.size() < value.size();
    });
    values_.insert(place, std::move(value));
}

void Redactor::apply(std::string& text) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& value : values_) {
        std::size_t at = text.find(value);
        while (at != std::string::npos) {
            text.replace(at, value.size(), redacted);
            at = text.find(value, at + redacted.size());
        }
    }
}

}  // namespace patchbay::events
