// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::openapi {
namespace {

constexpr bool on_the_spot = true;

SchemaReference reference(std::size_t from, std::size_t to, bool spot, std::size_t levels = 0,
                          std::size_t depth = 0) {
    return {from,
            to,
            spot,
            levels,
            depth,
            "#/" + std::to_string(to),
            {static_cast<std::uint32_t>(from + 1), 1}};
}

std::string problems(const SchemaGraph& graph, std::size_t schemas) {
    Problems problems("file");
    graph.check(schemas, problems);
    return problems.empty() ? "" : to_string(problems.error());
}

TEST(OpenapiSchemaGraph, CirclesThroughPartsAreFine) {
    SchemaGraph graph;
    graph.add(reference(0, 1, on_the_spot));
    graph.add(reference(1, 0, !on_the_spot));
    EXPECT_EQ(problems(graph, 2), "");
}

TEST(OpenapiSchemaGraph, CirclesOnTheSpotAreToldAsAWhole) {
    SchemaGraph graph;
    graph.add(reference(0, 1, on_the_spot));
    graph.add(reference(1, 2, on_the_spot));
    graph.add(reference(2, 1, on_the_spot));
    EXPECT_EQ(problems(graph, 3),
              "file:2:1: this schema refers to itself without going into a property or an item, so "
              "it would never end: #/2 -> #/1 -> #/2 [openapi.reference]");
    SchemaGraph self;
    self.add(reference(0, 0, on_the_spot));
    EXPECT_NE(problems(self, 1).find("never end: #/0 -> #/0"), std::string::npos);
}

TEST(OpenapiSchemaGraph, LevelsOnOneValueAreBounded) {
    SchemaGraph chain;
    for (std::size_t i = 0; i < max_levels; ++i) {
        chain.add(reference(i, i + 1, on_the_spot, 1));
    }
    EXPECT_EQ(problems(chain, max_levels + 1), "");
    chain.add(reference(max_levels + 1, 0, !on_the_spot, 1));
    EXPECT_NE(problems(chain, max_levels + 2).find("[openapi.depth]"), std::string::npos);
}

TEST(OpenapiSchemaGraph, TheNumberOfSchemasOnOneValueIsBounded) {
    SchemaGraph doubling;
    for (std::size_t i = 0; i < 20; ++i) {
        doubling.count_on_the_spot(i);
        doubling.add(reference(i, i + 1, on_the_spot));
        doubling.add(reference(i, i + 1, on_the_spot));
    }
    doubling.count_on_the_spot(20);
    EXPECT_NE(problems(doubling, 21).find("more than 10000 schemas apply to one value"),
              std::string::npos);
}

TEST(OpenapiSchemaGraph, CirclesAreBounded) {
    SchemaGraph circle;
    for (std::size_t i = 0; i < 200; ++i) {
        circle.add(reference(i, (i + 1) % 200, !on_the_spot, 0, 4));
    }
    EXPECT_EQ(problems(circle, 200), "");
    SchemaGraph large;
    for (std::size_t i = 0; i < 400; ++i) {
        large.add(reference(i, (i + 1) % 400, !on_the_spot, 0, 4));
    }
    EXPECT_NE(problems(large, 400).find("too many schemas refer to each other in circles"),
              std::string::npos);
}

TEST(OpenapiSchemaGraph, WhatIsReferredToComesFirst) {
    SchemaGraph graph;
    graph.add(reference(0, 3, on_the_spot));
    graph.add(reference(3, 1, !on_the_spot));
    graph.add(reference(1, 2, !on_the_spot));
    const auto order = graph.dependencies_first(4);
    const auto at = [&order](std::size_t schema) {
        return std::find(order.begin(), order.end(), schema) - order.begin();
    };
    EXPECT_EQ(order.size(), 4U);
    EXPECT_LT(at(2), at(1));
    EXPECT_LT(at(1), at(3));
    EXPECT_LT(at(3), at(0));
}

}  // namespace
}  // namespace patchbay::openapi
