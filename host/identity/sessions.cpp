// SPDX-License-Identifier: Apache-2.0
#include "identity/sessions.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace patchbay::identity {

void Session::set_texts(std::string_view agent_id, std::string_view metadata,
                        std::string_view remote, std::string_view transport) {
    const std::string_view parts[] = {agent_id, metadata, remote, transport};
    std::size_t size = 0;
    for (const std::string_view part : parts) {
        size += part.size();
    }
    auto text = std::make_unique<char[]>(std::max<std::size_t>(size, 1));
    std::uint32_t end = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        std::copy(parts[i].begin(), parts[i].end(), text.get() + end);
        end += static_cast<std::uint32_t>(parts[i].size());
        ends_[i] = end;
    }
    text_ = std::move(text);
}

// ---- Keys of the index entries ------------------------------------------------------------------

std::size_t Sessions::Hash::operator()(std::string_view agent_id) const noexcept {
    return std::hash<std::string_view>()(agent_id);
}
std::size_t Sessions::Hash::operator()(std::uint32_t slot) const noexcept {
    return (*this)((*slots)[slot].agent_id());
}
bool Sessions::Equal::operator()(std::string_view agent_id, std::uint32_t slot) const noexcept {
    return agent_id == (*slots)[slot].agent_id();
}
bool Sessions::Equal::operator()(std::uint32_t slot, std::string_view agent_id) const noexcept {
    return (*this)(agent_id, slot);
}
bool Sessions::Less::operator()(std::uint32_t left, std::uint32_t right) const noexcept {
    return (*slots)[left].agent_id() < (*slots)[right].agent_id();
}
bool Sessions::Less::operator()(std::string_view agent_id, std::uint32_t slot) const noexcept {
    return agent_id < (*slots)[slot].agent_id();
}
bool Sessions::Less::operator()(std::uint32_t slot, std::string_view agent_id) const noexcept {
    return (*slots)[slot].agent_id() < agent_id;
}
std::size_t Sessions::SocketHash::operator()(const Socket& socket) const noexcept {
    // Connections count up; the factor spreads them.
    return static_cast<std::size_t>((socket.connection ^ (std::uint64_t{socket.instance} << 40U)) *
                                    0x9E3779B97F4A7C15U);
}
std::size_t Sessions::SocketHash::operator()(std::uint32_t slot) const noexcept {
    const Session& session = (*slots)[slot];
    return (*this)(Socket{session.lane.instance, session.connection});
}
bool Sessions::SocketEqual::operator()(const Socket& socket, std::uint32_t slot) const noexcept {
    const Session& session = (*slots)[slot];
    return session.lane.instance == socket.instance && session.connection == socket.connection;
}
bool Sessions::SocketEqual::operator()(std::uint32_t slot, const Socket& socket) const noexcept {
    return (*this)(socket, slot);
}

// ---- The book -----------------------------------------------------------------------------------

Sessions::Sessions()
    : by_id_(0, Hash{&slots_}, Equal{&slots_}),
      in_order_(Less{&slots_}),
      by_socket_(0, SocketHash{&slots_}, SocketEqual{&slots_}) {}

Sessions::~Sessions() = default;

Session& Sessions::add(Session session) {
    const std::uint32_t slot = slot_of(session.number);
    while (slots_.size() <= slot) {
        slots_.emplace_back();
    }
    slots_[slot] = std::move(session);
    by_id_.insert(slot);
    in_order_.insert(slot);
    by_socket_.insert(slot);
    return slots_[slot];
}

void Sessions::move(SessionNumber number, const TransportLane& lane, std::uint64_t connection) {
    Session* const session = find(number);
    if (session == nullptr) {
        return;
    }
    const std::uint32_t slot = slot_of(number);
    by_socket_.erase(slot);
    session->lane = lane;
    session->connection = connection;
    by_socket_.insert(slot);
}

void Sessions::remove(SessionNumber number) {
    if (find(number) == nullptr) {
        return;
    }
    const std::uint32_t slot = slot_of(number);
    by_id_.erase(slot);
    in_order_.erase(slot);
    by_socket_.erase(slot);
    slots_[slot] = Session{};
}

Session* Sessions::find(SessionNumber number) noexcept {
    const std::uint32_t slot = slot_of(number);
    return number != 0 && slot < slots_.size() && slots_[slot].number == number ? &slots_[slot]
                                                                                : nullptr;
}

const Session* Sessions::find(SessionNumber number) const noexcept {
    const std::uint32_t slot = slot_of(number);
    return number != 0 && slot < slots_.size() && slots_[slot].number == number ? &slots_[slot]
                                                                                : nullptr;
}

Session* Sessions::find(std::string_view agent_id) noexcept {
    const auto entry = by_id_.find(agent_id);
    return entry == by_id_.end() ? nullptr : &slots_[*entry];
}

const Session* Sessions::find(std::string_view agent_id) const noexcept {
    const auto entry = by_id_.find(agent_id);
    return entry == by_id_.end() ? nullptr : &slots_[*entry];
}

Session* Sessions::find(std::uint32_t instance, std::uint64_t connection) noexcept {
    const auto entry = by_socket_.find(Socket{instance, connection});
    return entry == by_socket_.end() ? nullptr : &slots_[*entry];
}

const Session* Sessions::next(std::string_view after) const noexcept {
    const auto entry = in_order_.upper_bound(after);
    return entry == in_order_.end() ? nullptr : &slots_[*entry];
}

std::size_t Sessions::online() const noexcept {
    return static_cast<std::size_t>(std::count_if(
        by_id_.begin(), by_id_.end(), [&](std::uint32_t slot) { return slots_[slot].online; }));
}

std::vector<SessionNumber> Sessions::of(std::uint32_t instance, std::uint32_t generation) const {
    std::vector<SessionNumber> numbers;
    for (const std::uint32_t slot : by_id_) {
        const Session& session = slots_[slot];
        if (session.lane.instance == instance && session.lane.generation == generation) {
            numbers.push_back(session.number);
        }
    }
    return numbers;
}

}  // namespace patchbay::identity
