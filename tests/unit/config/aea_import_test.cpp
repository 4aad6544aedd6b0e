// SPDX-License-Identifier: Apache-2.0
#include "config/aea_import.hpp"

#include "config/host_configuration_reader.hpp"
#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace patchbay::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// In the form that upstream's `aea create` and `aea add` write.
constexpr const char* agent = R"(agent_name: my_agent
author: me
version: 0.1.0
license: Apache-2.0
description: ''
aea_version: '>=2.0.0, <3.0.0'
fingerprint: {}
fingerprint_ignore_patterns: []
connections:
- fetchai/stub:0.21.0:bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4
- valory/http_server:0.22.0
contracts: []
protocols:
- fetchai/default:1.0.0
skills:
- fetchai/echo:0.19.0
customs: []
default_ledger: ethereum
default_connection: fetchai/stub:0.21.0
default_routing:
  valory/http:1.0.0: valory/http_server:0.22.0
connection_exception_policy: just_log
data_dir: ${str:/tmp/x}
dependencies: {}
---
public_id: fetchai/echo:0.19.0
type: skill
handlers: {}
---
public_id: valory/http_server:0.22.0
type: connection
config:
  host: ${HTTP_HOST:str:127.0.0.1}
  port: 8001
  nothing: null
  answer: 'yes'
is_abstract: false
protocols: []
)";

std::string import_with(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::vector<std::string> import_problems(const std::string& text) {
    std::vector<std::string> shown;
    const auto imported = import_aea_text(text, "aea-config.yaml");
    if (!imported) {
        for (const Error& error : imported.error()) {
            shown.push_back(to_string(error));
        }
    }
    return shown;
}

TEST(ImportAea, WritesAHostConfiguration) {
    const auto imported = import_aea_text(agent, "aea-config.yaml");
    ASSERT_TRUE(imported) << to_string(imported.error().front());
    EXPECT_EQ(imported->yaml, R"(# Imported from aea-config.yaml.
plugin_folders:
  - path: "./plugins.d"
connection_defaults:
  on_failure: just_log
connections:
  - class: fetchai/stub:0.21.0
  - class: valory/http_server:0.22.0
    config:
      host: "${HTTP_HOST:str:127.0.0.1}"
      port: 8001
      nothing: null
      answer: "yes"
    is_abstract: false
default_connection: fetchai/stub:0.21.0
default_routing:
  valory/http:1.0.0: valory/http_server:0.22.0
data_dir: "${AGENT_DATA_DIR:str:/tmp/x}"
)");
}

TEST(ImportAea, WritesWhatTheReaderAccepts) {
    const auto imported = import_aea_text(agent, "aea-config.yaml");
    const auto host = parse_host_configuration(imported->yaml, "h.yaml", "/",
                                               [](const std::string&) { return std::nullopt; });
    ASSERT_TRUE(host) << to_string(host.error().front());
    EXPECT_EQ(host->connections.at(1).name, "http_server");
    EXPECT_EQ(host->connections.at(1).limits.on_failure, FailurePolicy::just_log);
    EXPECT_EQ(host->data_dir, "/tmp/x");
}

TEST(ImportAea, ListsWhatItLeftOutAndWhy) {
    const auto imported =
        import_aea_text(import_with(agent, "customs: []", "costums: [x]"), "a.yaml");
    ASSERT_TRUE(imported);
    std::vector<std::string> names;
    for (const LeftOut& left : imported->left_out) {
        names.push_back(left.what);
        EXPECT_FALSE(left.why.empty()) << left.what;
        EXPECT_GT(left.location.line, 0U) << left.what;
    }
    EXPECT_THAT(names, Contains("skills"));
    EXPECT_THAT(names, Contains("protocols"));
    EXPECT_THAT(names, Contains("default_ledger"));
    EXPECT_THAT(names, Contains("override of the skill fetchai/echo:0.19.0"));
    EXPECT_THAT(names, Contains("connection valory/http_server:0.22.0: protocols"));
    EXPECT_THAT(names, Not(Contains("contracts")));
    EXPECT_THAT(names, Not(Contains("connections")));
    EXPECT_EQ(imported->left_out.back().why,
              "not a key of aea-config.yaml; did you mean `customs`?");
}

TEST(ImportAea, KeepsUpstreamsDefaultPolicy) {
    const auto imported = import_aea_text(
        import_with(agent, "connection_exception_policy: just_log\n", ""), "a.yaml");
    EXPECT_THAT(imported->yaml, HasSubstr("on_failure: propagate"));
    EXPECT_THAT(import_aea_text("connections: []\ndefault_connection: null\n", "a.yaml")->yaml,
                Not(HasSubstr("default_connection")));
}

TEST(ImportAea, RefusesWhatUpstreamRefuses) {
    EXPECT_THAT(import_problems(import_with(agent, "- valory/http_server:0.22.0\n", "")),
                ElementsAre(HasSubstr("connection that the agent does not list")));
    EXPECT_THAT(import_problems(std::string(agent) +
                                "---\npublic_id: valory/http_server:0.22.0\ntype: connection\n"),
                ElementsAre(HasSubstr("config.duplicate")));
    EXPECT_THAT(import_problems(std::string(agent) + "---\ntype: connection\n"),
                ElementsAre(HasSubstr("needs `public_id` and `type`")));
    EXPECT_THAT(import_problems(import_with(agent, "default_connection: fetchai/stub:0.21.0",
                                            "default_connection: stub")),
                ElementsAre("aea-config.yaml:19:21: `default_connection` must be a public id "
                            "(`author/name:version`), but is the string `stub` "
                            "[config.bad_public_id]"));
    EXPECT_THAT(import_problems(""), ElementsAre(HasSubstr("the file is empty")));
    EXPECT_THAT(import_problems("- x\n"), ElementsAre(HasSubstr("must be a map")));
    EXPECT_THAT(import_problems("a: 1\na: 2\n"), ElementsAre(HasSubstr("yaml.duplicate_key")));
}

TEST(ImportAea, ReadsTheFile) {
    const TemporaryFolder folder;
    EXPECT_FALSE(import_aea_config(folder.file("aea-config.yaml")));
    std::ofstream(folder.file("aea-config.yaml")) << agent;
    EXPECT_TRUE(import_aea_config(folder.file("aea-config.yaml")));
}

}  // namespace
}  // namespace patchbay::config
