// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_writer.hpp"

#include "config/yaml_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::config {
namespace {

TEST(ToYaml, WritesBlocks) {
    const auto value =
        parse_json(R"({"a":{"b":[1,{"c":null,"d":[]},[2,[3]]],"e":{}},"f":true,"g":1.5})", {});
    EXPECT_EQ(to_yaml(*value),
              "a:\n"
              "  b:\n"
              "    - 1\n"
              "    - c: null\n"
              "      d: []\n"
              "    - - 2\n"
              "      - - 3\n"
              "  e: {}\n"
              "f: true\n"
              "g: 1.5\n");
}

TEST(ToYaml, QuotesWhatAReaderCouldMistake) {
    for (const char* text :
         {"",    "yes", "No",   "off", "true", "null",       "~",  "1",    "010", "1e3",
          "0x1", "a b", "a: b", "#x",  "- x",  "${A:int:1}", "{}", "a\nb", "'",   "\"",
          "a:1", "*a",  "&a",   "!a",  "%a",   "@a",         "=",  "<<",   "1:30"}) {
        const std::string yaml = to_yaml(Value(text));
        EXPECT_EQ(yaml.front(), '"') << text;
        EXPECT_EQ(read_yaml(yaml, "t")->string(), text);
    }
}

TEST(ToYaml, LeavesNamesPlain) {
    for (const char* text : {"stub", "fetchai/stub:0.21.0", "./x"}) {
        const std::string yaml = to_yaml(Value(text));
        EXPECT_EQ(read_yaml(yaml, "t")->string(), text);
    }
    EXPECT_EQ(to_yaml(Value("fetchai/stub:0.21.0")), "fetchai/stub:0.21.0\n");
    EXPECT_EQ(to_yaml(Value("/var/lib/x")), "/var/lib/x\n");
}

TEST(ToYaml, ReadsBackAsTheSameTree) {
    const auto value = parse_json(
        R"({"x y":[{"k":"v\t\u00e4","n":-5},[],{}],"":0.1,"deep":{"er":{"est":["a"]}}})", {});
    EXPECT_TRUE(*read_yaml(to_yaml(*value), "t") == *value) << to_yaml(*value);
}

}  // namespace
}  // namespace patchbay::config
