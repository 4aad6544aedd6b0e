// SPDX-License-Identifier: Apache-2.0
/// \file
/// The plan as a graph: instances, dependencies and routes, in three notations.
#pragma once

#include "app/host_view.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::app {

struct GraphNode {
    std::string name;
    std::string class_id;
    plugins::PlanState state = plugins::PlanState::planned;
    bool is_abstract = false;
    bool consumer = false;
};

enum class EdgeKind : std::uint8_t {
    needs,     ///< dependency
    inbound,   ///< envelopes towards a consumer
    outbound,  ///< default routing
};

struct GraphEdge {
    std::string from;
    std::string to;
    EdgeKind kind = EdgeKind::needs;
    std::string label;
};

struct Graph {
    std::vector<GraphNode> nodes;
    std::vector<GraphEdge> edges;
};

[[nodiscard]] Graph graph_of(const HostView& view);

[[nodiscard]] std::string to_dot(const Graph& graph);
[[nodiscard]] std::string to_mermaid(const Graph& graph);
[[nodiscard]] nlohmann::ordered_json to_json(const Graph& graph);

}  // namespace patchbay::app
