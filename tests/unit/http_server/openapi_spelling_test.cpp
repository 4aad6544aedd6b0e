// SPDX-License-Identifier: Apache-2.0
#include "openapi/spelling.hpp"

#include <gtest/gtest.h>

#include <array>

namespace patchbay::openapi {
namespace {

constexpr std::array<std::string_view, 3> names{"minLength", "maxLength", "required"};

TEST(OpenapiSpelling, TheNearestNameIsMeant) {
    EXPECT_EQ(did_you_mean("minLenght", names), "; did you mean `minLength`?");
    EXPECT_EQ(did_you_mean("MAXLENGTH", names), "; did you mean `maxLength`?");
    EXPECT_EQ(did_you_mean("require", names), "; did you mean `required`?");
}

TEST(OpenapiSpelling, NothingIsMeantWhenNothingIsNear) {
    EXPECT_EQ(did_you_mean("colour", names), "");
    EXPECT_EQ(did_you_mean("", names), "");
    EXPECT_EQ(did_you_mean(std::string(1000, 'x'), names), "");
}

}  // namespace
}  // namespace patchbay::openapi
