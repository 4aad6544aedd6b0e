// SPDX-License-Identifier: Apache-2.0
#include "openapi/format.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace patchbay::openapi {
namespace {

void expect(Format format, std::initializer_list<std::string_view> good,
            std::initializer_list<std::string_view> bad) {
    for (const std::string_view text : good) {
        EXPECT_TRUE(has_format(text, format)) << text;
    }
    for (const std::string_view text : bad) {
        EXPECT_FALSE(has_format(text, format)) << text;
    }
}

TEST(OpenapiFormat, Dates) {
    expect(Format::date, {"2024-02-29", "2000-02-29", "1999-12-31"},
           {"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-04-31", "2024-1-1",
            "2024-01-01T00:00:00Z", "20240101", "abcd-ef-gh"});
}

TEST(OpenapiFormat, Times) {
    expect(
        Format::date_time,
        {"2024-02-29T23:59:60Z", "2024-01-01t00:00:00.123456+02:00", "2024-01-01T00:00:00-23:59"},
        {"2024-02-29", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
         "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+24:00",
         "2024-01-01 00:00:00Z", "2024-01-01T"});
}

TEST(OpenapiFormat, Uuids) {
    expect(Format::uuid,
           {"123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"},
           {"", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g",
            "123e4567-e89b-12d3-a456-4266141740001"});
}

TEST(OpenapiFormat, Base64) {
    expect(Format::byte, {"", "YQ==", "YWI=", "YWJj", "+/+/"},
           {"YQ", "YQ=", "Y===", "YW-_", "====", "Y=Q="});
}

TEST(OpenapiFormat, EmailAddresses) {
    expect(Format::email, {"a@b", "first.last+tag@example.org", "ä@ö.example"},
           {"", "a", "@b", "a@", "a b@c", "a@.b", "a@b."});
}

TEST(OpenapiFormat, Integers) {
    EXPECT_TRUE(has_format(2147483647.0, Format::int32));
    EXPECT_FALSE(has_format(2147483648.0, Format::int32));
    EXPECT_TRUE(has_format(-2147483648.0, Format::int32));
    EXPECT_FALSE(has_format(-2147483649.0, Format::int32));
    EXPECT_FALSE(has_format(9223372036854775808.0, Format::int64));
    EXPECT_TRUE(has_format(1e300, Format::uuid));
    EXPECT_TRUE(has_format("text", Format::int32));
}

TEST(OpenapiFormat, OthersAreAnnotations) {
    EXPECT_EQ(format_named("date-time"), Format::date_time);
    EXPECT_FALSE(format_named("password"));
    EXPECT_FALSE(format_named(""));
}

}  // namespace
}  // namespace patchbay::openapi
