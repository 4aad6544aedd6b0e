// SPDX-License-Identifier: Apache-2.0
#include "config/placeholders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace patchbay::config {
namespace {

using testing::HasSubstr;

Environment fake(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

/// JSON of the filled value, or the problem.
std::string filled(const std::string& text, std::map<std::string, std::string> variables = {}) {
    Value value(text);
    Problems problems;
    fill_placeholders(value, "AUTO_NAME", fake(std::move(variables)), problems);
    return problems.empty() ? to_json(value)
                            : problems.front().code + ": " + problems.front().message;
}

TEST(Placeholders, TakeTheVariableOrTheDefault) {
    EXPECT_EQ(filled("${PORT:int:8000}"), "8000");
    EXPECT_EQ(filled("${PORT:int:8000}", {{"PORT", "9"}}), "9");
    EXPECT_EQ(filled("${PORT:int}", {{"PORT", "9"}}), "9");
    EXPECT_EQ(filled("${PORT}", {{"PORT", "9"}}), "\"9\"");
    EXPECT_EQ(filled("${HOST::a:b}"), "\"a:b\"");
    EXPECT_EQ(filled("${HOST::x}", {{"HOST", ""}}), "\"\"");
}

TEST(Placeholders, HaveUpstreamsTypes) {
    EXPECT_EQ(filled("${X:str:10}"), "\"10\"");
    EXPECT_EQ(filled("${X:int:-10}"), "-10");
    EXPECT_EQ(filled("${X:float:1}"), "1.0");
    EXPECT_EQ(filled("${X:float: 2.5 }"), "2.5");
    EXPECT_EQ(filled("${X:list:[1, \"a\"]}"), "[1,\"a\"]");
    EXPECT_EQ(filled("${X:dict:{\"a\": {\"b\": 1}}}"), R"({"a":{"b":1}})");
    EXPECT_EQ(filled("${X:none:whatever}"), "null");
}

TEST(Placeholders, HaveNullWordsForEveryTypeButBool) {
    for (const char* word : {"null", "Null", "None", "none"}) {
        for (const char* type : {"str", "int", "float", "list", "dict"}) {
            EXPECT_EQ(filled("${X:" + std::string(type) + '}', {{"X", word}}), "null") << type;
        }
        EXPECT_THAT(filled("${X:bool}", {{"X", word}}), HasSubstr("placeholder.bad_value"));
    }
    EXPECT_EQ(filled("${X}", {{"X", "null"}}), "\"null\"");
}

TEST(Placeholders, TakeNoForFalse) {
    for (const char* word : {"false", "False", "f", "0", "no", "No", "n", "off"}) {
        EXPECT_EQ(filled("${X:bool}", {{"X", word}}), "false") << word;
    }
    for (const char* word : {"true", "True", "t", "1", "yes", "on"}) {
        EXPECT_EQ(filled("${X:bool}", {{"X", word}}), "true") << word;
    }
    EXPECT_THAT(filled("${X:bool}", {{"X", "perhaps"}}), HasSubstr("`perhaps`"));
}

TEST(Placeholders, TakeTheirNameFromThePlaceWhenTheyHaveNone) {
    EXPECT_EQ(filled("${int:5}", {{"AUTO_NAME", "6"}}), "6");
    EXPECT_EQ(filled("${int:5}"), "5");
    EXPECT_EQ(filled("${}", {{"AUTO_NAME", "x"}}), "\"x\"");
    Value::Map inner;
    inner.push_back({"host", Value(Value::List{Value("${str:x}")}), {}});
    Value value(std::move(inner));
    Problems problems;
    fill_placeholders(value, "CONNECTION_HTTP", fake({{"CONNECTION_HTTP_HOST_0", "h"}}), problems);
    EXPECT_EQ(to_json(value), R"({"host":["h"]})");
}

TEST(Placeholders, CollectListsFromIndexedVariables) {
    EXPECT_EQ(filled("${X:list:[9]}", {{"X_0", "1"}, {"X_1", "text"}, {"X_3", "lost"}}),
              "[1,\"text\"]");
    EXPECT_EQ(filled("${X:list:[9]}"), "[9]");
    EXPECT_EQ(filled("${X:list}", {{"X", "[1]"}, {"X_0", "2"}}), "[1]");
}

TEST(Placeholders, NeedTheVariableWhenThereIsNoDefault) {
    EXPECT_EQ(filled("${PORT:int}"),
              "placeholder.missing_variable: the environment variable `PORT` is not set, and the "
              "placeholder has no default");
}

TEST(Placeholders, RefuseValuesOfTheWrongType) {
    EXPECT_THAT(filled("${PORT:int}", {{"PORT", "80a"}}),
                HasSubstr("`PORT` must be an integer (`int`), but is `80a`"));
    EXPECT_THAT(filled("${X:int:1.5}"), HasSubstr("the placeholder's default must be an integer"));
    EXPECT_THAT(filled("${X:float:inf}"), HasSubstr("bad_value"));
    EXPECT_THAT(filled("${X:list:{}}"), HasSubstr("bad_value"));
    EXPECT_THAT(filled("${X:dict:[}"), HasSubstr("bad_value"));
    EXPECT_EQ(filled("${MY_TOKEN:int}", {{"MY_TOKEN", "hunter2"}}).find("hunter2"),
              std::string::npos);
}

TEST(Placeholders, RefuseWhatUpstreamMisreads) {
    for (const char* text : {"${lower}", "${Port:int:1}", "${PORT:}", "${PORT:int:}", "${:int:1}",
                             "${::x}", "${PORT:integer:1}", "${PORT:8000}", "http://${HOST}/",
                             "${A}/${B}", "${A", "x${A:int}"}) {
        EXPECT_THAT(filled(text), HasSubstr("placeholder.bad_form")) << text;
    }
    EXPECT_THAT(filled("${PORT:8000}"), HasSubstr("`${PORT::8000}`"));
    EXPECT_THAT(filled("${PORT:itn:1}"), HasSubstr("did you mean `int`?"));
}

TEST(Placeholders, LeaveOtherTextAlone) {
    EXPECT_EQ(filled("{public_key}"), "\"{public_key}\"");
    EXPECT_EQ(filled("costs $5 {x}"), "\"costs $5 {x}\"");
    EXPECT_EQ(filled("$${HOME}/x"), "\"${HOME}/x\"");
}

TEST(ProcessEnvironment, ReadsTheEnvironment) {
    ::setenv("PATCHBAY_PLACEHOLDERS_TEST", "here", 1);  // NOLINT(concurrency-mt-unsafe)
    EXPECT_EQ(process_environment()("PATCHBAY_PLACEHOLDERS_TEST"), "here");
    ::unsetenv("PATCHBAY_PLACEHOLDERS_TEST");  // NOLINT(concurrency-mt-unsafe)
    EXPECT_FALSE(process_environment()("PATCHBAY_PLACEHOLDERS_TEST"));
}

}  // namespace
}  // namespace patchbay::config
