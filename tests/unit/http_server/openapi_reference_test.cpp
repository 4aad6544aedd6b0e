// SPDX-License-Identifier: Apache-2.0
#include "openapi/reference.hpp"
#include "openapi/yaml_file.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

class OpenapiReference : public testing::Test {
  protected:
    void read(std::string_view text) {
        root_ = read_yaml(text, Limits(), problems_).value();
        references_.emplace(root_, problems_);
    }
    std::string problems() const { return problems_.empty() ? "" : to_string(problems_.error()); }

    Problems problems_{"file"};
    Node root_;
    std::optional<References> references_;
};

TEST_F(OpenapiReference, PointersLeadThroughMapsAndLists) {
    read("a:\n  b/c: [x, {d~e: found}]\n  'f g': 1\n");
    EXPECT_EQ(references_->target("#/a/b~1c/1/d~0e", {})->text(), "found");
    EXPECT_EQ(references_->target("#/a/f%20g", {})->integer(), 1);
    EXPECT_EQ(references_->target("#", {}), &root_);
    EXPECT_EQ(problems(), "");
}

TEST_F(OpenapiReference, ChainsAreFollowedToTheirEnd) {
    read("a: {$ref: '#/b'}\nb: {$ref: '#/c'}\nc: 3\n");
    EXPECT_EQ(references_->resolve(*root_.find("a")), root_.find("c"));
    EXPECT_EQ(references_->resolve(*root_.find("c")), root_.find("c"));
}

TEST_F(OpenapiReference, WhereAReferenceLeadsNowhereTheNearestNameIsTold) {
    read("components: {schemas: {Pet: {}, Cat: {}}}\n");
    EXPECT_EQ(references_->target("#/components/schemas/Pets", {4, 2}), nullptr);
    EXPECT_EQ(problems(),
              "file:4:2: `$ref: #/components/schemas/Pets` leads nowhere: there is no `Pets`; did "
              "you mean `Pet`? [openapi.reference]");
}

TEST_F(OpenapiReference, WhatIsNoPointerIsRefused) {
    read("a: [1]\n");
    for (const char* text : {"#anchor", "#/a/1", "#/a/01x", "#/a/-", "#/a/0/b", "#/%zz", ""}) {
        problems_ = Problems("file");
        EXPECT_EQ(references_->target(text, {1, 1}), nullptr) << text;
        EXPECT_NE(problems().find("[openapi.reference]"), std::string::npos) << text;
    }
}

TEST_F(OpenapiReference, ReferencesToOtherFilesAreNamed) {
    read("a: 1\n");
    EXPECT_EQ(references_->target("other.yaml#/a", {1, 1}), nullptr);
    EXPECT_NE(problems().find("`$ref: other.yaml#/a` leads out of the file"), std::string::npos);
    EXPECT_NE(problems().find("[openapi.external_reference]"), std::string::npos);
}

TEST_F(OpenapiReference, ACycleIsToldAsAWhole) {
    read("a: {$ref: '#/b'}\nb: {$ref: '#/c'}\nc: {$ref: '#/a'}\n");
    EXPECT_EQ(references_->resolve(*root_.find("a")), nullptr);
    EXPECT_EQ(problems(),
              "file:1:11: this reference returns to itself: #/b -> #/c -> #/a -> #/b "
              "[openapi.reference]");
}

TEST_F(OpenapiReference, EveryReferenceOfTheFileIsLookedAt) {
    read(
        "paths:\n"
        "  a: {responses: {'200': {$ref: '#/none'}}}\n"
        "  b: {$ref: 'other.yaml'}\n"
        "components:\n"
        "  example: {$ref: '#/data'}\n"
        "  properties: {$ref: {type: string}}\n");
    references_->check_all();
    EXPECT_EQ(problems(),
              "file:2:33: `$ref: #/none` leads nowhere: there is no `none` [openapi.reference]");
}

}  // namespace
}  // namespace patchbay::openapi
