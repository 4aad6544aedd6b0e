// SPDX-License-Identifier: Apache-2.0
#include "openapi/parameter_value.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

ValueShape array_of(std::uint8_t item_types) {
    ValueShape shape;
    shape.types = Types::array;
    shape.item_types = item_types;
    return shape;
}

/// R, G and B are numbers, names a list of texts.
ValueShape colour() {
    ValueShape shape;
    shape.types = Types::object;
    for (const char* name : {"R", "G", "B"}) {
        shape.properties[name].types = Types::number;
    }
    shape.properties["names"] = array_of(Types::string);
    return shape;
}

Parameter parameter(ParameterPlace in, Style style, bool explode, ValueShape shape) {
    Parameter result;
    result.name = "color";
    result.in = in;
    result.style = style;
    result.explode = explode;
    result.shape = std::move(shape);
    return result;
}

/// The likeliest value, or the reason for which there is none.
json first_of(const Parameter& parameter, std::string_view text) {
    const auto values = values_of_text(parameter, text);
    return values ? values->front() : json("refused: " + values.error().message);
}

json first_in_query(const Parameter& parameter, std::string_view query) {
    Pairs pairs;
    EXPECT_TRUE(split_query(query, 100, pairs));
    const auto values =
        values_of_pairs(parameter, pairs, [](std::string_view name) { return name == "claimed"; });
    if (!values) {
        return "refused: " + values.error().message;
    }
    return *values ? (*values)->front() : json("absent");
}

const json list = json::array({"blue", "black", "brown"});
const json rgb{{"R", 100}, {"G", 200}, {"B", 150}};

TEST(OpenapiParameterValue, SimpleStyle) {
    for (const bool explode : {false, true}) {
        EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::simple, explode,
                                     array_of(Types::string)),
                           "blue,black,brown"),
                  list);
    }
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::simple, false, colour()),
                       "R,100,G,200,B,150"),
              rgb);
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::simple, true, colour()),
                       "R=100,G=200,B=150"),
              rgb);
    EXPECT_EQ(
        first_of(parameter(ParameterPlace::header, Style::simple, false, array_of(Types::number)),
                 "1, 2 ,3"),
        json::array({1, 2, 3}));
}

TEST(OpenapiParameterValue, LabelStyle) {
    const auto array = [](bool explode) {
        return parameter(ParameterPlace::path, Style::label, explode, array_of(Types::string));
    };
    EXPECT_EQ(first_of(array(false), ".blue,black,brown"), list);
    EXPECT_EQ(first_of(array(false), ".blue.black.brown"), list);
    EXPECT_EQ(first_of(array(true), ".blue.black.brown"), list);
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::label, false, colour()),
                       ".R,100,G,200,B,150"),
              rgb);
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::label, true, colour()),
                       ".R=100.G=200.B=150"),
              rgb);
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::label, false, {}), ".blue"), "blue");
    EXPECT_EQ(first_of(array(true), "blue"), "refused: does not begin with `.`");
}

TEST(OpenapiParameterValue, MatrixStyle) {
    const auto array = [](bool explode) {
        return parameter(ParameterPlace::path, Style::matrix, explode, array_of(Types::string));
    };
    EXPECT_EQ(first_of(array(false), ";color=blue,black,brown"), list);
    EXPECT_EQ(first_of(array(true), ";color=blue;color=black;color=brown"), list);
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::matrix, false, colour()),
                       ";color=R,100,G,200,B,150"),
              rgb);
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::matrix, true, colour()),
                       ";R=100;G=200;B=150"),
              rgb);
    ValueShape string;
    string.types = Types::string;
    const Parameter text = parameter(ParameterPlace::path, Style::matrix, false, string);
    EXPECT_EQ(first_of(text, ";color=blue"), "blue");
    EXPECT_EQ(first_of(text, ";color"), "");
    EXPECT_EQ(first_of(text, "color=blue"), "refused: does not begin with `;`");
    EXPECT_EQ(first_of(text, ";shade=blue"), "refused: is not written `;color=...`");
    EXPECT_EQ(first_of(array(true), ";"), "refused: is not written `;color=...`");
}

