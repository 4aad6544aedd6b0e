// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_graph.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

#include <algorithm>
#include <map>
#include <numeric>

namespace patchbay::openapi {
namespace {

// Measured: a level of validation takes less than 2 KiB of stack, and one of compiling a schema less
// than 4 KiB, without sanitizers.
constexpr std::size_t max_levels_on_the_spot = 32;
constexpr std::size_t max_mutual = 500;

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Graph graph_of(const std::vector<SchemaReference>& references, std::size_t schemas) {
    Graph graph(schemas);
    for (const SchemaReference& reference : references) {
        boost::add_edge(reference.from, reference.to, graph);
    }
    return graph;
}

/// Schemas that reach each other have the same component. A component's number is greater than those
/// of all that it reaches.
std::vector<std::size_t> components_of(const Graph& graph) {
    std::vector<std::size_t> components(boost::num_vertices(graph));
    boost::strong_components(graph, boost::make_iterator_property_map(
                                        components.begin(), boost::get(boost::vertex_index, graph)));
    return components;
}

/// "#/a -> #/b -> #/a": a way of references that stay in their component, from `start` until it
/// meets itself.
std::string cycle_from(const SchemaReference& start,
                       const std::multimap<std::size_t, const SchemaReference*>& by_origin,
                       const std::vector<std::size_t>& components) {
    std::string text;
    std::vector<std::size_t> seen;
    const SchemaReference* step = &start;
    while (std::find(seen.begin(), seen.end(), step->to) == seen.end()) {
        seen.push_back(step->to);
        text += step->reference + " -> ";
        const auto [first, last] = by_origin.equal_range(step->to);
        const auto next = std::find_if(first, last, [&](const auto& entry) {
            return components[entry.second->to] == components[start.to];
        });
        step = next->second;
    }
    return text + step->reference;
}

}  // namespace

void SchemaGraph::check(std::size_t schemas, Problems& problems) const {
    std::vector<SchemaReference> on_the_spot;
    std::copy_if(references_.begin(), references_.end(), std::back_inserter(on_the_spot),
                 [](const SchemaReference& reference) { return reference.on_the_spot; });
    std::multimap<std::size_t, const SchemaReference*> by_origin;
    for (const SchemaReference& reference : on_the_spot) {
            by_origin.emplace(reference.from, &reference);
    }
    const std::vector<std::size_t> components = components_of(graph_of(on_the_spot, schemas));
    std::map<std::size_t, bool> told;
    for (const auto& [origin, reference] : by_origin) {
        if (components[origin] == components[reference->to] &&
            !std::exchange(told[components[origin]], true)) {
            problems.add(reference->place, "openapi.reference",
                         "this schema refers to itself without going into a property or an item, "
                         "so it would never end: " +
                             cycle_from(*reference, by_origin, components));
        }
    }
    if (!told.empty()) {
        return;
    }
    check_mutual(schemas, problems);
    // How many levels each schema nests on the spot; what it refers to is known before it.
    std::vector<std::size_t> order(schemas);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t left, std::size_t right) { return components[left] < components[right]; });
    std::vector<std::size_t> levels(schemas, 0);
    for (const std::size_t schema : order) {
        const auto [first, last] = by_origin.equal_range(schema);
        for (auto entry = first; entry != last; ++entry) {
            levels[schema] = std::max(levels[schema], entry->second->levels + 1 +
                                                          levels[entry->second->to]);
        }
    }
    for (const SchemaReference& reference : references_) {
        if (reference.levels + levels[reference.to] > max_levels_on_the_spot) {
            problems.add(reference.place, "openapi.depth",
                         "here more than " + std::to_string(max_levels_on_the_spot) +
                             " schemas apply to one value through each other (`allOf` and the like)");
        }
    }
}

void SchemaGraph::check_mutual(std::size_t schemas, Problems& problems) const {
    const std::vector<std::size_t> components = components_of(graph_of(references_, schemas));
    std::vector<std::size_t> sizes(schemas, 0);
    for (const std::size_t component : components) {
        ++sizes[component];
    }
    for (const SchemaReference& reference : references_) {
        if (sizes[components[reference.from]] > max_mutual) {
            problems.add(reference.place, "openapi.depth",
                         "more than " + std::to_string(max_mutual) +
                             " schemas refer to each other in circles");
            return;
        }
    }
}

std::vector<std::size_t> SchemaGraph::dependencies_first(std::size_t schemas) const {
    const std::vector<std::size_t> components = components_of(graph_of(references_, schemas));
    std::vector<std::size_t> order(schemas);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        return components[left] < components[right];
    });
    return order;
}

}  // namespace patchbay::openapi
