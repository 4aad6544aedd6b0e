// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/route_map.hpp"

#include <patchbay/abi.h>
#include <patchbay/public_id.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace patchbay::multiplexer {

namespace {

/// Named in the configuration, but no such instance runs.
constexpr std::uint32_t unknown = 0xFFFFFFFF;

std::string component_key(const PublicIdView& id) {
    return std::string(id.author) + '/' + std::string(id.name);
}

/// A destination; `unknown` becomes a dead letter.
Route to_instance(std::uint32_t number) {
    return number == unknown ? Route{0, PATCHBAY_REASON_NOT_CONNECTED}
                             : Route{lane_ref(number, lane_ref_any), PATCHBAY_REASON_NONE};
}

std::string describe(const InboundRoute& route) {
    std::string text;
    const auto add = [&](const char* key, const std::optional<std::string>& value) {
        if (value) {
            text += (text.empty() ? "" : ", ") + std::string(key) + ": " + *value;
        }
    };
    add("protocol", route.protocol);
    add("source", route.source);
    add("address", route.address);
    return text.empty() ? "any envelope" : text;
}

}  // namespace

RouteMap::RouteMap(const RoutingTable& table, std::vector<RoutingInstance> instances,
                   const std::vector<InstanceCore*>& cores, AddressBook& book,
                   ProtocolTable& protocols, AgentNames& agents)
    : book_(book),
      protocols_(protocols),
      instances_(std::move(instances)),
      resident_agent_(table.resident_agent) {
    for (std::size_t i = 0; i < instances_.size(); ++i) {
        const RoutingInstance& instance = instances_[i];
        const std::size_t size = std::size_t{instance.number} + 1;
        places_.resize(std::max(places_.size(), size));
        cores_.resize(std::max(cores_.size(), size));
        places_[instance.number] = static_cast<std::uint32_t>(i) + 1;
        cores_[instance.number] = i < cores.size() ? cores[i] : nullptr;
        policies_.emplace_back(protocols_, instance.excluded_protocols,
                               instance.restricted_to_protocols);
        names_.emplace(instance.name, instance.number);
        if (const auto id = view_public_id(instance.component_id)) {
            components_.emplace(instance.component_id, instance.number);
            components_.emplace(component_key(*id), instance.number);
        }
        if (instance.resident_agent && inbox_ == 0) {
            inbox_ = instance.number;
        }
    }
    const auto number_or_unknown = [&](const std::string& name) {
        const std::uint32_t number = number_of(name);
        return number == 0 ? unknown : number;
    };

    std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_address;
    for (std::size_t i = 0; i < table.inbound.size(); ++i) {
        const InboundRoute& route = table.inbound[i];
        Rule rule;
        if (route.protocol) {
            rule.any_protocol = false;
            rule.protocol = protocols_.number(*route.protocol, true);
        }
        if (route.source) {
            rule.any_source = false;
            rule.source = number_or_unknown(*route.source);
        }
        for (const std::string& name : route.to) {
            const std::uint32_t number = number_of(name);
            if (number == 0) {
                continue;
            }
            rule.to.push_back(lane_ref(number, lane_ref_any));
            instances_[places_[number] - 1].consumer = true;
        }
        if (rule.to.size() > 1) {
            for (const LaneRef left_out : rule.to) {
                std::vector<LaneRef>& rest = rule.to_without[instance_of(left_out)];
                std::copy_if(rule.to.begin(), rule.to.end(), std::back_inserter(rest),
                             [&](LaneRef ref) { return ref != left_out; });
            }
        }
        rule.agent = route.agent.value_or("");
        rule.agent_number = rule.agent.empty() ? AgentNumber{0} : agents.number(rule.agent);
        rule.text = describe(route);
        if (route.address) {
            by_address[*route.address].push_back(static_cast<std::uint32_t>(i));
        } else {
            general_rules_.push_back(static_cast<std::uint32_t>(i));
        }
        rules_.push_back(std::move(rule));
    }
    if (!by_address.empty()) {
        addresses_ = std::make_unique<AddressBook>(static_cast<std::uint32_t>(by_address.size()));
        for (auto& [address, rules] : by_address) {
            address_rules_.push_back(std::move(rules));
            addresses_->set_fixed(address, static_cast<LaneRef>(address_rules_.size()));
        }
    }
    for (const auto& [protocol, instance] : table.default_routing) {
        const ProtocolNumber number = protocols_.number(protocol, true);
        if (number != 0) {
            default_routing_.resize(std::max<std::size_t>(default_routing_.size(), number + 1U));
            default_routing_[number] = number_or_unknown(instance);
        }
    }
    if (!table.default_connection.empty()) {
        default_connection_ = number_or_unknown(table.default_connection);
    }
}

const RoutingInstance* RouteMap::instance(std::uint32_t number) const noexcept {
    return number < places_.size() && places_[number] != 0 ? &instances_[places_[number] - 1]
                                                           : nullptr;
}

