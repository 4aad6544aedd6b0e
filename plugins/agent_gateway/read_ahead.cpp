// SPDX-License-Identifier: Apache-2.0
#include "read_ahead.hpp"

#include "agent_socket.hpp"
#include "websocket/message_reader.hpp"

namespace patchbay::agent_gateway {

namespace {

/// More than what a socket may have kept of its last read.
constexpr std::size_t least_room = std::size_t{16} << 10U;

}  // namespace

ReadAhead::ReadAhead(std::size_t size) : buffer_(size + websocket::padding), size_(size) {}

std::span<char> ReadAhead::room() noexcept {
    return std::span(buffer_).subspan(used_, size_ - used_);
}

void ReadAhead::add(AgentSocket& socket, std::span<char> bytes) {
    received_.push_back({&socket, bytes});
    socket.has_received = true;
    used_ += bytes.size();
    if (size_ - used_ < least_room) {
        handle();
    }
}

void ReadAhead::handle() {
    for (std::size_t i = 0; i < received_.size(); ++i) {
        const Received next = received_[i];
        if (next.socket == nullptr) {
            continue;
        }
        next.socket->has_received = false;
        try {
            next.socket->handle_received(next.bytes);
        } catch (...) {
            next.socket->abort();
        }
    }
    received_.clear();
    used_ = 0;
}

void ReadAhead::forget(const AgentSocket& socket) noexcept {
    for (Received& received : received_) {
        if (received.socket == &socket) {
            received.socket = nullptr;
        }
    }
}

}  // namespace patchbay::agent_gateway
