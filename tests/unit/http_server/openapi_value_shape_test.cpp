// SPDX-License-Identifier: Apache-2.0
#include "openapi/value_shape.hpp"
#include "openapi/yaml_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

/// The shape of the schema at `schema` in the text.
ValueShape shape(std::string_view text, Dialect dialect = Dialect::openapi_3_1) {
    Problems problems("file");
    const Node root = read_yaml(text, Limits(), problems).value();
    References references(root, problems);
    return shape_of(*root.find("schema"), dialect, references);
}

TEST(OpenapiValueShape, TypesAreThoseOfTheSchema) {
    EXPECT_EQ(shape("schema: {type: integer}").types, Types::number);
    EXPECT_EQ(shape("schema: {type: [string, 'null']}").types, Types::string | Types::null);
    EXPECT_EQ(shape("schema: {type: boolean, nullable: true}", Dialect::openapi_3_0).types,
              Types::boolean | Types::null);
    EXPECT_EQ(shape("schema: {enum: [1, a, null]}").types,
              Types::number | Types::string | Types::null);
    EXPECT_EQ(shape("schema: {const: true}").types, Types::boolean);
    EXPECT_EQ(shape("schema: {}").types, Types::all);
    EXPECT_EQ(shape("schema: true").types, Types::all);
}

TEST(OpenapiValueShape, ReferencesAndCombinationsAreFollowed) {
    EXPECT_EQ(shape("schema: {$ref: '#/a'}\na: {type: integer}").types, Types::number);
    EXPECT_EQ(shape("schema: {anyOf: [{type: integer}, {type: string}]}").types,
              Types::number | Types::string);
    EXPECT_EQ(shape("schema: {allOf: [{type: [integer, string]}, {type: string}]}").types,
              Types::string);
    EXPECT_EQ(shape("schema: {$ref: '#/a', type: string}\na: {}", Dialect::openapi_3_0).types,
              Types::all)
        << "what stands beside a reference does not count in 3.0";
}

TEST(OpenapiValueShape, ItemsAndProperties) {
    EXPECT_EQ(shape("schema: {type: array, items: {type: integer}}").item_types, Types::number);
    const ValueShape object = shape(
        "schema: {allOf: [{properties: {a: {type: integer}}}, {type: object, properties: {b: {}}, "
        "additionalProperties: {type: boolean}}]}");
    EXPECT_TRUE(object.is_object());
    EXPECT_FALSE(object.is_array());
    EXPECT_EQ(object.properties.at("a").types, Types::number);
    EXPECT_EQ(object.properties.count("b"), 1U);
    EXPECT_TRUE(object.judges_others);
    EXPECT_EQ(object.other_types, Types::boolean);
    EXPECT_FALSE(shape("schema: {type: object, additionalProperties: false}").judges_others);
    EXPECT_FALSE(shape("schema: {}").is_object()) << "a text is a text unless the schema says so";
}

TEST(OpenapiValueShape, RecursiveSchemasComeToAnEnd) {
    const ValueShape tree = shape(
        "schema: {$ref: '#/t'}\nt: {type: object, properties: {left: {$ref: '#/t'}, right: {$ref: "
        "'#/t'}}}");
    EXPECT_EQ(tree.properties.size(), 2U);
    EXPECT_EQ(shape("schema: {$ref: '#/schema'}").types, Types::all);
}

TEST(OpenapiValueShape, TextsBecomeTheLikeliestValue) {
    EXPECT_EQ(scalar_value("5", Types::scalars), json(5));
    EXPECT_EQ(scalar_value("-5", Types::number), json(-5));
    EXPECT_EQ(scalar_value("007", Types::number), json(7));
    EXPECT_EQ(scalar_value("1.5e2", Types::number), json(150.0));
    EXPECT_EQ(scalar_value("5", Types::string), json("5"));
    EXPECT_EQ(scalar_value("true", Types::boolean), json(true));
    EXPECT_EQ(scalar_value("", Types::null | Types::number), json(nullptr));
    EXPECT_EQ(scalar_value("", Types::string), json(""));
    EXPECT_EQ(scalar_value("18446744073709551616", Types::number), json(18446744073709551616.0));
}

TEST(OpenapiValueShape, WhatIsNoNumberStaysText) {
    for (const char* text :
         {"", "-", "1.", ".5", "+1", "0x10", "1e999", "1 ", " 1", "nan", "inf", "1,0"}) {
        EXPECT_EQ(scalar_value(text, Types::number), json(text)) << text;
    }
}

TEST(OpenapiValueShape, AllCandidatesAreOffered) {
    EXPECT_EQ(json(scalar_values("1", Types::scalars)), json::parse(R"([1,"1"])"));
    EXPECT_EQ(json(scalar_values("null", Types::scalars)), json::parse(R"([null,"null"])"));
    EXPECT_EQ(json(scalar_values("x", Types::boolean)), json::parse(R"(["x"])"));
}

}  // namespace
}  // namespace patchbay::openapi
