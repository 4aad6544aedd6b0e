// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_reader.hpp"

#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace patchbay::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string json_of(std::string_view text) {
    const auto value = read_yaml(text, "t");
    return value ? to_json(*value) : to_string(value.error().front());
}

/// "line:column code" of every problem.
std::vector<std::string> yaml_problems(std::string_view text, const YamlLimits& limits = {}) {
    std::vector<std::string> shown;
    const auto value = read_yaml(text, "t", limits);
    if (!value) {
        for (const Error& error : value.error()) {
            shown.push_back(std::to_string(error.location.line) + ':' +
                            std::to_string(error.location.column) + ' ' + error.code);
        }
    }
    return shown;
}

TEST(ReadYaml, BuildsTheTree) {
    EXPECT_EQ(json_of("a: 1\nb: [x, 'y', \"z\\n\", null]\nc: {d: true, e: 1.5}\nf:\n"),
              R"({"a":1,"b":["x","y","z\n",null],"c":{"d":true,"e":1.5},"f":null})");
    EXPECT_EQ(json_of("- |\n  two\n  lines\n- >-\n  folded\n  text\n"),
              R"(["two\nlines\n","folded text"])");
}

TEST(ReadYaml, TakesQuotedScalarsAsText) {
    EXPECT_EQ(json_of("['1', \"true\", 'null', '010']"), R"(["1","true","null","010"])");
}

TEST(ReadYaml, TakesEveryPlainKeyAsText) {
    EXPECT_EQ(json_of("1: a\ntrue: b\n010: d\n"), R"({"1":"a","true":"b","010":"d"})");
    EXPECT_THAT(yaml_problems("null: c\n"), ElementsAre("1:1 yaml.key"));
}

TEST(ReadYaml, IsNullForAnEmptyFile) {
    EXPECT_EQ(json_of(""), "null");
    EXPECT_EQ(json_of("# only a comment\n"), "null");
    EXPECT_EQ(read_yaml("", "t")->location().line, 1U);
}

TEST(ReadYaml, KnowsWhereEveryNodeStands) {
    const auto value = read_yaml("a:\n  - x\n  - bb: 3\nempty:\n", "dir/t.yaml");
    ASSERT_TRUE(value);
    const Value& list = *value->find("a");
    EXPECT_EQ(list.list()[0].location().line, 2U);
    EXPECT_EQ(list.list()[0].location().column, 5U);
    EXPECT_EQ(list.list()[1].find("bb")->location().column, 9U);
    EXPECT_EQ(list.list()[1].map()[0].key_location.column, 5U);
    EXPECT_EQ(list.location().file, "dir/t.yaml");
    EXPECT_EQ(value->find("empty")->location().line, 4U);
}

TEST(ReadYaml, CountsColumnsInCharacters) {
    EXPECT_THAT(yaml_problems("{\xC3\xA4\xC3\xB6: 1, x: 010}"), ElementsAre("1:12 yaml.number"));
    EXPECT_THAT(yaml_problems("\xEF\xBB\xBFx: 010"), ElementsAre("1:4 yaml.number"));
}

TEST(ReadYaml, RefusesDuplicateKeysAndNamesTheFirst) {
    EXPECT_THAT(yaml_problems("a: 1\nb: {c: 1, c: 2}\na: 3\n"),
                ElementsAre("2:11 yaml.duplicate_key", "3:1 yaml.duplicate_key"));
    EXPECT_THAT(json_of("a: 1\nb: 2\na: 3\n"), HasSubstr("`a`"));
    EXPECT_THAT(json_of("a: 1\nb: 2\na: 3\n"), HasSubstr("the first is in line 1"));
    EXPECT_THAT(yaml_problems("a: 1\n'a': 2\n"), ElementsAre("2:1 yaml.duplicate_key"));
}

TEST(ReadYaml, RefusesMergeKeysButNotTheQuotedText) {
    EXPECT_THAT(yaml_problems("x: &x {a: 1}\ny:\n  <<: *x\n"), ElementsAre("3:3 yaml.merge_key"));
    EXPECT_EQ(json_of("'<<': 1"), R"({"<<":1})");
}

TEST(ReadYaml, RefusesAmbiguousNumbersEverywhere) {
    EXPECT_THAT(yaml_problems("a: 010\nb: [0o7, .inf]\n"),
                ElementsAre("1:4 yaml.number", "2:5 yaml.number", "2:10 yaml.number"));
}

TEST(ReadYaml, RefusesKeysThatAreNotText) {
    EXPECT_THAT(yaml_problems("? [a, b]\n: 1\nc: 2\n"), ElementsAre("1:3 yaml.key"));
    EXPECT_THAT(yaml_problems("x: &x k\n*x : 2\n"), ElementsAre("1:4 yaml.key"));
}

TEST(ReadYaml, ExpandsAliasesWithinTheBudget) {
    EXPECT_EQ(json_of("a: &a [1, 2]\nb: *a\n"), R"({"a":[1,2],"b":[1,2]})");
    std::string bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int level = 1; level < 12; ++level) {
        const std::string below = "*l" + std::to_string(level - 1);
        bomb += 'l' + std::to_string(level) + ": &l" + std::to_string(level) + " [" + below;
        for (int copy = 1; copy < 10; ++copy) {
            bomb += ", " + below;
        }
        bomb += "]\n";
    }
    EXPECT_THAT(yaml_problems(bomb), ElementsAre(HasSubstr("yaml.size")));
}

