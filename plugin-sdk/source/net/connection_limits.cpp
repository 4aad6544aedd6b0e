// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/connection_limits.hpp>

#include <functional>
#include <string_view>

namespace patchbay::net {

std::size_t ConnectionLimits::Hash::operator()(const Address& address) const noexcept {
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(address.data()), address.size()});
}

Admission ConnectionLimits::admit(const PeerAddress& peer, bool exempt) {
    const std::lock_guard lock(mutex_);
    if (all_ >= all_limit_) {
        return Admission::too_many;
    }
    if (address_limit_ != 0 && !exempt) {
        std::size_t& count = by_address_[peer.bytes];
        if (count >= address_limit_) {
            return Admission::too_many_from_address;
        }
        ++count;
    }
    ++all_;
    return Admission::admitted;
}

void ConnectionLimits::release(const PeerAddress& peer, bool exempt) noexcept {
    const std::lock_guard lock(mutex_);
    --all_;
    if (address_limit_ == 0 || exempt) {
        return;
    }
    const auto found = by_address_.find(peer.bytes);
    if (found != by_address_.end() && --found->second == 0) {
        by_address_.erase(found);
    }
}

std::size_t ConnectionLimits::connected() const {
    const std::lock_guard lock(mutex_);
    return all_;
}

}  // namespace patchbay::net
