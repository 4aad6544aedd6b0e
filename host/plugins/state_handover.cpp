// SPDX-License-Identifier: Apache-2.0
#include "plugins/state_handover.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace patchbay::plugins {

void StateHandover::offer(StateSchema schema) {
    const std::lock_guard lock(mutex_);
    schema_ = schema;
}

std::optional<StateSchema> StateHandover::schema() const {
    const std::lock_guard lock(mutex_);
    return schema_;
}

void StateHandover::begin_save() {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::saving;
    bytes_.clear();
}

void StateHandover::begin_load(std::string state) {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::loading;
    bytes_ = std::move(state);
    read_ = 0;
}

std::string StateHandover::end() {
    const std::lock_guard lock(mutex_);
    phase_ = Phase::idle;
    return std::exchange(bytes_, std::string());
}

StateHandover::Written StateHandover::write(std::string_view part) {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::saving) {
        return Written::not_asked;
    }
    if (part.size() > most_bytes - bytes_.size()) {
        return Written::too_much;
    }
    bytes_ += part;
    return Written::ok;
}

std::optional<std::size_t> StateHandover::read(unsigned char* buffer, std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::loading) {
        return std::nullopt;
    }
    const std::size_t size = std::min(capacity, bytes_.size() - read_);
    if (size != 0) {
        std::memcpy(buffer, bytes_.data() + read_, size);
        read_ += size;
    }
    return size;
}

}  // namespace patchbay::plugins