TEST(ReadYaml, RefusesAnAliasInsideItsOwnNode) {
    EXPECT_THAT(yaml_problems("a: &a [1, *a]\n"), ElementsAre("1:11 yaml.alias"));
    EXPECT_THAT(yaml_problems("a: *nowhere\n"), ElementsAre("1:4 yaml.syntax"));
}

TEST(ReadYaml, BoundsDepthNodesAndBytes) {
    EXPECT_THAT(yaml_problems(std::string(65, '[') + std::string(65, ']')),
                ElementsAre("1:65 yaml.depth"));
    EXPECT_TRUE(yaml_problems(std::string(64, '[') + std::string(64, ']')).empty());
    EXPECT_THAT(yaml_problems(std::string(200'000, '[')), ElementsAre(HasSubstr("yaml.depth")));
    EXPECT_THAT(yaml_problems("[a, b, c]", {1000, 64, 3}), ElementsAre(HasSubstr("yaml.size")));
    EXPECT_THAT(yaml_problems("a: 123456789", {5, 64, 100}), ElementsAre("0:0 yaml.size"));
}

TEST(ReadYaml, RefusesTabsAsIndentationOnly) {
    EXPECT_THAT(yaml_problems("a:\n\tb: 1\nc:\n  \td: 2\n"),
                ElementsAre("2:1 yaml.tab", "4:3 yaml.tab"));
    EXPECT_EQ(json_of("a: |\n  x\n  \ty\nb: 1\n"), R"({"a":"x\n\ty\n","b":1})");
    EXPECT_EQ(json_of("a:\t1  # a tab before a value\n\t# and before a comment\n"), R"({"a":1})");
}

TEST(ReadYaml, RefusesBytesThatAreNotText) {
    EXPECT_THAT(yaml_problems("a: \xFF\n"), ElementsAre("1:4 yaml.encoding"));
    EXPECT_THAT(yaml_problems(std::string("a: x\0y\n", 7)), ElementsAre("1:5 yaml.encoding"));
    EXPECT_THAT(yaml_problems("a: \xC0\xAF\nb: \xED\xA0\x80\n"),
                ElementsAre("1:4 yaml.encoding", "2:4 yaml.encoding"));
}

TEST(ReadYaml, ChecksTags) {
    EXPECT_EQ(json_of("[!!str 10, !!int 5, !!float 1, !!bool true, !!null ~, !!map {}, !!seq []]"),
              R"(["10",5,1.0,true,null,{},[]])");
    EXPECT_THAT(yaml_problems("a: !!int x\nb: !mine y\nc: !other {}\nd: !!set {}\n"),
                ElementsAre("1:4 yaml.tag", "2:4 yaml.tag", "3:4 yaml.tag", "4:4 yaml.tag"));
}

TEST(ReadYaml, ExplainsSyntaxErrorsWithTheirPlace) {
    EXPECT_THAT(yaml_problems("a: 1\n b: 2\n"), ElementsAre("2:3 yaml.syntax"));
    EXPECT_THAT(yaml_problems("a: [1, 2\nb: 3\n"), ElementsAre(HasSubstr("yaml.syntax")));
    EXPECT_THAT(yaml_problems("a: 'it''s open\n"), ElementsAre("1:4 yaml.syntax"));
    EXPECT_THAT(yaml_problems("a: &x \"open\\\"\n"), ElementsAre("1:4 yaml.syntax"));
    EXPECT_THAT(json_of("a: b: c\n"), HasSubstr("must be put in quotes"));
}

TEST(ReadYaml, RefusesASecondDocument) {
    EXPECT_THAT(yaml_problems("a: 1\n---\nb: 2\n"), ElementsAre("3:1 yaml.documents"));
    EXPECT_EQ(json_of("---\na: 1\n...\n"), R"({"a":1})");
}

TEST(ReadYamlDocuments, GivesThemAll) {
    const auto documents = read_yaml_documents("a: 1\n---\n- b\n--- c\n", "t");
    ASSERT_TRUE(documents);
    ASSERT_EQ(documents->size(), 3U);
    EXPECT_EQ(to_json((*documents)[1]), R"(["b"])");
    EXPECT_EQ(to_json((*documents)[2]), R"("c")");
}

TEST(ReadYaml, ReadsWindowsLineEnds) {
    EXPECT_EQ(json_of("a: x\r\nb: 2\r\n"), R"({"a":"x","b":2})");
}

TEST(ReadTextFile, ReadsOrSaysWhyNot) {
    const TemporaryFolder folder;
    const std::string path = folder.file("a.txt");
    std::ofstream(path) << "text";
    EXPECT_EQ(*read_text_file(path), "text");
    EXPECT_THAT(read_text_file(path, 3).error().front().message, HasSubstr("larger than 3 bytes"));
    std::remove(path.c_str());
    EXPECT_THAT(read_text_file(path).error().front().message, HasSubstr("No such file"));
    EXPECT_FALSE(read_text_file(folder.path()));
}

}  // namespace
}  // namespace patchbay::config
