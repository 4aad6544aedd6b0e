// SPDX-License-Identifier: Apache-2.0
/// \file
/// Order and cycles of a graph of numbered nodes. Nodes are numbered in the order of their names,
/// so that the smaller number wins every tie and the same graph always gives the same answer. No
/// recursion: ten thousand plugins in a row do not end in a stack overflow.
#pragma once

#include <cstddef>
#include <vector>

namespace patchbay::plugins {

/// `graph[i]` holds the nodes that node i depends on, each a number below `graph.size()`.
using DependencyGraph = std::vector<std::vector<std::size_t>>;

/// Dependencies first; the smallest number among those that could come next. Nodes that are in a
/// cycle, or depend on one that is, are left out.
[[nodiscard]] std::vector<std::size_t> dependency_order(const DependencyGraph& graph);

/// Cycles, each as its nodes in the order of the edges, starting with its smallest node: one
/// shortest cycle through every node that is in any, without repeating nodes of cycles already
/// named; at most `limit`.
[[nodiscard]] std::vector<std::vector<std::size_t>> dependency_cycles(const DependencyGraph& graph,
                                                                      std::size_t limit);

/// For every node the number of its strongly connected component.
[[nodiscard]] std::vector<std::size_t> strong_components(const DependencyGraph& graph);

}  // namespace patchbay::plugins
