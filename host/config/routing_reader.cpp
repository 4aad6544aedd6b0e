// SPDX-License-Identifier: Apache-2.0
#include "config/routing_reader.hpp"

#include "config/identifier_rules.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::config {
namespace {

/// An instance name or a public id; problems are reported at `value`.
bool is_target(MapReader& reader, const Value& value, const std::string& path) {
    if (value.is_string() &&
        (!simple_id_problem(value.string()) || !public_id_problem(value.string()))) {
        return true;
    }
    reader.wrong_type(value, path,
                      "the name of an instance or a public id (`author/name:version`)");
    return false;
}

void read_protocol(MapReader& reader, InboundRoute& route) {
    reader.read("protocol", route.protocol);
    const Value* value = reader.member("protocol");
    if (value == nullptr || !value->is_string()) {
        return;
    }
    if (const auto problem = public_id_problem(value->string())) {
        reader.problem(value->location(), "config.bad_public_id",
                       '`' + reader.path_of("protocol") + "` " + *problem + ", but is " +
                           shown(*value, "protocol"));
    }
}

void read_targets(MapReader& reader, InboundRoute& route) {
    const Value* to = reader.member("to");
    const Value* agent = reader.member("agent");
    reader.read("agent", route.agent);
    if ((to == nullptr) == (agent == nullptr)) {
        reader.problem(reader.value().location(), "config.missing_key",
                       '`' + reader.path_of("to") +
                           "` (instances) or `agent` (one agent) must say "
                           "where the envelopes go, and only one of them");
        return;
    }
    if (agent != nullptr) {
        if (agent->is_string() && agent->string().empty()) {
            reader.wrong_type(*agent, reader.path_of("agent"), "the address of an agent");
        }
        return;
    }
    const Value::List one{*to};
    const Value::List& targets = to->is_list() ? to->list() : one;
    if (targets.empty()) {
        reader.wrong_type(*to, reader.path_of("to"), "one instance or several, not an empty list");
    }
    for (const Value& target : targets) {
        if (!is_target(reader, target, reader.path_of("to"))) {
            continue;
        }
        const bool known = std::any_of(
            route.to.begin(), route.to.end(),
            [&target](const Reference& earlier) { return earlier.id == target.string(); });
        if (known) {
            reader.problem(target.location(), "config.duplicate",
                           '`' + target.string() + "` stands in this route twice");
            continue;
        }
        route.to.push_back(Reference{target.string(), target.location()});
    }
}

}  // namespace

void read_routing(MapReader& file, HostConfiguration& host, Problems& problems) {
    if (const Value* routes = file.member("default_routing")) {
        MapReader reader(*routes, "default_routing", problems);
        for (std::size_t at = 0; reader.is_map() && at < routes->map().size(); ++at) {
            const Member& member = routes->map()[at];
            if (const auto problem = public_id_problem(member.key)) {
                reader.problem(member.key_location, "config.bad_public_id",
                               "the key `" + reader.path_of(member.key) + "` " + *problem);
            }
            if (is_target(reader, member.value, reader.path_of(member.key))) {
                host.default_routing.push_back(
                    DefaultRoute{member.key, member.value.string(), member.value.location()});
            }
        }
    }
    const Value* connection = file.member("default_connection");
    // Upstream's `aea create` writes null.
    if (connection != nullptr && !connection->is_null() &&
        is_target(file, *connection, "default_connection")) {
        host.default_connection = Reference{connection->string(), connection->location()};
    }
    const Value::List& inbound = file.items("inbound");
    for (std::size_t at = 0; at < inbound.size(); ++at) {
        MapReader reader(inbound[at], "inbound[" + std::to_string(at) + ']', problems);
        if (!reader.is_map()) {
            continue;
        }
        InboundRoute route;
        route.location = inbound[at].location();
        read_protocol(reader, route);
        if (const Value* source = reader.member("source")) {
            route.source_location = source->location();
            if (is_target(reader, *source, reader.path_of("source"))) {
                route.source = source->string();
            }
        }
        reader.read("address", route.address);
        read_targets(reader, route);
        reader.finish();
        host.inbound.push_back(std::move(route));
    }
}

}  // namespace patchbay::config
