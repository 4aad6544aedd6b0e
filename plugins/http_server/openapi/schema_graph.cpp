// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_graph.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>

namespace patchbay::openapi {
namespace {

// valijson compiles what refers to each other in circles recursively: measured, a schema within a
// schema takes 2.5 KiB of stack.
constexpr std::size_t max_depth_of_circles = 1500;
// Those of `allOf` are not counted when a request is checked.
constexpr std::uint64_t max_on_the_spot = 10'000;

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

Graph graph_of(const std::vector<SchemaReference>& references, std::size_t schemas) {
    Graph graph(schemas);
    for (const SchemaReference& reference : references) {
        boost::add_edge(reference.from, reference.to, graph);
    }
    return graph;
}

/// Schemas that reach each other have the same component. A component's number is greater than
/// those of all that it reaches.
std::vector<std::size_t> components_of(const Graph& graph) {
    std::vector<std::size_t> components(boost::num_vertices(graph));
    boost::strong_components(
        graph, boost::make_iterator_property_map(components.begin(),
                                                 boost::get(boost::vertex_index, graph)));
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
    check_levels(components, on_the_spot, problems);
    check_circles(schemas, problems);
}

void SchemaGraph::check_levels(const std::vector<std::size_t>& components,
                               const std::vector<SchemaReference>& on_the_spot,
                               Problems& problems) const {
    // There are no circles, so each schema is a component; what it refers to has a smaller number.
    std::vector<const SchemaReference*> order;
    for (const SchemaReference& reference : on_the_spot) {
        order.push_back(&reference);
    }
    std::sort(order.begin(), order.end(),
              [&](const SchemaReference* left, const SchemaReference* right) {
                  return components[left->from] < components[right->from];
              });
    std::map<std::size_t, std::size_t> levels;
    std::map<std::size_t, std::uint64_t> counts = counts_;
    for (const SchemaReference* reference : order) {
        const std::size_t nested = reference->levels + levels[reference->to];
        levels[reference->from] = std::max(levels[reference->from], nested);
        std::uint64_t& count = counts[reference->from];
        count = std::min(count + counts[reference->to], max_on_the_spot + 1);
        if (count > max_on_the_spot) {
            problems.add(reference->place, "openapi.depth",
                         "more than " + std::to_string(max_on_the_spot) +
                             " schemas apply to one value through each other");
            return;
        }
    }
    for (const SchemaReference& reference : references_) {
        if (reference.levels + levels[reference.to] > max_levels) {
            problems.add(reference.place, "openapi.depth",
                         "from here on more than " + std::to_string(max_levels) +
                             " schemas apply to one value through each other");
        }
    }
}

void SchemaGraph::check_circles(std::size_t schemas, Problems& problems) const {
    const std::vector<std::size_t> components = components_of(graph_of(references_, schemas));
    std::vector<std::size_t> depths(schemas, 0);
    for (const SchemaReference& reference : references_) {
        if (components[reference.from] == components[reference.to]) {
            depths[reference.from] = std::max(depths[reference.from], reference.depth + 1);
        }
    }
    std::vector<std::size_t> sums(schemas, 0);
    for (std::size_t i = 0; i < schemas; ++i) {
        sums[components[i]] += depths[i];
    }
    for (const SchemaReference& reference : references_) {
        if (sums[components[reference.from]] > max_depth_of_circles) {
            problems.add(reference.place, "openapi.depth",
                         "too many schemas refer to each other in circles");
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
