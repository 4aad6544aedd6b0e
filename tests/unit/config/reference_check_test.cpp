// SPDX-License-Identifier: Apache-2.0
#include "config/reference_check.hpp"

#include "config/host_configuration_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace patchbay::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<KnownInstance> instances{{"stub", "fetchai/stub:0.21.0"},
                                           {"stub_two", "fetchai/stub_two:0.21.0"},
                                           {"echo", "patchbay/echo:0.1.0"}};

std::vector<std::string> reference_problems(const std::string& text) {
    const auto host = parse_host_configuration(text, "h.yaml", "/",
                                               [](const std::string&) { return std::nullopt; });
    EXPECT_TRUE(host) << text;
    std::vector<std::string> shown;
    for (const Error& error : check_references(*host, instances)) {
        shown.push_back(to_string(error));
    }
    return shown;
}

TEST(FindInstance, KnowsNamesAndComponentIds) {
    EXPECT_EQ(find_instance("echo", instances), 2U);
    EXPECT_EQ(find_instance("fetchai/stub_two:0.21.0", instances), 1U);
    EXPECT_FALSE(find_instance("nobody", instances));
    EXPECT_FALSE(find_instance("other/echo:0.1.0", instances));
}

TEST(FindInstance, IgnoresTheVersionWhenNoneIsExact) {
    EXPECT_EQ(find_instance("patchbay/echo:9.9.9", instances), 2U);
    EXPECT_EQ(find_instance("patchbay/echo", instances), 2U);
}

TEST(CheckReferences, AcceptsRoutesToInstances) {
    EXPECT_THAT(
        reference_problems("default_routing: {'a/b:1.0.0': stub}\n"
                           "default_connection: fetchai/stub:0.20.0\n"
                           "inbound: [{source: stub_two, to: [echo, stub]}, {agent: anybody}]\n"),
        IsEmpty());
}

TEST(CheckReferences, NamesEveryUnknownTarget) {
    EXPECT_THAT(
        reference_problems(
            "default_routing:\n  a/b:1.0.0: stubb\n"
            "default_connection: nowhere\n"
            "inbound:\n- {source: ecko, to: [echo, fetchai/stab:0.21.0]}\n"
            "connections: [{class: a/b, bind: {'fetchai/stub:0.21.0': stub_tow}}]\n"),
        ElementsAre("h.yaml:6:35: `bind` of the instance `b` names `stub_tow`, which no instance "
                    "is called; did you mean `stub_two`? [routing.unknown_target]",
                    "h.yaml:2:14: `default_routing` of `a/b:1.0.0` names `stubb`, which no "
                    "instance is called; did you mean `stub`? [routing.unknown_target]",
                    "h.yaml:3:21: `default_connection` names `nowhere`, which no instance is "
                    "called; the instances are `stub`, `stub_two`, `echo` "
                    "[routing.unknown_target]",
                    "h.yaml:5:12: `source` of an inbound route names `ecko`, which no instance is "
                    "called; did you mean `echo`? [routing.unknown_target]",
                    HasSubstr("did you mean `fetchai/stub:0.21.0`?")));
}

}  // namespace
}  // namespace patchbay::config
