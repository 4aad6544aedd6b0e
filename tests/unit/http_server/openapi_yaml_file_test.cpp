// SPDX-License-Identifier: Apache-2.0
#include "../temporary_folder.hpp"
#include "openapi/yaml_file.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace patchbay::openapi {
namespace {

nlohmann::json content(std::string_view text) {
    Problems problems("file");
    const auto node = read_yaml(text, Limits(), problems);
    EXPECT_TRUE(problems.empty()) << to_string(problems.error());
    return node ? to_json(*node) : nlohmann::json("nothing");
}

/// The problems of a text: "file:line:column: message [code]" each.
std::string problems_of(std::string_view text, const Limits& limits = {}) {
    Problems problems("file");
    static_cast<void>(read_yaml(text, limits, problems));
    return problems.empty() ? "" : to_string(problems.error());
}

TEST(OpenapiYamlFile, EveryNodeKnowsItsPlace) {
    Problems problems("file");
    const auto node = read_yaml("a:\n  - 1\n  - {b: ä, c: x}\nd:\n", Limits(), problems);
    ASSERT_TRUE(node);
    EXPECT_EQ(node->place(), (Place{1, 1}));
    const Node& list = *node->find("a");
    EXPECT_EQ(list.list()[0].place(), (Place{2, 5}));
    EXPECT_EQ(list.list()[1].find("b")->place(), (Place{3, 9}));
    EXPECT_EQ(list.list()[1].find("c")->place(), (Place{3, 15}));
    EXPECT_EQ(list.list()[1].map()[1].key_place, (Place{3, 12}));
    EXPECT_EQ(node->find("d")->place(), (Place{4, 1}));
    EXPECT_TRUE(node->find("d")->is_null());
}

TEST(OpenapiYamlFile, KeysAreTextWhateverTheyLookLike) {
    EXPECT_EQ(content("200: a\ntrue: b\n'null': c\n"),
              (nlohmann::json{{"200", "a"}, {"true", "b"}, {"null", "c"}}));
    EXPECT_EQ(problems_of("a: 1\nnull: c\n"),
              "file:2:1: a key must be text, not nothing [openapi.yaml]");
}

TEST(OpenapiYamlFile, JsonIsRead) {
    const std::string text =
        "\xEF\xBB\xBF{\n\t\"a\": [1, 2.5e3, true, null, \"x\\/\\u00e9\\ud83d\\ude00\"],\n\t\"b\": "
        "{}\n}\n";
    EXPECT_EQ(content(text), nlohmann::json::parse(R"({"a":[1,2500.0,true,null,"x/é😀"],"b":{}})"));
}

TEST(OpenapiYamlFile, PlacesBehindSurrogatesAreThoseOfTheFile) {
    EXPECT_EQ(problems_of(R"({"a": "\ud83d\ude00", "a": 1})"),
              "file:1:23: the key `a` stands in this map a second time; the first is at 1:2 "
              "[openapi.duplicate_key]");
}

TEST(OpenapiYamlFile, DuplicateKeysAreToldWithBothPlaces) {
    EXPECT_EQ(problems_of("a: 1\nb: 2\na: 3\n"),
              "file:3:1: the key `a` stands in this map a second time; the first is at 1:1 "
              "[openapi.duplicate_key]");
}

TEST(OpenapiYamlFile, AliasesAreCopies) {
    EXPECT_EQ(content("a: &x {b: 1}\nc: *x\n"),
              nlohmann::json::parse(R"({"a":{"b":1},"c":{"b":1}})"));
}

TEST(OpenapiYamlFile, AliasesOfAliasesAreBounded) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 10; ++i) {
        text += 'a' + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int n = 0; n < 10; ++n) {
            text += (n == 0 ? "*a" : ", *a") + std::to_string(i - 1);
        }
        text += "]\n";
    }
    Limits limits;
    limits.file_nodes = 50'000;
    EXPECT_NE(problems_of(text, limits).find("has more than 50000 nodes, aliases counted"),
              std::string::npos);
}

