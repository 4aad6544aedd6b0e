// SPDX-License-Identifier: Apache-2.0
#include "app/routing_view.hpp"

namespace patchbay::app {

namespace {

std::vector<std::string> ids_of(const std::vector<config::Reference>& references) {
    std::vector<std::string> ids;
    ids.reserve(references.size());
    for (const config::Reference& reference : references) {
        ids.push_back(reference.id);
    }
    return ids;
}

}  // namespace

multiplexer::RoutingTable routing_table(const config::HostConfiguration& configuration) {
    multiplexer::RoutingTable table;
    for (const config::InboundRoute& route : configuration.inbound) {
        table.inbound.push_back(
            {route.protocol, route.source, route.address, ids_of(route.to), route.agent});
    }
    for (const config::DefaultRoute& route : configuration.default_routing) {
        table.default_routing[route.protocol] = route.connection;
    }
    if (configuration.default_connection) {
        table.default_connection = configuration.default_connection->id;
    }
    return table;
}

std::vector<multiplexer::RoutingInstance> routing_instances(const plugins::Plan& plan) {
    std::vector<multiplexer::RoutingInstance> instances;
    std::uint32_t number = 0;
    for (const plugins::InstancePlan& plan_entry : plan.instances) {
        ++number;
        if (plan_entry.is_abstract) {
            continue;
        }
        multiplexer::RoutingInstance instance;
        instance.number = number;
        instance.name = plan_entry.name;
        instance.component_id = plan_entry.component_id;
        if (plan_entry.manifest) {
            instance.excluded_protocols = ids_of(plan_entry.manifest->excluded_protocols);
            instance.restricted_to_protocols = ids_of(plan_entry.manifest->restricted_to_protocols);
        }
        instance.consumer = plan_entry.consumer;
        instances.push_back(std::move(instance));
    }
    return instances;
}

}  // namespace patchbay::app
