// SPDX-License-Identifier: Apache-2.0
#include "plugins/check.hpp"

#include "plan_scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using test::catalogue_of;
using test::host_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> check_codes(const std::vector<Error>& errors) {
    std::vector<std::string> result;
    std::transform(errors.begin(), errors.end(), std::back_inserter(result),
                   [](const Error& error) { return error.code; });
    return result;
}

TEST(Check, HasNothingToSayOfAGoodHost) {
    const Catalogue catalogue = catalogue_of({{.name = "one"}}, true);
    const CheckReport report = check(catalogue, resolve(host_of("{}"), catalogue));
    EXPECT_THAT(report.problems, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
}

TEST(Check, TellsEachProblemOnce) {
    // Three members of one cycle, and a plugin with two instances.
    Catalogue catalogue = catalogue_of({{.name = "a", .connections = "['acme/b:1.2.3']"},
                                        {.name = "b", .connections = "['acme/c:1.2.3']"},
                                        {.name = "c", .connections = "['acme/a:1.2.3']"},
                                        {.name = "d"}},
                                       true);
    catalogue.plugins[3].errors.push_back(
        {ErrorClass::invalid, "plugin.no_note", "no note", {"libd.so"}});
    const CheckReport report = check(catalogue, resolve(host_of("{}"), catalogue));
    EXPECT_THAT(check_codes(report.problems), ElementsAre("graph.cycle", "plugin.no_note"));
}

TEST(Check, OnlyWarnsOfABrokenPluginThatNothingWouldStart) {
    Catalogue catalogue = catalogue_of({{.name = "a"}});
    catalogue.plugins[0].errors.push_back({ErrorClass::invalid, "plugin.no_note", "no note", {}});
    const CheckReport report = check(catalogue, resolve(host_of("{}"), catalogue));
    EXPECT_THAT(report.problems, IsEmpty());
    EXPECT_THAT(check_codes(report.warnings), ElementsAre("plugin.no_note"));
}

TEST(Check, TakesAnUnreadableConnectionYamlSeriously) {
    Catalogue catalogue = catalogue_of({{.name = "a"}});
    catalogue.plugins[0].manifest = nullptr;
    catalogue.plugins[0].errors.push_back({ErrorClass::invalid, "yaml.syntax", "bad", {}});
    EXPECT_THAT(check_codes(check(catalogue, resolve(host_of("{}"), catalogue)).problems),
                ElementsAre("yaml.syntax"));
}

}  // namespace
}  // namespace patchbay::plugins