TEST(OpenapiParameterValue, FormStyle) {
    const auto array = [](bool explode) {
        return parameter(ParameterPlace::query, Style::form, explode, array_of(Types::string));
    };
    EXPECT_EQ(first_in_query(array(true), "color=blue&x=1&color=black&color=brown"), list);
    EXPECT_EQ(first_in_query(array(false), "color=blue,black,brown"), list);
    EXPECT_EQ(first_in_query(array(false), "color=blue%2Cblack%2cx,brown"),
              json::array({"blue,black,x", "brown"}));
    EXPECT_EQ(first_in_query(array(false), "color=blue%2Cblack%2Cbrown"), list);
    EXPECT_EQ(first_in_query(array(true), "color=a+b&color=%C3%A4"), json::array({"a b", "ä"}));
    EXPECT_EQ(first_in_query(array(false), "color="), json::array());
    EXPECT_EQ(first_in_query(array(true), "other=1"), "absent");
    EXPECT_EQ(first_in_query(array(false), "color=a&color=b"), "refused: is given more than once");
    EXPECT_EQ(first_in_query(parameter(ParameterPlace::query, Style::form, false, colour()),
                             "color=R,100,G,200,B,150"),
              rgb);
}

TEST(OpenapiParameterValue, AnExplodedObjectStandsUnderItsOwnNames) {
    Parameter object = parameter(ParameterPlace::query, Style::form, true, colour());
    EXPECT_TRUE(is_spread_out(object));
    EXPECT_EQ(first_in_query(object, "R=100&G=200&other=1&B=150"), rgb);
    EXPECT_EQ(first_in_query(object, "names=a&names=b"), (json{{"names", {"a", "b"}}}));
    EXPECT_EQ(first_in_query(object, "R=1&R=2"), "refused: has the property `R` more than once");
    EXPECT_EQ(first_in_query(object, "color=1"), "absent");
    object.shape.judges_others = true;
    object.shape.other_types = Types::number;
    EXPECT_EQ(first_in_query(object, "R=1&claimed=2&free=3"), (json{{"R", 1}, {"free", 3}}));
}

TEST(OpenapiParameterValue, DelimitedStyles) {
    const auto array = [](Style style) {
        return parameter(ParameterPlace::query, style, false, array_of(Types::string));
    };
    EXPECT_EQ(first_in_query(array(Style::space_delimited), "color=blue%20black%20brown"), list);
    EXPECT_EQ(first_in_query(array(Style::space_delimited), "color=blue+black+brown"), list);
    EXPECT_EQ(first_in_query(array(Style::pipe_delimited), "color=blue|black|brown"), list);
    EXPECT_EQ(first_in_query(array(Style::pipe_delimited), "color=blue%7Cblack%7cx%7Cbrown"),
              json::array({"blue", "black|x", "brown"}));
    EXPECT_EQ(
        first_in_query(parameter(ParameterPlace::query, Style::pipe_delimited, false, colour()),
                       "color=R|100|G|200|B|150"),
        rgb);
}

TEST(OpenapiParameterValue, DeepObjects) {
    const Parameter object = parameter(ParameterPlace::query, Style::deep_object, true, colour());
    EXPECT_EQ(first_in_query(object, "color[R]=100&color%5BG%5D=200&color[B]=150&colors[x]=1"),
              rgb);
    EXPECT_EQ(first_in_query(object, "color[names]=a&color[names]=b"),
              (json{{"names", {"a", "b"}}}));
    EXPECT_EQ(first_in_query(object, "color[100%25]=1"), (json{{"100%", 1}}));
    EXPECT_EQ(first_in_query(object, "color=1&color[=1&color]=2"), "absent");
    EXPECT_EQ(first_in_query(object, "color[R]=1&color[R]=2"),
              "refused: has the property `R` more than once");
}

TEST(OpenapiParameterValue, ObjectsWithoutEvenPartsAreRefused) {
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::simple, false, colour()), "R,100,G"),
              "refused: has a name without a value");
    EXPECT_EQ(first_of(parameter(ParameterPlace::path, Style::simple, true, colour()), "R=1,G"),
              "refused: has a name without a value");
}

TEST(OpenapiParameterValue, WhatIsNotEncodedRightIsRefused) {
    EXPECT_EQ(first_in_query(parameter(ParameterPlace::query, Style::form, true, {}), "color=%zz"),
              "refused: is not properly encoded");
    EXPECT_EQ(first_of(parameter(ParameterPlace::header, Style::simple, false, {}), "\xFF"),
              "refused: is not properly encoded");
}

TEST(OpenapiParameterValue, ATextMayStandForSeveralValues) {
    ValueShape shape;
    shape.types = Types::array | Types::number | Types::string;
    const auto values =
        values_of_text(parameter(ParameterPlace::path, Style::simple, false, shape), "5");
    EXPECT_EQ(json(values.value()), json::parse(R"([[5],5,"5"])"));
}

}  // namespace
}  // namespace patchbay::openapi
