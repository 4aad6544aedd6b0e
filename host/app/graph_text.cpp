// SPDX-License-Identifier: Apache-2.0
#include "app/graph_text.hpp"

#include "app/plan_output.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace patchbay::app {

namespace {

/// Stands for "whoever delivers" in routes without a source.
constexpr const char* anybody = "(any connection)";

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result;
}

class Builder {
  public:
    explicit Builder(const HostView& view) : view_(view) {}

    Graph build() {
        for (const plugins::InstancePlan* instance : all_instances(view_.plan)) {
            graph_.nodes.push_back({instance->name, instance->class_id, instance->state,
                                    instance->is_abstract, instance->consumer});
            for (const plugins::DependencyPlan& dependency : instance->dependencies) {
                const bool bound = !dependency.instance.empty();
                edge(instance->name, bound ? dependency.instance : dependency.public_id,
                     EdgeKind::needs, "");
            }
        }
        add_routes();
        return std::move(graph_);
    }

  private:
    void add_routes() {
        for (const config::InboundRoute& route : view_.configuration.inbound) {
            const std::string label = route.protocol.value_or(route.address.value_or(""));
            const std::string from = route.source ? named(*route.source) : anybody;
            for (const config::Reference& consumer : route.to) {
                edge(from, named(consumer.id), EdgeKind::inbound, label);
            }
            if (route.agent) {
                edge(from, "agent " + *route.agent, EdgeKind::inbound, label);
            }
        }
        for (const config::DefaultRoute& route : view_.configuration.default_routing) {
            edge("(consumers)", named(route.connection), EdgeKind::outbound, route.protocol);
        }
        if (view_.configuration.default_connection) {
            edge("(consumers)", named(view_.configuration.default_connection->id),
                 EdgeKind::outbound, "default");
        }
    }

    [[nodiscard]] std::string named(const std::string& target) const {
        const plugins::InstancePlan* instance = view_.plan.find(target);
        return instance != nullptr ? instance->name : target;
    }

    void edge(std::string from, std::string to, EdgeKind kind, std::string label) {
        graph_.edges.push_back({std::move(from), std::move(to), kind, std::move(label)});
    }

    const HostView& view_;
    Graph graph_;
};

/// Node names as Mermaid ids, which know only letters and digits.
std::string mermaid_id(const Graph& graph, std::vector<std::string>& others,
                       const std::string& name) {
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&name](const GraphNode& known) { return known.name == name; });
    if (node != graph.nodes.end()) {
        return "n" + std::to_string(node - graph.nodes.begin());
    }
    auto other = std::find(others.begin(), others.end(), name);
    if (other == others.end()) {
        other = others.insert(others.end(), name);
    }
    return "x" + std::to_string(other - others.begin());
}

const char* edge_text(EdgeKind kind) {
    switch (kind) {
        case EdgeKind::needs:
            return "needs";
        case EdgeKind::inbound:
            return "inbound";
        case EdgeKind::outbound:
            break;
    }
    return "outbound";
}

}  // namespace

Graph graph_of(const HostView& view) {
    return Builder(view).build();
}

std::string to_dot(const Graph& graph) {
    std::string text = "digraph patchbay {\n    rankdir=LR;\n    node [shape=box];\n";
    for (const GraphNode& node : graph.nodes) {
        text += "    \"" + escaped(node.name) + "\" [label=\"" + escaped(node.name) + "\\n" +
                escaped(node.class_id) + '"';
        if (node.is_abstract) {
            text += ", style=dashed";
        }
        if (node.state != plugins::PlanState::planned) {
            text += node.state == plugins::PlanState::failed ? ", color=red" : ", color=gray";
        }
        text += "];\n";
    }
    for (const GraphEdge& edge : graph.edges) {
        text += "    \"" + escaped(edge.from) + "\" -> \"" + escaped(edge.to) + '"';
        if (edge.kind == EdgeKind::needs) {
            text += " [label=\"needs\"]";
        } else {
            text += " [style=dashed, label=\"" + escaped(edge.label) + "\"]";
        }
        text += ";\n";
    }
    return text + "}\n";
}

std::string to_mermaid(const Graph& graph) {
    std::string text = "flowchart LR\n";
    std::vector<std::string> others;
    std::string edges;
    for (const GraphEdge& edge : graph.edges) {
        edges += "    " + mermaid_id(graph, others, edge.from);
        if (edge.kind == EdgeKind::needs) {
            edges += " -->|needs| ";
        } else if (edge.label.empty()) {
            edges += " -.-> ";
        } else {
            edges += " -.->|\"" + edge.label + "\"| ";
        }
        edges += mermaid_id(graph, others, edge.to) + '\n';
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const GraphNode& node = graph.nodes[i];
        text += "    n" + std::to_string(i) + "[\"" + node.name + "<br>" + node.class_id + "\"]\n";
        if (node.state == plugins::PlanState::failed) {
            text += "    style n" + std::to_string(i) + " stroke:red\n";
        }
    }
    for (std::size_t i = 0; i < others.size(); ++i) {
        text += "    x" + std::to_string(i) + "(\"" + others[i] + "\")\n";
    }
    return text + edges;
}

nlohmann::ordered_json to_json(const Graph& graph) {
    nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
    for (const GraphNode& node : graph.nodes) {
        nodes.push_back({{"name", node.name},
                         {"class_id", node.class_id},
                         {"state", to_string(node.state)},
                         {"is_abstract", node.is_abstract},
                         {"consumer", node.consumer}});
    }
    nlohmann::ordered_json edges = nlohmann::ordered_json::array();
    for (const GraphEdge& edge : graph.edges) {
        edges.push_back({{"from", edge.from},
                         {"to", edge.to},
                         {"kind", edge_text(edge.kind)},
                         {"label", edge.label}});
    }
    return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

}  // namespace patchbay::app
