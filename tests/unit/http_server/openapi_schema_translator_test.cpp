// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_translator.hpp"
#include "openapi/yaml_file.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace patchbay::openapi {
namespace {

constexpr auto v30 = Dialect::openapi_3_0;
constexpr auto v31 = Dialect::openapi_3_1;

/// The schema at `schema` in a text, compiled.
class Compiled {
  public:
    Compiled(Dialect dialect, const std::string& text) : problems_("file") {
        root_ = read_yaml(text, Limits(), problems_).value();
        References references(root_, problems_);
        SchemaTranslator translator(dialect, references, problems_);
        number_ = translator.number_of(*root_.find("schema"));
        set_ = translator.finish();
    }
    [[nodiscard]] std::string problems() const {
        return problems_.empty() ? "" : to_string(problems_.error());
    }
    [[nodiscard]] bool takes(const std::string& json) const {
        Effort effort(1'000'000);
        return set_->is_valid(number_, nlohmann::json::parse(json), effort);
    }
    [[nodiscard]] std::string explain(const std::string& json) const {
        return set_->explain(number_, nlohmann::json::parse(json));
    }

  private:
    Problems problems_;
    Node root_;
    std::size_t number_ = 0;
    std::optional<SchemaSet> set_;
};

void expect(Dialect dialect, const std::string& schema, std::initializer_list<const char*> valid,
            std::initializer_list<const char*> invalid) {
    const Compiled compiled(dialect, "schema: " + schema);
    ASSERT_EQ(compiled.problems(), "") << schema;
    for (const char* json : valid) {
        EXPECT_TRUE(compiled.takes(json)) << schema << " should take " << json;
    }
    for (const char* json : invalid) {
        EXPECT_FALSE(compiled.takes(json)) << schema << " should not take " << json;
    }
}

std::string problems(Dialect dialect, const std::string& schema) {
    return Compiled(dialect, "schema: " + schema).problems();
}

TEST(OpenapiSchemaTranslator, Types) {
    expect(v30, "{type: integer}", {"1", "-1", "1.0", "1e300", "18446744073709551616"},
           {"1.5", "\"1\"", "null", "true", "[]"});
    expect(v30, "{type: number}", {"1", "1.5"}, {"\"1\"", "null"});
    expect(v30, "{type: string}", {"\"\""}, {"1", "null", "[]", "{}"});
    expect(v30, "{type: boolean}", {"true"}, {"\"true\"", "1"});
    expect(v30, "{type: array}", {"[]", "[1]"}, {"{}", "\"\""});
    expect(v30, "{type: object}", {"{}", "{\"a\":1}"}, {"[]", "\"\""});
    expect(v31, "{type: [integer, 'null']}", {"1", "null"}, {"1.5", "\"\""});
    expect(v31, "true", {"1", "null"}, {});
    expect(v31, "false", {}, {"1", "null"});
}

TEST(OpenapiSchemaTranslator, NullableCountsBesideAType) {
    expect(v30, "{type: string, nullable: true}", {"\"a\"", "null"}, {"1"});
    expect(v30, "{type: string, nullable: false}", {"\"a\""}, {"null"});
    expect(v30, "{nullable: true, enum: [a]}", {"\"a\""}, {"null"});
}

TEST(OpenapiSchemaTranslator, Values) {
    expect(v30, "{enum: [1, a, null, {x: [1]}]}", {"1", "1.0", "\"a\"", "null", "{\"x\":[1]}"},
           {"2", "\"1\"", "{}", "{\"x\":[1,2]}", "{\"x\":[1],\"y\":1}"});
    expect(v31, "{const: {a: 1}}", {"{\"a\":1}", "{\"a\":1.0}"}, {"{\"a\":2}", "null"});
    expect(v31, "{const: null}", {"null"}, {"0", "\"\"", "false"});
}

TEST(OpenapiSchemaTranslator, Bounds) {
    expect(v30, "{minimum: 1, maximum: 3}", {"1", "3", "2.5", "\"x\""}, {"0.9", "3.1", "-5"});
    expect(v30, "{minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: false}",
           {"1.1", "3"}, {"1", "3.1"});
    expect(v31, "{exclusiveMinimum: 1, exclusiveMaximum: 3}", {"2"}, {"1", "3"});
    expect(v30, "{maximum: 100}", {"100"}, {"18446744073709551615", "9223372036854775808"});
    expect(v30, "{minimum: 0}", {"18446744073709551615"}, {"-1"});
    expect(v30, "{multipleOf: 2}", {"4", "-4", "0", "4.0", "18446744073709551614", "\"x\""},
           {"3", "2.5", "18446744073709551615", "-3"});
    expect(v30, "{multipleOf: 0.01}", {"0.07", "19.99", "3"}, {"0.075"});
}

TEST(OpenapiSchemaTranslator, Texts) {
    expect(v30, "{minLength: 2, maxLength: 3}", {"\"ab\"", "\"äöü\"", "\"😀😀😀\"", "1"},
           {"\"a\"", "\"abcd\"", "\"\\u0000aaa\"", "\"\""});
    expect(v30, "{pattern: '^a+$'}", {"\"aa\"", "1"}, {"\"b\"", "\"\""});
    expect(v30, "{format: date}", {"\"2024-02-29\"", "1", "null", "[]", "{}"}, {"\"2024-02-30\""});
    expect(v30, "{format: int32}", {"1", "2147483647", "\"x\""}, {"2147483648", "1e10"});
    expect(v30, "{format: int64}", {"9223372036854775807", "-9223372036854775808"},
           {"9223372036854775808", "1e19"});
    expect(v30, "{format: password}", {"\"x\""}, {});
}

TEST(OpenapiSchemaTranslator, Arrays) {
    expect(v30, "{items: {type: integer}, minItems: 1, maxItems: 2}", {"[1]", "[1,2]", "\"x\""},
           {"[]", "[1,2,3]", "[\"a\"]"});
    expect(v30, "{uniqueItems: true}", {"[1,2]", "[]"}, {"[1,1.0]", "[{\"a\":1},{\"a\":1}]"});
    expect(v31, "{prefixItems: [{type: string}, {type: integer}], items: {type: boolean}}",
           {"[]", "[\"a\"]", "[\"a\",1,true]"}, {"[1]", "[\"a\",1,1]"});
    expect(v31, "{prefixItems: [{type: string}], items: false}", {"[\"a\"]", "[]"}, {"[\"a\",1]"});
    expect(v31, "{prefixItems: [{type: string}]}", {"[\"a\",1,null]"}, {"[1]"});
    expect(v31, "{items: false}", {"[]"}, {"[1]"});
    expect(v31, "{contains: {type: integer}}", {"[\"a\",1]", "\"x\""}, {"[]", "[\"a\"]"});
    expect(v31, "{contains: {type: integer}, minContains: 2, maxContains: 3}", {"[1,2]", "[1,2,3]"},
           {"[1]", "[1,2,3,4]"});
    expect(v31, "{contains: {type: integer}, minContains: 0}", {"[]"}, {});
}

TEST(OpenapiSchemaTranslator, Objects) {
    expect(v30, "{required: [a], properties: {a: {type: integer}}}", {"{\"a\":1,\"b\":2}", "[]"},
           {"{}", "{\"a\":\"x\"}"});
    expect(v30, "{properties: {a: {}}, additionalProperties: false}", {"{}", "{\"a\":1}"},
           {"{\"b\":1}"});
    expect(v30, "{additionalProperties: {type: integer}}", {"{\"b\":1}"}, {"{\"b\":\"x\"}"});
    expect(v30, "{minProperties: 1, maxProperties: 2}", {"{\"a\":1}"},
           {"{}", "{\"a\":1,\"b\":1,\"c\":1}"});
    expect(v31,
           "{properties: {ab: {type: string}}, patternProperties: {^a: {minLength: 2}, ^x: "
           "false}, additionalProperties: {type: integer}}",
           {"{\"ab\":\"xx\",\"ac\":\"yy\",\"z\":1}"},
           {"{\"ab\":\"x\"}", "{\"ab\":1}", "{\"ac\":\"y\"}", "{\"z\":\"1\"}", "{\"x\":1}"});
    expect(v31, "{propertyNames: {maxLength: 2, pattern: '^[a-z]'}}", {"{\"ab\":1}", "{}"},
           {"{\"abc\":1}", "{\"1\":1}"});
    expect(v31,
           "{dependentRequired: {a: [b, c]}, dependentSchemas: {a: {properties: {b: {type: "
           "integer}}}}}",
           {"{\"b\":\"x\"}", "{\"a\":1,\"b\":1,\"c\":1}"},
           {"{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":\"x\",\"c\":1}"});
}

TEST(OpenapiSchemaTranslator, Combinations) {
    expect(v30, "{allOf: [{minimum: 1}, {maximum: 3}]}", {"2"}, {"0", "4"});
    expect(v30, "{anyOf: [{type: integer}, {minLength: 2}]}", {"1", "\"ab\""}, {"\"a\""});
    expect(v30, "{oneOf: [{multipleOf: 2}, {multipleOf: 3}]}", {"2", "3"}, {"6", "1"});
    expect(v30, "{not: {type: string}}", {"1"}, {"\"a\""});
    expect(v31, "{if: {minimum: 10}, then: {multipleOf: 10}, else: {multipleOf: 2}}", {"20", "4"},
           {"15", "5"});
    expect(v31, "{then: false, else: false}", {"1"}, {});
}

TEST(OpenapiSchemaTranslator, WhatStandsBesideAReferenceCountsIn31Only) {
    const std::string text = "schema: {$ref: '#/a', maximum: 3, unknown: 1}\na: {minimum: 1}\n";
    const Compiled old(v30, text);
    ASSERT_EQ(old.problems(), "");
    EXPECT_TRUE(old.takes("5"));
    EXPECT_FALSE(old.takes("0"));
    const Compiled current(v31, "schema: {$ref: '#/a', maximum: 3}\na: {minimum: 1}\n");
    EXPECT_FALSE(current.takes("5"));
    EXPECT_FALSE(current.takes("0"));
    EXPECT_TRUE(current.takes("2"));
}

TEST(OpenapiSchemaTranslator, RecursiveSchemas) {
    const Compiled tree(v30,
                        "schema: {$ref: '#/tree'}\n"
                        "tree: {type: object, required: [value], properties: {value: {type: "
                        "integer}, children: {type: array, items: {$ref: '#/tree'}}}}\n");
    ASSERT_EQ(tree.problems(), "");
    EXPECT_TRUE(tree.takes(R"({"value":1,"children":[{"value":2},{"value":3,"children":[]}]})"));
    EXPECT_FALSE(tree.takes(R"({"value":1,"children":[{"value":2,"children":[{}]}]})"));
    EXPECT_EQ(tree.explain(R"({"value":1,"children":[{"value":2,"children":[{}]}]})"),
              "at [children][0][children][0]: Missing required property 'value'");
}

TEST(OpenapiSchemaTranslator, ReferencesThroughReferences) {
    const Compiled chain(v30,
                         "schema: {$ref: '#/a'}\na: {$ref: '#/b'}\nb: {$ref: '#/c/x'}\n"
                         "c: {x: {properties: {p: {$ref: '#/b'}, q: {$ref: '#/a'}}, "
                         "required: [r]}}\n");
    ASSERT_EQ(chain.problems(), "");
    EXPECT_TRUE(chain.takes(R"({"r":1,"p":{"r":1},"q":{"r":1}})"));
    EXPECT_FALSE(chain.takes(R"({"r":1,"p":{"r":1,"q":{}}})"));
}

TEST(OpenapiSchemaTranslator, PropertiesWithOddNames) {
    const Compiled odd(v31,
                       "schema: {properties: {a/b: {type: integer}, 'c~d': {type: integer}, "
                       "'': {type: integer}, $ref: {type: integer}, id: {type: string}}}\n");
    ASSERT_EQ(odd.problems(), "");
    EXPECT_TRUE(odd.takes(R"({"a/b":1,"c~d":1,"":1,"$ref":1,"id":"x"})"));
    for (const char* json :
         {R"({"a/b":"x"})", R"({"c~d":"x"})", R"({"":"x"})", R"({"$ref":"x"})"}) {
        EXPECT_FALSE(odd.takes(json)) << json;
    }
}

TEST(OpenapiSchemaTranslator, ReadOnlyPropertiesAreNotRequiredInRequests) {
    expect(v30, "{required: [id, name], properties: {id: {readOnly: true}, name: {}}}",
           {"{\"name\":1}", "{\"name\":1,\"id\":1}"}, {"{\"id\":1}"});
    const Compiled inherited(v30,
                             "schema: {allOf: [{$ref: '#/base'}, {required: [id, name]}]}\n"
                             "base: {properties: {id: {$ref: '#/id'}, name: {}}}\nid: {type: "
                             "integer, readOnly: true}\n");
    ASSERT_EQ(inherited.problems(), "");
    EXPECT_TRUE(inherited.takes("{\"name\":1}"));
    EXPECT_FALSE(inherited.takes("{}"));
}

TEST(OpenapiSchemaTranslator, WhatIsNotSupportedIsRefused) {
    for (const char* schema :
         {"{unevaluatedProperties: false}", "{unevaluatedItems: false}", "{$dynamicRef: '#a'}",
          "{$id: 'http://x/y'}", "{$schema: 'http://json-schema.org/draft-07/schema#'}"}) {
        EXPECT_NE(problems(v31, schema).find("file:1:10: `"), std::string::npos) << schema;
        EXPECT_NE(problems(v31, schema).find("[openapi.unsupported]"), std::string::npos) << schema;
    }
}

TEST(OpenapiSchemaTranslator, UnknownKeywordsAreRefused) {
    EXPECT_EQ(
        problems(v31, "{minLenght: 1}"),
        "file:1:10: `minLenght` is not a keyword of schemas; did you mean `minLength`?; those "
        "of your own begin with `x-` [openapi.keyword]");
    EXPECT_NE(problems(v30, "{const: 1}").find("is a keyword of OpenAPI 3.1, and this is 3.0"),
              std::string::npos);
    EXPECT_NE(problems(v31, "{type: string, nullable: true}").find("add \"null\" to `type`"),
              std::string::npos);
    EXPECT_EQ(problems(v30, "{x-mine: 1, title: a, description: b, example: {$ref: 1}}"), "");
}

TEST(OpenapiSchemaTranslator, KeywordsOfTheWrongKindAreRefused) {
    for (const char* schema : {"{type: 3}",
                               "{type: strng}",
                               "{type: [string]}",
                               "{type: 'null'}",
                               "{enum: a}",
                               "{enum: []}",
                               "{minimum: a}",
                               "{maximum: '1'}",
                               "{exclusiveMinimum: 3}",
                               "{exclusiveMinimum: true}",
                               "{multipleOf: 0}",
                               "{multipleOf: -1}",
                               "{multipleOf: a}",
                               "{minLength: -1}",
                               "{minLength: 1.5}",
                               "{maxItems: a}",
                               "{uniqueItems: 1}",
                               "{pattern: 3}",
                               "{pattern: '('}",
                               "{format: 3}",
                               "{required: a}",
                               "{required: [1]}",
                               "{properties: []}",
                               "{properties: {a: 1}}",
                               "{items: []}",
                               "{items: true}",
                               "{additionalProperties: 1}",
                               "{allOf: {}}",
                               "{anyOf: []}",
                               "{oneOf: [1]}",
                               "{not: 1}",
                               "{nullable: 1}",
                               "3",
                               "[]",
                               "true"}) {
        EXPECT_NE(problems(v30, schema), "") << schema;
    }
    for (const char* schema :
         {"{exclusiveMinimum: true}", "{type: []}", "{type: [a]}", "{prefixItems: {}}",
          "{patternProperties: {'(': {}}}", "{patternProperties: []}",
          "{dependentRequired: {a: b}}", "{dependentRequired: []}", "{dependentSchemas: []}",
          "{minContains: -1}", "{if: 1}", "{propertyNames: 1}", "{contains: 1}"}) {
        EXPECT_NE(problems(v31, schema), "") << schema;
    }
}

TEST(OpenapiSchemaTranslator, AllProblemsAreFoundInOnePass) {
    const std::string text = problems(
        v30, "{minLength: -1, properties: {a: {type: strng}, b: {patern: x}}, pattern: '('}");
    EXPECT_NE(text.find("has 4 problems"), std::string::npos) << text;
}

TEST(OpenapiSchemaTranslator, ExplanationsNameThePlaceAndStayShort) {
    const Compiled list(
        v30, "schema: {type: array, items: {type: object, properties: {n: {maximum: 3}}}}");
    EXPECT_EQ(list.explain(R"([{"n":1},{"n":4}])").substr(0, 11), "at [1][n]: ");
    const Compiled names(v30, "schema: {additionalProperties: {type: integer}}");
    EXPECT_LT(names.explain("{\"" + std::string(100'000, 'x') + "\": \"a\"}").size(), 310U);
}

}  // namespace
}  // namespace patchbay::openapi
