// SPDX-License-Identifier: Apache-2.0
#include "plugins/parked_sockets.hpp"

#include "plugins/platform_sockets.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::plugins {

ParkedSockets::~ParkedSockets() {
    close();
}

void ParkedSockets::accept(std::uint32_t object, std::string_view kind) {
    const std::lock_guard lock(mutex_);
    adopters_[object].kind = kind;
}

void ParkedSockets::open(std::uint32_t object, std::uint32_t lanes, Notify notify) {
    const std::lock_guard lock(mutex_);
    const auto found = adopters_.find(object);
    if (found == adopters_.end()) {
        return;
    }
    Adopter& adopter = found->second;
    adopter.told.assign(lanes, false);
    adopter.next_lane = 0;
    adopter.notify = std::move(notify);
    tell(adopter);
}

void ParkedSockets::end(std::uint32_t object) {
    const std::lock_guard lock(mutex_);
    const auto found = adopters_.find(object);
    if (found == adopters_.end()) {
        return;
    }
    Adopter ended = std::move(found->second);
    adopters_.erase(found);
    if (Adopter* heir = other_than(object, ended.kind)) {
        std::move(ended.waiting.begin(), ended.waiting.end(), std::back_inserter(heir->waiting));
        tell(*heir);
    } else {
        close_all(ended.waiting);
    }
}

void ParkedSockets::close() {
    const std::lock_guard lock(mutex_);
    for (auto& [object, adopter] : adopters_) {
        close_all(adopter.waiting);
    }
}

patchbay_status ParkedSockets::park(std::uint32_t object, std::intptr_t descriptor,
                                    std::string_view kind, std::string_view state) {
    const std::lock_guard lock(mutex_);
    Adopter* const adopter = other_than(object, kind);
    if (adopter == nullptr) {
        return PATCHBAY_UNSUPPORTED;
    }
    if (state.size() > PATCHBAY_PARKED_STATE_SIZE) {
        return PATCHBAY_INVALID;
    }
    if (count_ >= most_sockets || bytes_ + state.size() > most_state_bytes) {
        return PATCHBAY_OVERLOADED;
    }
    if (descriptor == -1) {
        return PATCHBAY_OK;
    }
    adopter->waiting.push_back({descriptor, std::string(state)});
    ++count_;
    bytes_ += state.size();
    tell(*adopter);
    return PATCHBAY_OK;
}

std::vector<ParkedSockets::Socket> ParkedSockets::adopt(std::uint32_t object, std::uint32_t lane,
                                                        std::size_t room) {
    const std::lock_guard lock(mutex_);
    std::vector<Socket> adopted;
    const auto found = adopters_.find(object);
    if (found == adopters_.end()) {
        return adopted;
    }
    Adopter& adopter = found->second;
    if (lane < adopter.told.size()) {
        adopter.told[lane] = false;
    }
    while (adopted.size() < room && !adopter.waiting.empty()) {
        adopted.push_back(std::move(adopter.waiting.front()));
        adopter.waiting.pop_front();
        --count_;
        bytes_ -= adopted.back().state.size();
    }
    tell(adopter);
    return adopted;
}

std::size_t ParkedSockets::waiting() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

ParkedSockets::Adopter* ParkedSockets::other_than(std::uint32_t object, std::string_view kind) {
    for (auto next = adopters_.rbegin(); next != adopters_.rend(); ++next) {
        if (next->first != object && next->second.kind == kind) {
            return &next->second;
        }
    }
    return nullptr;
}

void ParkedSockets::tell(Adopter& adopter) {
    if (adopter.waiting.empty() || adopter.notify == nullptr) {
        return;
    }
    const auto lanes = static_cast<std::uint32_t>(adopter.told.size());
    for (std::uint32_t i = 0; i < lanes; ++i) {
        const std::uint32_t lane = (adopter.next_lane + i) % lanes;
        if (!adopter.told[lane]) {
            adopter.told[lane] = true;
            adopter.next_lane = (lane + 1) % lanes;
            adopter.notify(lane);
            return;
        }
    }
}

void ParkedSockets::close_all(std::deque<Socket>& sockets) {
    for (const Socket& socket : sockets) {
        platform::close_socket(socket.descriptor);
        bytes_ -= socket.state.size();
    }
    count_ -= sockets.size();
    sockets.clear();
}

}  // namespace patchbay::plugins
