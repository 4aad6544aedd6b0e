// SPDX-License-Identifier: Apache-2.0
#include "control/protocol.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::control {
namespace {

TEST(ControlProtocol, ARequestSurvivesTheWay) {
    const std::string line = request_line(7, "log-level", {{"level", "debug"}});
    ASSERT_EQ(line.back(), '\n');
    const auto request = parse_request(line);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->id, 7);
    EXPECT_EQ(request->verb, "log-level");
    EXPECT_EQ(request->arguments->at("level"), "debug");
}

TEST(ControlProtocol, IdAndArgumentsMayBeMissing) {
    const auto request = parse_request(R"({"verb":"status"})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->id, 0);
    EXPECT_TRUE(request->arguments->is_object());
}

TEST(ControlProtocol, RefusesWhatIsNoRequest) {
    for (const char* line : {"", "status", "[]", "{}", R"({"verb":1})", R"({"verb":"a","id":"b"})",
                             R"({"verb":"a","arguments":[]})", "{\"verb\":\"\xFF\"}"}) {
        const auto request = parse_request(line);
        ASSERT_FALSE(request) << line;
        EXPECT_EQ(request.error().code, "control.malformed");
    }
}

TEST(ControlProtocol, AnErrorSurvivesTheWay) {
    const Error error{ErrorClass::invalid, "config.unknown_key", "No.", {"a.yaml", 3, 4}};
    const Error back = error_from(to_json(error));
    EXPECT_EQ(back.error_class, ErrorClass::invalid);
    EXPECT_EQ(to_string(back), to_string(error));
}

TEST(ControlProtocol, BytesThatAreNoTextDoNotBreakTheLine) {
    const std::string line = item_line(1, {{"text", "a\xFF\nb"}});
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_TRUE(nlohmann::json::accept(line));
}

}  // namespace
}  // namespace patchbay::control
