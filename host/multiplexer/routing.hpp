// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where envelopes go, as a value: the part of the host configuration that decides it, and the
/// explanation of a decision. Nothing here needs a running instance, so that `patchbay
/// explain-route` answers with the code that the running host uses.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::multiplexer {

/// One inbound route. Every matcher that is present must hold; one without matchers takes all.
/// Instances are named by instance name or public id (with any version when none fits exactly).
struct InboundRoute {
    std::optional<std::string> protocol{};
    /// Instance that delivered the envelope.
    std::optional<std::string> source{};
    /// The envelope's `to`, compared exactly.
    std::optional<std::string> address{};
    /// Consumers, each of which gets the envelope; empty when `agent` is given.
    std::vector<std::string> to{};
    /// Agent who gets it instead: looked up in the directory, else the resident agent of that
    /// address.
    std::optional<std::string> agent{};
};

struct RoutingTable {
    /// First match counts.
    std::vector<InboundRoute> inbound;
    /// Protocol id to instance.
    std::map<std::string, std::string> default_routing;
    /// Instance; empty when there is none.
    std::string default_connection;
    /// Address of the resident agent; only compared with `agent` of inbound routes.
    std::string resident_agent;
};

/// An instance as far as routing decisions need it.
struct RoutingInstance {
    std::uint32_t number = 0;
    std::string name{};
    std::string component_id{};
    std::vector<std::string> excluded_protocols{};
    std::vector<std::string> restricted_to_protocols{};
    /// Delivers by the outbound rules; set for those that an inbound route names anyway.
    bool consumer = false;
    bool resident_agent = false;
    /// False: what is meant for it becomes a dead letter.
    bool reachable = true;
};

/// An envelope to explain.
struct RouteQuery {
    std::string to{};
    std::string sender{};
    std::string protocol_id{};
    /// The context's connection id.
    std::string connection_id{};
    /// Name or public id of the instance that delivers it; empty: some connection outside.
    std::string source{};
    std::uint32_t hops = 0;
};

/// One rule that was considered.
struct RouteStep {
    /// "component", "directory", "inbound[2]", "inbox", "context", "learned", "default_routing",
    /// "default_connection", "protocols", "hops".
    std::string rule;
    bool matched = false;
    /// What it said, for people.
    std::string text;
};

struct RouteExplanation {
    bool outbound = false;
    std::vector<RouteStep> steps;
    /// Names of the instances that get it.
    std::vector<std::string> destinations;
    /// PATCHBAY_REASON_* when it would become a dead letter (or part of it).
    std::uint32_t reason = 0;
};

/// Explains a decision without a running host: no directory, no learned routes.
[[nodiscard]] RouteExplanation explain_route(const RoutingTable& table,
                                             const std::vector<RoutingInstance>& instances,
                                             const RouteQuery& query, std::uint32_t hop_limit = 16);

}  // namespace patchbay::multiplexer
