// SPDX-License-Identifier: Apache-2.0
/// \file
/// A routing table compiled against a set of instances: names are numbers, rules by address are in
/// a hash table. Never changes once made; the multiplexer replaces it as a whole.
#pragma once

#include "multiplexer/address_book.hpp"
#include "multiplexer/agent_names.hpp"
#include "multiplexer/protocol_table.hpp"
#include "multiplexer/routing.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::multiplexer {

struct InstanceCore;

/// What routing looks at of one envelope.
struct RouteInput {
    std::uint32_t source = 0;  ///< instance number; 0 = outside
    bool outbound = false;
    std::string_view to;
    AddressBook::Found found;  ///< of `to`
    ProtocolNumber protocol = 0;
    std::string_view connection_id;
};

/// Where it goes.
struct Route {
    /// 0: nowhere, for `reason`.
    LaneRef to = 0;
    std::uint32_t reason = 0;
    /// Set when several instances get it; then `to` is the first of them.
    const std::vector<LaneRef>* all = nullptr;
    /// Whom the route named.
    AgentNumber agent = 0;
};

class RouteMap {
  public:
    /// `cores[i]` belongs to `instances[i]`; empty when nothing runs.
    RouteMap(const RoutingTable& table, std::vector<RoutingInstance> instances,
             const std::vector<InstanceCore*>& cores, AddressBook& book, ProtocolTable& protocols,
             AgentNames& agents);

    /// `trace` may be null; the steps considered are appended otherwise.
    [[nodiscard]] Route resolve(const RouteInput& input, std::vector<RouteStep>* trace) const;
    [[nodiscard]] RouteExplanation explain(const RouteQuery& query, std::uint32_t hop_limit) const;

    /// By instance name or public id; 0 when unknown.
    [[nodiscard]] std::uint32_t number_of(std::string_view name_or_id) const;
    /// Null for numbers that are not in the map.
    [[nodiscard]] InstanceCore* core(std::uint32_t number) const noexcept {
        return number < cores_.size() ? cores_[number] : nullptr;
    }
    [[nodiscard]] const RoutingInstance* instance(std::uint32_t number) const noexcept;
    [[nodiscard]] bool is_consumer(std::uint32_t number) const noexcept {
        const RoutingInstance* found = instance(number);
        return found != nullptr && (found->consumer || found->resident_agent);
    }

  private:
    struct Rule {
        ProtocolNumber protocol = 0;
        bool any_protocol = true;
        std::uint32_t source = 0;  ///< 0: any, when `any_source`
        bool any_source = true;
        std::vector<LaneRef> to;
        /// `to` without each of its members, for envelopes that a target itself delivered.
        std::map<std::uint32_t, std::vector<LaneRef>> to_without;
        std::string agent;
        AgentNumber agent_number = 0;
        std::string text;
    };

    [[nodiscard]] Route follow(const Rule& rule, std::uint32_t source) const;
    [[nodiscard]] bool applies(const Rule& rule, const RouteInput& input) const noexcept;
    [[nodiscard]] Route resolve_inbound(const RouteInput& input,
                                        std::vector<RouteStep>* trace) const;
    [[nodiscard]] Route resolve_outbound(const RouteInput& input,
                                         std::vector<RouteStep>* trace) const;
    void note(std::vector<RouteStep>* trace, std::string rule, bool matched,
              std::string text) const;
    [[nodiscard]] std::string name_of(LaneRef ref) const;

    AddressBook& book_;
    ProtocolTable& protocols_;
    std::vector<RoutingInstance> instances_;
    std::vector<std::uint32_t> places_;  ///< by number: place in `instances_` + 1
    std::vector<InstanceCore*> cores_;   ///< by number
    std::vector<ProtocolPolicy> policies_;
    std::map<std::string, std::uint32_t, std::less<>> names_;
    /// By full id and by author/name; the first instance counts.
    std::map<std::string, std::uint32_t, std::less<>> components_;
    std::vector<Rule> rules_;
    std::vector<std::uint32_t> general_rules_;  ///< those without an address
    std::vector<std::vector<std::uint32_t>> address_rules_;
    std::unique_ptr<AddressBook> addresses_;      ///< address to place in `address_rules_` + 1
    std::vector<std::uint32_t> default_routing_;  ///< by protocol number
    std::uint32_t default_connection_ = 0;
    std::uint32_t inbox_ = 0;
    std::string resident_agent_;
};

}  // namespace patchbay::multiplexer
