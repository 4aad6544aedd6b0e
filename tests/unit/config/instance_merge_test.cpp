// SPDX-License-Identifier: Apache-2.0
#include "config/instance_merge.hpp"

#include "config/yaml_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace patchbay::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Value yaml(const std::string& text, const std::string& file = "host.yaml") {
    auto value = read_yaml(text, file);
    EXPECT_TRUE(value) << text;
    return std::move(*value);
}

ConnectionManifest manifest_with(const std::string& config) {
    ConnectionManifest manifest;
    manifest.name = "x";
    manifest.config = yaml(config, "connection.yaml");
    return manifest;
}

/// JSON of the merged config, or the first problem.
std::string merged(const std::string& own, const std::string& change) {
    InstanceOverrides overrides;
    overrides.config = yaml(change);
    const auto result = merge_instance_config(manifest_with(own), overrides);
    return result ? to_json(result->config) : to_string(result.error().front());
}

TEST(MergeInstanceConfig, KeepsTheManifestWithoutOverrides) {
    const auto result = merge_instance_config(manifest_with("{a: 1}"), {});
    EXPECT_EQ(to_json(result->config), R"({"a":1})");
}

TEST(MergeInstanceConfig, MergesMapsAndReplacesLists) {
    EXPECT_EQ(merged("{a: 1, b: {c: x, d: [1, 2]}}", "{b: {d: [3]}, a: 2}"),
              R"({"a":2,"b":{"c":"x","d":[3]}})");
}

TEST(MergeInstanceConfig, RefusesKeysThatTheClassDoesNotHave) {
    EXPECT_EQ(merged("{port: 1}", "{prot: 2}"),
              "host.yaml:1:2: the key `config.prot` is not in the connection.yaml of the class; "
              "did you mean `port`? [override.unknown_key]");
    EXPECT_THAT(merged("{a: {b: 1}}", "{a: {c: 2}}"), HasSubstr("`config.a.c`"));
}

TEST(MergeInstanceConfig, RefusesOtherTypes) {
    EXPECT_THAT(merged("{a: 1}", "{a: '1'}"),
                HasSubstr("`config.a` must be an integer like the value in the connection.yaml of "
                          "the class (line 1), but is the string `1`"));
    EXPECT_THAT(merged("{a: 1}", "{a: 1.0}"), HasSubstr("override.wrong_type"));
    EXPECT_THAT(merged("{a: 1.5}", "{a: 2}"), HasSubstr("write `2.0`"));
    EXPECT_THAT(merged("{a: 1}", "{a: true}"), HasSubstr("override.wrong_type"));
    EXPECT_THAT(merged("{a: {b: 1}}", "{a: 1}"), HasSubstr("must be a map"));
    EXPECT_THAT(merged("{a: [1]}", "{a: {b: 1}}"), HasSubstr("must be a list"));
}

TEST(MergeInstanceConfig, TreatsNullAsUpstreamDoes) {
    EXPECT_EQ(merged("{a: 1, b: {c: 1}}", "{a: null, b: null}"), R"({"a":null,"b":null})");
    EXPECT_EQ(merged("{a: null, b: null}", "{a: [1], b: {c: 2}}"), R"({"a":[1],"b":{"c":2}})");
}

TEST(MergeInstanceConfig, LetsAnEmptyMapTakeAnything) {
    EXPECT_EQ(merged("{headers: {}}", "{headers: {accept: x, n: {m: 1}}}"),
              R"({"headers":{"accept":"x","n":{"m":1}}})");
}

TEST(MergeInstanceConfig, FindsEveryProblem) {
    InstanceOverrides overrides;
    overrides.config = yaml("{a: x, nope: 1}");
    overrides.is_abstract = yaml("yes");
    overrides.build_directory = yaml("5");
    overrides.cert_requests = yaml("[{identifier: acn}]");
    const auto result = merge_instance_config(manifest_with("{a: 1}"), overrides);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().size(), 9U);
}

TEST(MergeInstanceConfig, AppliesTheOtherOverrides) {
    InstanceOverrides overrides;
    overrides.is_abstract = yaml("true");
    overrides.build_directory = yaml("out");
    overrides.cert_requests = yaml(
        "[{identifier: acn, ledger_id: ethereum, not_before: 2026-01-01,"
        " not_after: 2027-01-01, public_key: k, save_path: p}]");
    const auto result = merge_instance_config(manifest_with("{}"), overrides);
    ASSERT_TRUE(result) << to_string(result.error().front());
    EXPECT_TRUE(result->is_abstract);
    EXPECT_EQ(result->build_directory, "out");
    EXPECT_EQ(result->cert_requests.at(0).not_before, "2026-01-01");
}

TEST(MergeInstanceConfig, RefusesAConfigThatIsNotAMap) {
    EXPECT_THAT(merged("{a: 1}", "null"), HasSubstr("the override of `config` must be a map"));
}

TEST(MergeInstanceConfig, CompletesTheClassByItsAbstractConnections) {
    const Value first = yaml("{host: first, tls: {ca: x, verify: true}}");
    const Value second = yaml("{host: second, retries: 3}");
    InstanceOverrides overrides;
    overrides.config = yaml("{retries: 4, tls: {verify: false}}");
    const auto result = merge_instance_config(manifest_with("{port: 1, tls: {ca: own}}"), overrides,
                                              {&first, &second});
    ASSERT_TRUE(result) << to_string(result.error().front());
    EXPECT_EQ(to_json(result->config),
              R"({"port":1,"tls":{"ca":"own","verify":false},"host":"first","retries":4})");
}

}  // namespace
}  // namespace patchbay::config
