// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/directory.hpp"

#include "multiplexer/options.hpp"

#include <patchbay/public_id.hpp>
#include <patchbay/utf8.hpp>

#include <string>

namespace patchbay::multiplexer {

Result<void> Directory::attach(std::string_view address, AgentRoute route) {
    if (address.empty() || address.size() > longest_name || !is_utf8(address) ||
        is_public_id(address) || route.instance == 0 || route.instance > lane_ref_any ||
        (route.lane >= lane_ref_component && route.lane != any_lane)) {
        return failure(ErrorClass::invalid, "directory.bad_agent",
                       "agent '" + std::string(address) +
                           "' cannot be attached: an address of 1 "
                           "to " +
                           std::to_string(longest_name) +
                           " bytes that is not a public id, and an instance, are expected");
    }
    const bool known = lookup(address).has_value();
    if (!known && count_.load(std::memory_order_relaxed) >= limit_) {
        return failure(ErrorClass::overloaded, "directory.full",
                       "the agent directory has its " + std::to_string(limit_) + " agents");
    }
    if (!book_.set_fixed(address, lane_ref(route.instance, route.lane))) {
        return failure(ErrorClass::overloaded, "directory.full", "the address book is full");
    }
    if (!known) {
        count_.fetch_add(1, std::memory_order_relaxed);
    }
    return {};
}

bool Directory::detach(std::string_view address, AgentRoute route) {
    if (!book_.clear_fixed(address, lane_ref(route.instance, route.lane))) {
        return false;
    }
    count_.fetch_sub(1, std::memory_order_relaxed);
    return true;
}

std::optional<AgentRoute> Directory::lookup(std::string_view address) const {
    const LaneRef ref = book_.find(address).fixed;
    if (ref == 0 || lane_of(ref) == lane_ref_component) {
        return std::nullopt;
    }
    return AgentRoute{instance_of(ref), lane_of(ref)};
}

}  // namespace patchbay::multiplexer