TEST(OpenapiYamlFile, DepthAndSizeAreBounded) {
    EXPECT_NE(problems_of(std::string(200, '[')).find("nests deeper than 100 levels"),
              std::string::npos);
    EXPECT_NE(problems_of(std::string(100'000, '[')).find("nests deeper"), std::string::npos);
    EXPECT_NE(problems_of(std::string(100'000, '{')).find("file:1:"), std::string::npos);
}

TEST(OpenapiYamlFile, WhatYamlDoesNotAllowIsToldWithItsPlace) {
    EXPECT_EQ(problems_of("a: [1, 2\nb: 3\n").substr(0, 7), "file:2:");
    EXPECT_EQ(problems_of("a: b: c\n"),
              "file:1:5: `: ` may not stand here; text that contains it must be in quotes "
              "[openapi.yaml]");
    EXPECT_EQ(problems_of("a: 'x\nb: 1\n"),
              "file:1:4: the quote that opens here is never closed [openapi.yaml]");
    EXPECT_EQ(problems_of("<<: {a: 1}\nb: 2\n"),
              "file:1:1: merge keys (`<<`) are not supported; write the keys out [openapi.yaml]");
    EXPECT_EQ(problems_of("a: 1\n---\nb: 2\n").substr(0, 12), "file:2:1: a ");
    EXPECT_EQ(problems_of("a: *b\n").substr(0, 10), "file:1:4: ");
    EXPECT_EQ(problems_of("a: &x [*x]\n"),
              "file:1:8: an alias cannot stand inside the node that it repeats [openapi.yaml]");
    EXPECT_EQ(problems_of("[a]: b\n").substr(0, 31), "file:1:1: a key must be text, n");
    EXPECT_EQ(problems_of("a: !!binary x\n").substr(0, 10), "file:1:4: ");
    EXPECT_EQ(problems_of("a: .inf\n").substr(0, 10), "file:1:4: ");
    EXPECT_EQ(problems_of("a: \"x\\0\"\n"),
              "file:1:4: this text holds a NUL character [openapi.yaml]");
    EXPECT_EQ(problems_of(""), "file:1:1: the file is empty [openapi.yaml]");
}

TEST(OpenapiYamlFile, SeveralProblemsAreFoundInOnePass) {
    const std::string text = problems_of("a: 1\na: 2\nb: .nan\n");
    EXPECT_NE(text.find("file:2:1: "), std::string::npos);
    EXPECT_NE(text.find("file:3:4: "), std::string::npos);
}

TEST(OpenapiYamlFile, WrongCharactersAreToldWithTheirPlace) {
    EXPECT_EQ(problems_of("a: b\nc: ä\xFF\n"),
              "file:2:5: the text is not UTF-8 here [openapi.yaml]");
    EXPECT_EQ(problems_of("a: \xC3"), "file:1:4: the text is not UTF-8 here [openapi.yaml]");
    EXPECT_EQ(problems_of(std::string("a: \0", 4)),
              "file:1:4: a control character may not stand in this file [openapi.yaml]");
}

TEST(OpenapiYamlFile, FilesThatCannotBeReadAreNamed) {
    const TemporaryFolder folder;
    const auto missing = read_file(folder.file("none.yaml"), Limits());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "openapi.file");
    EXPECT_NE(missing.error().message.find("none.yaml"), std::string::npos);
    EXPECT_FALSE(read_file(folder.path(), Limits()));
    const auto path = folder.file("large.yaml");
    std::ofstream(path) << std::string(100, 'x');
    Limits limits;
    limits.file_bytes = 99;
    const auto large = read_file(path, limits);
    ASSERT_FALSE(large);
    EXPECT_NE(large.error().message.find("larger than 99 bytes"), std::string::npos);
    EXPECT_EQ(read_file(path, Limits()).value(), std::string(100, 'x'));
}

}  // namespace
}  // namespace patchbay::openapi
