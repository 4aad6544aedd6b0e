// SPDX-License-Identifier: Apache-2.0
#include "plugins/dependency_graph.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace patchbay::plugins {

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// Shortest way from `start` back to it inside its component; empty when there is none.
std::vector<std::size_t> cycle_through(const DependencyGraph& graph,
                                       const std::vector<std::size_t>& component, std::size_t start,
                                       std::vector<std::size_t>& came_from,
                                       std::vector<std::size_t>& touched) {
    std::queue<std::size_t> waiting;
    waiting.push(start);
    std::vector<std::size_t> path;
    while (!waiting.empty() && path.empty()) {
        const std::size_t node = waiting.front();
        waiting.pop();
        for (const std::size_t next : graph[node]) {
            if (next == start) {
                for (std::size_t at = node; at != start; at = came_from[at]) {
                    path.push_back(at);
                }
                path.push_back(start);
                std::reverse(path.begin(), path.end());
                break;
            }
            if (component[next] == component[start] && came_from[next] == none) {
                came_from[next] = node;
                touched.push_back(next);
                waiting.push(next);
            }
        }
    }
    for (const std::size_t node : touched) {
        came_from[node] = none;
    }
    touched.clear();
    return path;
}

}  // namespace

std::vector<std::size_t> dependency_order(const DependencyGraph& graph) {
    std::vector<std::size_t> open(graph.size());
    std::vector<std::vector<std::size_t>> dependents(graph.size());
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t node = 0; node < graph.size(); ++node) {
        open[node] = graph[node].size();
        for (const std::size_t dependency : graph[node]) {
            dependents[dependency].push_back(node);
        }
        if (open[node] == 0) {
            ready.push(node);
        }
    }
    std::vector<std::size_t> order;
    order.reserve(graph.size());
    while (!ready.empty()) {
        const std::size_t node = ready.top();
        ready.pop();
        order.push_back(node);
        for (const std::size_t dependent : dependents[node]) {
            if (--open[dependent] == 0) {
                ready.push(dependent);
            }
        }
    }
    return order;
}

std::vector<std::size_t> strong_components(const DependencyGraph& graph) {
    // Tarjan's algorithm with its call stack made explicit.
    struct Frame {
        std::size_t node;
        std::size_t next_edge;
    };
    std::vector<std::size_t> index(graph.size(), none);
    std::vector<std::size_t> low(graph.size(), 0);
    std::vector<std::size_t> component(graph.size(), none);
    std::vector<std::size_t> unassigned;
    std::vector<Frame> frames;
    std::size_t next_index = 0;
    std::size_t next_component = 0;
    for (std::size_t root = 0; root < graph.size(); ++root) {
        if (index[root] != none) {
            continue;
        }
        frames.push_back({root, 0});
        while (!frames.empty()) {
            const std::size_t node = frames.back().node;
            if (frames.back().next_edge == 0) {
                index[node] = low[node] = next_index++;
                unassigned.push_back(node);
            }
            if (frames.back().next_edge < graph[node].size()) {
                const std::size_t next = graph[node][frames.back().next_edge++];
                if (index[next] == none) {
                    frames.push_back({next, 0});
                } else if (component[next] == none) {
                    low[node] = std::min(low[node], index[next]);
                }
                continue;
            }
            frames.pop_back();
            if (!frames.empty()) {
                low[frames.back().node] = std::min(low[frames.back().node], low[node]);
            }
            if (low[node] == index[node]) {
                std::size_t member = none;
                while (member != node) {
                    member = unassigned.back();
                    unassigned.pop_back();
                    component[member] = next_component;
                }
                ++next_component;
            }
        }
    }
    return component;
}

std::vector<std::vector<std::size_t>> dependency_cycles(const DependencyGraph& graph,
                                                        std::size_t limit) {
    const std::vector<std::size_t> component = strong_components(graph);
    std::vector<std::size_t> members(graph.size(), 0);
    for (const std::size_t number : component) {
        ++members[number];
    }
    std::vector<std::size_t> came_from(graph.size(), none);
    std::vector<std::size_t> touched;
    std::vector<bool> named(graph.size(), false);
    std::vector<std::vector<std::size_t>> cycles;
    for (std::size_t node = 0; node < graph.size() && cycles.size() < limit; ++node) {
        const bool on_itself =
            std::find(graph[node].begin(), graph[node].end(), node) != graph[node].end();
        if (named[node] || (members[component[node]] < 2 && !on_itself)) {
            continue;
        }
        std::vector<std::size_t> cycle = cycle_through(graph, component, node, came_from, touched);
        for (const std::size_t member : cycle) {
            named[member] = true;
        }
        std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
        cycles.push_back(std::move(cycle));
    }
    return cycles;
}

}  // namespace patchbay::plugins
