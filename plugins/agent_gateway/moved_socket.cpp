// SPDX-License-Identifier: Apache-2.0
#include "moved_socket.hpp"

#include <cstring>
#include <type_traits>

namespace patchbay::agent_gateway {

namespace {

constexpr std::uint32_t envelopes_bit = 1;
constexpr std::uint32_t deflate_bit = 2;
constexpr std::uint32_t presence_bit = 4;

template <class Number>
void append(std::string& out, Number number) {
    static_assert(std::is_integral_v<Number>);
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <class Number>
bool take(std::string_view& in, Number& number) {
    if (in.size() < sizeof number) {
        return false;
    }
    std::memcpy(&number, in.data(), sizeof number);
    in.remove_prefix(sizeof number);
    return true;
}

}  // namespace

std::string to_state(const MovedSocket& socket) {
    std::string out;
    append(out, (socket.speaks_envelopes ? envelopes_bit : 0) |
                    (socket.deflates ? deflate_bit : 0) |
                    (socket.wants_presence ? presence_bit : 0));
    append(out, socket.lane);
    append(out, socket.session);
    append(out, static_cast<std::uint32_t>(socket.agent_id.size()));
    out += socket.agent_id;
    out += socket.kept;
    return out;
}

std::optional<MovedSocket> read_moved_socket(std::string_view state) {
    MovedSocket socket;
    std::uint32_t flags = 0;
    std::uint32_t size = 0;
    if (!take(state, flags) || !take(state, socket.lane) || !take(state, socket.session) ||
        !take(state, size) || size > state.size()) {
        return std::nullopt;
    }
    socket.speaks_envelopes = (flags & envelopes_bit) != 0;
    socket.deflates = (flags & deflate_bit) != 0;
    socket.wants_presence = (flags & presence_bit) != 0;
    socket.agent_id = state.substr(0, size);
    socket.kept = state.substr(size);
    return socket;
}

}  // namespace patchbay::agent_gateway
