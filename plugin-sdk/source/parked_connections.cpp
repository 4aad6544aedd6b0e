// SPDX-License-Identifier: Apache-2.0
#include <patchbay/lane.hpp>
#include <patchbay/parked_connections.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace patchbay {

namespace {

/// Adopted in one call, so that a lane goes on with its other work in between.
constexpr std::uint32_t at_once = 64;

}  // namespace

ParkedConnections::ParkedConnections(const Host& host, std::string kind)
    : host_(host.abi()),
      table_(host.extension<patchbay_sockets>(PATCHBAY_SOCKETS_EXTENSION)),
      kind_(std::move(kind)) {
    if (table_ != nullptr && !PATCHBAY_HAS(patchbay_sockets, table_, adopt)) {
        table_ = nullptr;
    }
    if (table_ != nullptr) {
        table_->accept_parked(host_, to_abi_string(kind_));
    }
}

bool ParkedConnections::can_park() const noexcept {
    return park(-1, {});
}

bool ParkedConnections::park(std::intptr_t descriptor, std::string_view state) const noexcept {
    return table_ != nullptr && table_->park(host_, descriptor, to_abi_string(kind_),
                                             {reinterpret_cast<const std::uint8_t*>(state.data()),
                                              state.size()}) == PATCHBAY_OK;
}

std::size_t ParkedConnections::adopt(Lane& lane, const Adopter& adopter) const {
    std::array<patchbay_parked, at_once> items{};
    patchbay_array array{sizeof(patchbay_array), sizeof(patchbay_parked), at_once, 0, items.data()};
    if (table_ == nullptr || table_->adopt(lane.abi(), &array) != PATCHBAY_OK) {
        return 0;
    }
    for (std::uint32_t i = 0; i < array.count; ++i) {
        const patchbay_parked& item = items[i];
        adopter(item.descriptor, {reinterpret_cast<const char*>(item.state.data), item.state.size});
    }
    return array.count;
}

}  // namespace patchbay