std::uint32_t RouteMap::number_of(std::string_view name_or_id) const {
    if (const auto found = names_.find(name_or_id); found != names_.end()) {
        return found->second;
    }
    const auto id = view_public_id(name_or_id);
    if (!id) {
        return 0;
    }
    if (const auto found = components_.find(name_or_id); found != components_.end()) {
        return found->second;
    }
    const auto found = components_.find(component_key(*id));
    return found != components_.end() ? found->second : 0;
}

std::string RouteMap::name_of(LaneRef ref) const {
    const RoutingInstance* found = instance(instance_of(ref));
    return found != nullptr ? found->name : "an instance that is gone";
}

void RouteMap::note(std::vector<RouteStep>* trace, std::string rule, bool matched,
                    std::string text) const {
    trace->push_back({std::move(rule), matched, std::move(text)});
}

Route RouteMap::resolve(const RouteInput& input, std::vector<RouteStep>* trace) const {
    std::uint32_t component = 0;
    if (lane_of(input.found.fixed) == lane_ref_component) {
        component = instance_of(input.found.fixed);
    } else if (input.found.fixed == 0 && input.to.find('/') != std::string_view::npos) {
        if (const auto id = view_public_id(input.to)) {
            component = number_of(input.to);
        }
    }
    if (component != 0) {
        if (trace != nullptr) {
            note(trace, "component", true,
                 "'to' names the instance " + name_of(lane_ref(component, lane_ref_any)));
        }
        return to_instance(component);
    }
    if (trace != nullptr) {
        note(trace, "component", false, "'to' is not the public id of a running instance");
    }
    return input.outbound ? resolve_outbound(input, trace) : resolve_inbound(input, trace);
}

bool RouteMap::applies(const Rule& rule, const RouteInput& input) const noexcept {
    return (rule.any_protocol || (rule.protocol != 0 && rule.protocol == input.protocol)) &&
           (rule.any_source || rule.source == input.source);
}

Route RouteMap::follow(const Rule& rule, std::uint32_t source) const {
    if (!rule.agent.empty()) {
        const LaneRef ref = book_.find(rule.agent).fixed;
        if (ref != 0 && lane_of(ref) != lane_ref_component && rule.agent_number != 0) {
            return {ref, PATCHBAY_REASON_NONE, nullptr, rule.agent_number};
        }
        if (rule.agent == resident_agent_ && inbox_ != 0) {
            return inbox_ == source ? Route{} : to_instance(inbox_);
        }
        return {0, PATCHBAY_REASON_AGENT_OFFLINE};
    }
    if (rule.to.empty()) {
        return {0, PATCHBAY_REASON_NOT_CONNECTED};
    }
    if (rule.to.size() == 1) {
        return instance_of(rule.to.front()) == source ? Route{}
                                                      : Route{rule.to.front(), 0, nullptr};
    }
    const auto without = rule.to_without.find(source);
    const std::vector<LaneRef>& all = without != rule.to_without.end() ? without->second : rule.to;
    return {all.front(), PATCHBAY_REASON_NONE, all.size() > 1 ? &all : nullptr};
}

Route RouteMap::resolve_inbound(const RouteInput& input, std::vector<RouteStep>* trace) const {
    if (input.found.fixed != 0) {
        if (trace != nullptr) {
            note(trace, "directory", true, "agent is attached to " + name_of(input.found.fixed));
        }
        return {input.found.fixed, PATCHBAY_REASON_NONE};
    }
    if (trace != nullptr) {
        note(trace, "directory", false, "no agent of that address is attached");
    }
    // Two ordered lists, those for the address and those for any, merged.
    static const std::vector<std::uint32_t> no_rules;
    const std::vector<std::uint32_t>* specific = &no_rules;
    if (addresses_ != nullptr) {
        if (const std::uint32_t place = addresses_->find(input.to).fixed) {
            specific = &address_rules_[place - 1];
        }
    }
    auto next = specific->begin();
    auto general = general_rules_.begin();
    while (next != specific->end() || general != general_rules_.end()) {
        const bool take_specific =
            general == general_rules_.end() || (next != specific->end() && *next < *general);
        const std::uint32_t place = take_specific ? *next++ : *general++;
        const Rule& rule = rules_[place];
        const bool matches = applies(rule, input);
        const Route route = matches ? follow(rule, input.source) : Route{};
        const bool decided = route.to != 0 || route.reason != PATCHBAY_REASON_NONE;
        if (trace != nullptr) {
            std::string text = rule.text;
            if (matches && !decided) {
                text += "; passed over: it would return to the instance that delivered it";
            } else if (decided) {
                text += route.to != 0 ? "; goes to " + name_of(route.to)
                                      : "; but what it names does not run";
            }
            note(trace, "inbound[" + std::to_string(place) + "]", decided, std::move(text));
        }
        if (decided) {
            return route;
        }
    }
    if (inbox_ != 0 && inbox_ != input.source) {
        if (trace != nullptr) {
            note(trace, "inbox", true, "the resident agent takes what nobody else does");
        }
        return to_instance(inbox_);
    }
    if (trace != nullptr) {
        note(trace, "inbox", false, "there is no resident agent");
    }
    return {0, PATCHBAY_REASON_NO_ROUTE};
}

