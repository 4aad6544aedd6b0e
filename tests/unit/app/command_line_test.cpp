// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "unit/app/run_patchbay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::app {
namespace {

using ::testing::HasSubstr;

TEST(CommandLine, HelpIsNoError) {
    const Outcome outcome = run_patchbay({"--help"});
    EXPECT_EQ(outcome.code, exit_ok);
    EXPECT_THAT(outcome.out, HasSubstr("version"));
    EXPECT_EQ(run_patchbay({"version", "--help"}).code, exit_ok);
}

TEST(CommandLine, AMissingVerbIsAUsageError) {
    EXPECT_EQ(run_patchbay({}).code, exit_usage);
}

TEST(CommandLine, AnUnknownVerbIsAUsageErrorThatNamesIt) {
    const Outcome outcome = run_patchbay({"dance"});
    EXPECT_EQ(outcome.code, exit_usage);
    EXPECT_THAT(outcome.err, HasSubstr("dance"));
    EXPECT_EQ(outcome.out, "");
}

TEST(CommandLine, AnUnknownOptionIsAUsageErrorThatNamesIt) {
    const Outcome outcome = run_patchbay({"version", "--yaml"});
    EXPECT_EQ(outcome.code, exit_usage);
    EXPECT_THAT(outcome.err, HasSubstr("--yaml"));
}

TEST(CommandLine, VersionTellsTheRangeOfTheAbi) {
    const Outcome text = run_patchbay({"version"});
    EXPECT_EQ(text.code, exit_ok);
    EXPECT_THAT(text.out, HasSubstr("plugin ABI 1.0 to 1.1"));
    const Outcome json = run_patchbay({"version", "--json"});
    const auto document = nlohmann::json::parse(json.out);
    EXPECT_EQ(document.at("abi").at("minimum"), "1.0");
    EXPECT_EQ(document.at("abi").at("maximum"), "1.1");
    EXPECT_TRUE(document.at("plugin_folders").contains("installed"));
}

}  // namespace
}  // namespace patchbay::app
