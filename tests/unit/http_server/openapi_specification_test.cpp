// SPDX-License-Identifier: Apache-2.0
#include "openapi_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace patchbay::openapi {
namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(OpenapiSpecification, EveryProblemOfABrokenFileIsToldWithItsPlace) {
    const std::filesystem::path folder = data_file("broken");
    const std::string prefix = folder.string() + '/';
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".txt") {
            continue;
        }
        ++files;
        const auto loaded = Specification::load(entry.path().string());
        ASSERT_FALSE(loaded) << entry.path();
        EXPECT_EQ(loaded.error().error_class, ErrorClass::invalid);
        EXPECT_EQ(loaded.error().location.file, entry.path().string());
        std::string text = to_string(loaded.error()) + '\n';
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
            text.erase(at, prefix.size());
        }
        std::filesystem::path expected = entry.path();
        EXPECT_EQ(text, content_of(expected.replace_extension(".txt"))) << entry.path();
    }
    EXPECT_GE(files, 10);
}

TEST(OpenapiSpecification, AMissingFileIsNamed) {
    const auto loaded = Specification::load("/nowhere/api.yaml");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, "openapi.file");
    EXPECT_NE(loaded.error().message.find("/nowhere/api.yaml"), std::string::npos);
}

TEST(OpenapiSpecification, SaysHowMuchItDescribes) {
    const Specification pets = data_specification("petstore-3.0.yaml");
    EXPECT_EQ(pets.paths(), 5U);
    EXPECT_EQ(pets.operations(), 8U);
}

TEST(OpenapiSpecification, AFileOfJsonIsTheSame) {
    const auto loaded = Specification::parse(
        R"({"openapi":"3.1.0","info":{"title":"\ud83d\ude00","version":"1"},"paths":{"/a":{"get":{}}}})",
        "api.json");
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    EXPECT_TRUE(get("/a").check(*loaded).is_valid());
}

TEST(OpenapiSpecification, WhatRequestsHaveNothingToDoWithIsNotLookedAt) {
    const Specification loose = specification("3.0.3", R"(
tags: anything
security: [{key: []}]
paths:
  x-extension: {}
  /a:
    get:
      tags: [a]
      callbacks: {x: {y: {}}}
      responses:
        "200": {content: {application/json: {schema: {unevaluatedProperties: 1}}}}
    post:
      requestBody:
        content:
          multipart/form-data: {schema: {type: nonsense}}
          application/xml: {schema: {type: nonsense}}
components:
  schemas:
    Unused: {type: nonsense, $ref: other.yaml}
)");
    EXPECT_TRUE(get("/a").check(loose).is_valid());
}

TEST(OpenapiSpecification, VersionsOtherThan30And31AreRefused) {
    for (const char* version : {"2.0", "3.2.0", "\"3.0\"", "4.0.0", "[]"}) {
        const auto parsed = Specification::parse(
            "openapi: " + std::string(version) + "\ninfo: {}\npaths: {}\n", "api.yaml");
        ASSERT_FALSE(parsed) << version;
        EXPECT_EQ(parsed.error().code, "openapi.version") << version;
    }
    EXPECT_TRUE(Specification::parse("openapi: 3.1.0\ninfo: {}\n", "api.yaml"))
        << "3.1 needs no paths";
    EXPECT_FALSE(Specification::parse("openapi: 3.0.0\ninfo: {}\n", "api.yaml"));
}

TEST(OpenapiSpecification, TheFilesBoundsHold) {
    LoadOptions options;
    options.limits.file_nodes = 10;
    const auto parsed = Specification::parse(
        "openapi: 3.1.0\ninfo: {a: 1, b: 2, c: 3, d: 4, e: 5}\n", "api.yaml", options);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, "openapi.yaml");
    options = {};
    options.limits.file_bytes = 10;
    EXPECT_EQ(Specification::load(data_file("petstore-3.0.yaml"), options).error().code,
              "openapi.file");
}

TEST(OpenapiSpecification, RingsOfSchemasNeedNoDeepStack) {
    std::string paths =
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: "
        "'#/components/schemas/S0'}}}}}}}\ncomponents:\n  schemas:\n";
    constexpr int ring = 100;
    for (int i = 0; i < ring; ++i) {
        paths += "    S" + std::to_string(i) +
                 ": {properties: {p: {anyOf: [{type: string}, {$ref: " + "'#/components/schemas/S" +
                 std::to_string((i + 1) % ring) + "'}]}}}\n";
    }
    const Specification rings = specification("3.0.3", paths);
    EXPECT_TRUE(post_json("/a", R"({"p":{"p":{"p":"x"}}})").check(rings).is_valid());
}

TEST(OpenapiSpecification, ALongChainOfSchemasIsCompiled) {
    std::string paths =
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: "
        "'#/components/schemas/S0'}}}}}}}\ncomponents:\n  schemas:\n";
    constexpr int length = 5000;
    for (int i = 0; i < length; ++i) {
        paths += "    S" + std::to_string(i) + ": {properties: {p: {$ref: '#/components/schemas/S" +
                 std::to_string(i + 1) + "'}}}\n";
    }
    paths += "    S5000: {type: string}\n";
    const Specification chain = specification("3.0.3", paths);
    EXPECT_TRUE(post_json("/a", R"({"p":{"p":{"p":{}}}})").check(chain).is_valid());
}

TEST(OpenapiSpecification, SeveralThreadsMayCheckAtOnce) {
    const Specification pets = data_specification("petstore-3.0.yaml");
    const Specification orders = data_specification("orders-3.1.yaml");
    std::vector<int> wrong(4, 0);
    std::vector<std::thread> threads;
    for (int& count : wrong) {
        threads.emplace_back([&pets, &orders, &count] {
            for (int i = 0; i < 300; ++i) {
                count +=
                    get("/pets?limit=5", {{"Cookie", "session=0011aabb"}}).check(pets).is_valid()
                        ? 0
                        : 1;
                count +=
                    post_json("/pets", R"({"name":""})").check(pets).precise_status == 422 ? 0 : 1;
                count +=
                    post_json("/rules", R"({"n_a":1,"x_s":"t"})").check(orders).is_valid() ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(std::count(wrong.begin(), wrong.end(), 0), 4);
}

}  // namespace
}  // namespace patchbay::openapi
