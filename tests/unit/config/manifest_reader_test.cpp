// SPDX-License-Identifier: Apache-2.0
#include "config/manifest_reader.hpp"

#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace patchbay::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// As upstream's tool writes it, all optional fields included.
constexpr const char* complete = R"(name: http_server
author: valory
version: 0.22.0
type: connection
description: A connection that serves
  HTTP.
license: Apache-2.0
aea_version: '>=2.0.0, <3.0.0'
fingerprint:
  README.md: bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4
  tests/__init__.py: bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4
fingerprint_ignore_patterns:
- '*.tmp'
build_entrypoint: build/steps.py
build_directory: ./build
connections:
- fetchai/stub:0.21.0
- fetchai/local:0.20.0:bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4
protocols:
- valory/http:1.0.0:bafybeidxkp3vga7t6x2pbt2tpkgyaxa5bgpdgryao54py7w3yxyzr7neoy
class_name: HTTPServerConnection
config:
  host: 127.0.0.1
  port: 8000
  timeout: null
  words: [a, b]
excluded_protocols: []
restricted_to_protocols:
- valory/http:1.0.0
dependencies:
  aiohttp:
    version: <4.0.0,>=3.8.5
    index: https://pypi.org/simple
  werkzeug: {}
  tls:
    pkg_config: openssl
    version: '>=3.0.0'
  c-ares:
    library: libcares.so.2
is_abstract: false
cert_requests:
- identifier: acn
  ledger_id: ethereum
  message_format: '{public_key}'
  not_after: '2027-01-01'
  not_before: '2026-01-01'
  public_key: cosmos
  save_path: .certs/conn_cert.txt
)";

std::string manifest_with(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::vector<std::string> manifest_problems(const std::string& text) {
    std::vector<std::string> shown;
    const auto manifest = parse_manifest(text, "c.yaml");
    if (!manifest) {
        for (const Error& error : manifest.error()) {
            shown.push_back(to_string(error));
        }
    }
    return shown;
}

TEST(ParseManifest, ReadsEveryFieldOfUpstream) {
    const auto manifest = parse_manifest(complete, "c.yaml");
    ASSERT_TRUE(manifest) << to_string(manifest.error().front());
    EXPECT_EQ(manifest->public_id(), "valory/http_server:0.22.0");
    EXPECT_EQ(manifest->description, "A connection that serves HTTP.");
    EXPECT_EQ(manifest->license, "Apache-2.0");
    EXPECT_EQ(manifest->aea_version, ">=2.0.0, <3.0.0");
    ASSERT_EQ(manifest->fingerprint.size(), 2U);
    EXPECT_EQ(manifest->fingerprint[1].path, "tests/__init__.py");
    EXPECT_EQ(manifest->fingerprint[1].location.line, 11U);
    EXPECT_THAT(manifest->fingerprint_ignore_patterns, ElementsAre("*.tmp"));
    EXPECT_EQ(manifest->build_entrypoint, "build/steps.py");
    EXPECT_EQ(manifest->build_directory, "./build");
    EXPECT_EQ(manifest->class_name, "HTTPServerConnection");
    EXPECT_EQ(to_json(manifest->config),
              R"({"host":"127.0.0.1","port":8000,"timeout":null,"words":["a","b"]})");
    ASSERT_EQ(manifest->connections.size(), 2U);
    EXPECT_EQ(manifest->connections[0].id, "fetchai/stub:0.21.0");
    EXPECT_EQ(manifest->connections[0].location.line, 17U);
    EXPECT_EQ(manifest->connections[0].location.column, 3U);
    EXPECT_EQ(manifest->connections[0].location.file, "c.yaml");
    EXPECT_EQ(manifest->restricted_to_protocols[0].id, "valory/http:1.0.0");
    ASSERT_EQ(manifest->dependencies.size(), 4U);
    EXPECT_EQ(manifest->dependencies[0].index, "https://pypi.org/simple");
    EXPECT_EQ(manifest->dependencies[2].pkg_config, "openssl");
    EXPECT_EQ(manifest->dependencies[3].library, "libcares.so.2");
    EXPECT_FALSE(manifest->is_abstract);
    ASSERT_EQ(manifest->cert_requests.size(), 1U);
    EXPECT_EQ(manifest->cert_requests[0].not_after, "2027-01-01");
    EXPECT_EQ(manifest->cert_requests[0].message_format, "{public_key}");
    EXPECT_FALSE(manifest->library);
}

TEST(ParseManifest, AcceptsOurOwnFields) {
    const auto manifest = parse_manifest(
        manifest_with(complete, "class_name:", "library: libother.so\nclass_name:"), "c.yaml");
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->library, "libother.so");
    EXPECT_EQ(manifest->library_location.line, 21U);
}

TEST(ParseManifest, DoesNotNeedAeaVersion) {
    EXPECT_THAT(manifest_problems(manifest_with(complete, "aea_version: '>=2.0.0, <3.0.0'\n", "")),
                IsEmpty());
}

TEST(ParseManifest, NamesEveryMissingKeyInOnePass) {
    const auto problems = manifest_problems("name: x\nauthor: y\n");
    EXPECT_EQ(problems.size(), 14U);
    EXPECT_THAT(problems, testing::Contains(
                              "c.yaml:1:1: the key `class_name` is missing [config.missing_key]"));
}

TEST(ParseManifest, OffersTheNearestKey) {
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "excluded_protocols:", "exclude_protocols:")),
        testing::Contains("c.yaml:27:1: the key `exclude_protocols` is not known here; did "
                          "you mean `excluded_protocols`? [config.unknown_key]"));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "index:", "indx:")),
                ElementsAre("c.yaml:33:5: the key `dependencies.aiohttp.indx` is not known here; "
                            "did you mean `index`? [config.unknown_key]"));
}