Route RouteMap::resolve_outbound(const RouteInput& input, std::vector<RouteStep>* trace) const {
    // What would go back to the instance that delivered it is passed over, except by `to`.
    const auto consider = [&](const char* rule, std::uint32_t number, LaneRef ref,
                              const std::string& text) {
        const bool matched = number != 0 && number != input.source;
        if (trace != nullptr) {
            note(trace, rule, matched,
                 number == 0              ? text
                 : number == unknown      ? "names an instance that does not run"
                 : number == input.source ? "passed over: it would return to where it came from"
                                          : "goes to " + name_of(ref));
        }
        return matched;
    };
    if (!input.connection_id.empty()) {
        std::uint32_t number = number_of(input.connection_id);
        number = number == 0 ? unknown : number;
        if (consider("context", number, lane_ref(number, lane_ref_any), "")) {
            return to_instance(number);
        }
    } else if (trace != nullptr) {
        note(trace, "context", false, "the envelope names no connection");
    }
    if (consider("learned", instance_of(input.found.learned), input.found.learned,
                 "nothing was heard from that address")) {
        return {input.found.learned, PATCHBAY_REASON_NONE};
    }
    // The directory resolves `to` itself, so it may lead back: two agents of one gateway.
    if (input.found.fixed != 0) {
        if (trace != nullptr) {
            note(trace, "directory", true, "agent is attached to " + name_of(input.found.fixed));
        }
        return {input.found.fixed, PATCHBAY_REASON_NONE};
    }
    if (trace != nullptr) {
        note(trace, "directory", false, "no agent of that address is attached");
    }
    const std::uint32_t by_protocol =
        input.protocol < default_routing_.size() ? default_routing_[input.protocol] : 0;
    if (consider("default_routing", by_protocol, lane_ref(by_protocol, lane_ref_any),
                 "no entry for the protocol")) {
        return to_instance(by_protocol);
    }
    if (consider("default_connection", default_connection_,
                 lane_ref(default_connection_, lane_ref_any), "there is none")) {
        return to_instance(default_connection_);
    }
    return {0, PATCHBAY_REASON_NO_ROUTE};
}

RouteExplanation RouteMap::explain(const RouteQuery& query, std::uint32_t hop_limit) const {
    RouteExplanation result;
    RouteInput input;
    input.source = number_of(query.source);
    input.outbound = is_consumer(input.source);
    input.to = query.to;
    input.found = book_.find(query.to);
    input.protocol = protocols_.find(query.protocol_id);
    input.connection_id = query.connection_id;
    result.outbound = input.outbound;
    if (query.hops >= hop_limit) {
        result.reason = PATCHBAY_REASON_HOP_LIMIT;
        note(&result.steps, "hops", true,
             "it passed through " + std::to_string(query.hops) + " connections");
        return result;
    }
    const auto allows = [&](std::uint32_t number) {
        return number == 0 || places_[number] == 0 ||
               policies_[places_[number] - 1].allows(input.protocol);
    };
    if (!allows(input.source)) {
        result.reason = PATCHBAY_REASON_PROTOCOL_REFUSED;
        note(&result.steps, "protocols", true, query.source + " may not deliver that protocol");
        return result;
    }
    const Route route = resolve(input, &result.steps);
    result.reason = route.reason;
    std::vector<LaneRef> all = route.all != nullptr ? *route.all : std::vector<LaneRef>{};
    if (all.empty() && route.to != 0) {
        all.push_back(route.to);
    }
    for (const LaneRef ref : all) {
        const RoutingInstance* destination = instance(instance_of(ref));
        if (destination == nullptr || !destination->reachable) {
            result.reason = PATCHBAY_REASON_NOT_CONNECTED;
        } else if (!allows(destination->number)) {
            result.reason = PATCHBAY_REASON_PROTOCOL_REFUSED;
            note(&result.steps, "protocols", true, destination->name + " refuses that protocol");
        } else {
            result.destinations.push_back(destination->name);
        }
    }
    return result;
}

RouteExplanation explain_route(const RoutingTable& table,
                               const std::vector<RoutingInstance>& instances,
                               const RouteQuery& query, std::uint32_t hop_limit) {
    AddressBook book(0);
    ProtocolTable protocols(64);
    for (const RoutingInstance& instance : instances) {
        book.set_fixed(instance.component_id, lane_ref(instance.number, lane_ref_component));
    }
    const auto agents = std::make_unique<AgentNames>();
    const RouteMap map(table, instances, {}, book, protocols, *agents);
    protocols.number(query.protocol_id, true);
    return map.explain(query, hop_limit);
}

}  // namespace patchbay::multiplexer
