// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "unit/app/example_host.hpp"
#include "unit/app/run_patchbay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::app {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class ReadingVerbs : public ::testing::Test {
  protected:
    ExampleHost host;
};

TEST_F(ReadingVerbs, CheckShowsTheOrderOfTheStart) {
    const Outcome outcome = run_patchbay({"check", host.config()});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_LT(outcome.out.find("1  base"), outcome.out.find("2  user"));
    EXPECT_THAT(outcome.out, HasSubstr("needs base"));
}

TEST_F(ReadingVerbs, CheckAsJsonHasDefaultsAndNoSecrets) {
    const Outcome outcome = run_patchbay({"check", host.config(), "--json"});
    const json document = json::parse(outcome.out);
    EXPECT_TRUE(document.at("ok"));
    EXPECT_EQ(document.at("configuration").at("limits").at("max_hops"), 16);
    EXPECT_THAT(outcome.out, Not(HasSubstr("hunter2")));
}

TEST_F(ReadingVerbs, CheckSaysWhereAMistakeIs) {
    host.configure("conections: []\n");
    const Outcome outcome = run_patchbay({"check", host.config()});
    EXPECT_EQ(outcome.code, exit_configuration);
    EXPECT_THAT(outcome.err, HasSubstr(host.config() + ":1:1: "));
    EXPECT_THAT(outcome.err, HasSubstr("did you mean `connections`?"));
    EXPECT_THAT(outcome.err, HasSubstr("| ^"));
    const Outcome as_json = run_patchbay({"check", host.config(), "--json"});
    EXPECT_EQ(as_json.code, exit_configuration);
    EXPECT_EQ(json::parse(as_json.out).at("errors").at(0).at("line"), 1);
}

TEST_F(ReadingVerbs, CheckObjectsToAnInstanceThatCannotStart) {
    host.add_plugin("user", "connections: [acme/bse:0.1.0]\n");
    const Outcome outcome = run_patchbay({"check", host.config()});
    EXPECT_EQ(outcome.code, exit_configuration);
    EXPECT_THAT(outcome.err, HasSubstr("did you mean `acme/base:0.1.0`?"));
}

TEST_F(ReadingVerbs, AMissingConfigurationIsAConfigurationError) {
    for (const char* verb : {"check", "graph", "list"}) {
        const Outcome outcome = run_patchbay({verb, host.folder.file("nowhere.yaml")});
        EXPECT_EQ(outcome.code, exit_configuration) << verb;
        EXPECT_THAT(outcome.err, HasSubstr("nowhere.yaml")) << verb;
    }
}

TEST_F(ReadingVerbs, ListShowsPluginsWithTheirInstances) {
    host.add_plugin("idle", "");
    host.add_plugin("broken", "nonsense: 1\n");
    const Outcome outcome = run_patchbay({"list", host.config()});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, ::testing::ContainsRegex("acme/user:0.1.0 +user +planned"));
    EXPECT_THAT(outcome.out, ::testing::ContainsRegex("acme/idle:0.1.0 +- +found"));
    EXPECT_THAT(outcome.out, ::testing::ContainsRegex("broken +- +broken +.*nonsense"));
    const json document = json::parse(run_patchbay({"list", host.config(), "--json"}).out);
    EXPECT_FALSE(document.at("running"));
    EXPECT_EQ(document.at("plugins").size(), 4U);
    EXPECT_EQ(document.at("instances").size(), 2U);
}

TEST_F(ReadingVerbs, InspectTakesAnIdOrAFile) {
    const Outcome by_id = run_patchbay({"inspect", "user", "-c", host.config(), "--json"});
    EXPECT_EQ(by_id.code, exit_ok) << by_id.err;
    const json document = json::parse(by_id.out);
    EXPECT_EQ(document.at("public_id"), "acme/user:0.1.0");
    EXPECT_EQ(document.at("instance").at("config").at("password"), "[redacted]");
    EXPECT_EQ(document.at("instance").at("config").at("port"), 8000);
    const std::string file = host.folder.file("plugins/user/connection.yaml");
    const Outcome by_file = run_patchbay({"inspect", file});
    EXPECT_THAT(by_file.out, HasSubstr("connections:      acme/base:0.1.0"));
}

TEST_F(ReadingVerbs, AnUnknownIdNamesTheNearest) {
    for (const char* verb : {"inspect", "explain"}) {
        const Outcome outcome = run_patchbay({verb, "usr", "-c", host.config()});
        EXPECT_EQ(outcome.code, exit_failed) << verb;
        EXPECT_THAT(outcome.err, HasSubstr("did you mean `user`?")) << verb;
    }
}

TEST_F(ReadingVerbs, ExplainSaysWhatStartsAnInstance) {
    const Outcome outcome = run_patchbay({"explain", "base", "-c", host.config()});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("is configured at " + host.config() + ":4"));
    EXPECT_THAT(outcome.out, HasSubstr("'user' needs it."));
    EXPECT_THAT(outcome.out, HasSubstr("It starts as number 1 of 2."));
}

TEST_F(ReadingVerbs, ExplainSaysWhyAPluginIsNotStarted) {
    host.add_plugin("idle", "");
    const Outcome outcome = run_patchbay({"explain", "acme/idle:0.1.0", "-c", host.config()});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("nothing lists it"));
    host.add_plugin("user", "connections: [acme/bse:0.1.0]\n");
    const json failed =
        json::parse(run_patchbay({"explain", "user", "-c", host.config(), "--json"}).out);
    EXPECT_FALSE(failed.at("starts"));
    EXPECT_EQ(failed.at("errors").at(0).at("code"), "graph.dependency_missing");
}

TEST_F(ReadingVerbs, GraphSpeaksThreeNotations) {
    EXPECT_THAT(run_patchbay({"graph", host.config()}).out,
                HasSubstr("\"user\" -> \"base\" [label=\"needs\"]"));
    EXPECT_THAT(run_patchbay({"graph", host.config(), "--format", "mermaid"}).out,
                HasSubstr("n1 -->|needs| n0"));
    const json document =
        json::parse(run_patchbay({"graph", host.config(), "--format", "json"}).out);
    EXPECT_EQ(document.at("edges").at(0).at("to"), "base");
}

TEST_F(ReadingVerbs, ImportWritesAConfigurationAndListsWhatItLeftOut) {
    const std::string path = host.folder.file("aea-config.yaml");
    std::ofstream(path) << "agent_name: a\nauthor: acme\nversion: 0.1.0\nlicense: Apache-2.0\n"
                           "aea_version: '>=1.0.0'\nconnections: [acme/user:0.1.0]\n"
                           "skills: [acme/idea:0.1.0]\n";
    const std::string target = host.folder.file("imported.yaml");
    const Outcome outcome = run_patchbay({"import", path, "-o", target});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("skills"));
    EXPECT_TRUE(std::filesystem::exists(target));
    EXPECT_EQ(run_patchbay({"import", path, "-o", target}).code, exit_failed);
}

}  // namespace
}  // namespace patchbay::app