TEST(ParseManifest, ChecksIdsAndVersions) {
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "fetchai/stub:0.21.0", "fetchai/Stub:0.21")),
        ElementsAre(HasSubstr("c.yaml:17:3: `connections[0]` must be a public id")));
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "fetchai/stub:0.21.0", "fetchai/stub:latest")),
        ElementsAre(HasSubstr("not `latest`")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "fetchai/stub:0.21.0", "fetchai/stub")),
                IsEmpty());
    EXPECT_THAT(manifest_problems(manifest_with(complete, "version: 0.22.0", "version: 0.22")),
                ElementsAre(HasSubstr("put it in quotes")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "version: 0.22.0", "version: 0.22.x")),
                ElementsAre(HasSubstr("`version` must be a version like `0.1.0`")));
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "name: http_server", "name: http-server")),
        ElementsAre(HasSubstr("`name` must be a lower-case letter")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "type: connection", "type: protocol")),
                ElementsAre(HasSubstr("`type` must be one of `connection`")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "'>=2.0.0, <3.0.0'", "'>=2.0.0 <3.0.0'")),
                ElementsAre(HasSubstr("`aea_version` must be a version")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "'>=2.0.0, <3.0.0'", "2.0.0rc1")),
                IsEmpty());
}

TEST(ParseManifest, RefusesDuplicates) {
    EXPECT_THAT(
        manifest_problems(
            manifest_with(complete,
                          "- fetchai/local:0.20.0:bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaa"
                          "nokonsggenkbw6slwk4",
                          "- fetchai/stub:0.21.0")),
        ElementsAre(HasSubstr("c.yaml:18:3: `fetchai/stub:0.21.0` stands in `connections` a second "
                              "time; the first is in line 17")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "- '*.tmp'", "- '*.tmp'\n- '*.tmp'")),
                ElementsAre(HasSubstr("config.duplicate")));
}

TEST(ParseManifest, ChecksTypes) {
    EXPECT_THAT(manifest_problems(manifest_with(complete, "is_abstract: false", "is_abstract: no")),
                ElementsAre(HasSubstr("`is_abstract` must be `true` or `false`, but is the string "
                                      "`no`; write `false`")));
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "excluded_protocols: []", "excluded_protocols:")),
        ElementsAre(HasSubstr("`excluded_protocols` must be a list, but is null")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "werkzeug: {}", "werkzeug:")),
                ElementsAre(HasSubstr("`dependencies.werkzeug` must be a map, but is null")));
    EXPECT_THAT(manifest_problems("[]"), ElementsAre(HasSubstr("the file must be a map")));
    EXPECT_THAT(manifest_problems(""), ElementsAre(HasSubstr("the file must be a map")));
}

TEST(ParseManifest, ChecksCertRequests) {
    EXPECT_THAT(manifest_problems(
                    manifest_with(complete, "not_after: '2027-01-01'", "not_after: '2026-01-01'")),
                ElementsAre(HasSubstr("must be later than `not_before`")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "'2027-01-01'", "'2027-02-30'")),
                ElementsAre(HasSubstr("that the calendar has")));
    EXPECT_THAT(manifest_problems(manifest_with(complete, "'2027-01-01'", "'2027-01-01T00:00'")),
                ElementsAre(HasSubstr("must be a day written as YYYY-MM-DD")));
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "  save_path: .certs/conn_cert.txt\n", "")),
        ElementsAre(HasSubstr("`cert_requests[0].save_path` is missing")));
    EXPECT_THAT(
        manifest_problems(manifest_with(complete, "  message_format: '{public_key}'\n", "")),
        IsEmpty());
}

TEST(ParseManifest, RefusesPathsThatLeaveTheFolder) {
    EXPECT_THAT(manifest_problems(manifest_with(complete, "README.md:", "../README.md:")),
                ElementsAre(HasSubstr("must be a path inside the folder")));
    EXPECT_THAT(manifest_problems(
                    manifest_with(complete, "class_name:", "library: /lib/x.so\nclass_name:")),
                ElementsAre(HasSubstr("`library` must be a path inside the folder")));
}

TEST(ParseManifest, ReportsProblemsOfTheYamlAndOfTheContentTogether) {
    EXPECT_THAT(manifest_problems(manifest_with(complete, "port: 8000", "port: 08000") +
                                  "name: again\nnmae: x\n"),
                ElementsAre(HasSubstr(":24:9: `08000` has a leading zero"),
                            HasSubstr("the key `name` stands in this map a second time"),
                            HasSubstr("did you mean `name`?")));
}

TEST(ParseManifest, LeavesPlaceholdersAlone) {
    const auto manifest =
        parse_manifest(manifest_with(complete, "host: 127.0.0.1", "host: ${HOST:str:x}"), "c.yaml");
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->config.find("host")->string(), "${HOST:str:x}");
}

TEST(ReadManifest, FindsTheFileInTheFolder) {
    const TemporaryFolder temporary;
    const std::filesystem::path folder = temporary.path();
    std::ofstream(folder / "connection.yaml") << complete;
    const auto manifest = read_manifest(folder.string());
    ASSERT_TRUE(manifest);
    EXPECT_EQ(manifest->path, (folder / "connection.yaml").lexically_normal().string());
    std::filesystem::remove(folder / "connection.yaml");
    EXPECT_THAT(to_string(read_manifest((folder / "connection.yaml").string()).error().front()),
                HasSubstr("cannot read the file: No such file"));
}

}  // namespace
}  // namespace patchbay::config
