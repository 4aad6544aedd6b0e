// SPDX-License-Identifier: Apache-2.0
#include "config/host_configuration_reader.hpp"

#include "config/effective_configuration.hpp"
#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace patchbay::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

const Environment no_variables = [](const std::string&) { return std::nullopt; };

Checked<HostConfiguration> parse(const std::string& text,
                                 const Environment& environment = no_variables) {
    return parse_host_configuration(text, "h.yaml", "/etc/patchbay", environment);
}

std::vector<std::string> problems_of(const std::string& text,
                                     const Environment& environment = no_variables) {
    std::vector<std::string> shown;
    const auto host = parse(text, environment);
    if (!host) {
        for (const Error& error : host.error()) {
            shown.push_back(to_string(error));
        }
    }
    return shown;
}

TEST(HostConfiguration, HasTheDefaultsOfTheDesign) {
    const auto host = parse("{}");
    ASSERT_TRUE(host);
    EXPECT_TRUE(host->connections.empty());
    EXPECT_EQ(host->data_dir, "/etc/patchbay/data");
    EXPECT_EQ(host->limits.max_hops, 16U);
    EXPECT_EQ(host->heartbeat.heartbeat_interval, 30s);
    EXPECT_EQ(host->heartbeat.agent_timeout, 90s);
    EXPECT_EQ(host->heartbeat.ping_timeout, 5s);
    EXPECT_EQ(host->identity.certificate_ttl_hours, 24.0);
    EXPECT_EQ(host->connection_defaults.timeouts.connect, 60s);
    EXPECT_EQ(host->connection_defaults.timeouts.send, 60s);
    EXPECT_EQ(host->connection_defaults.timeouts.disconnect, 5s);
    EXPECT_EQ(host->connection_defaults.on_failure, FailurePolicy::just_log);
    EXPECT_EQ(host->connection_defaults.reconnect.attempts, 0U);
    EXPECT_EQ(host->fingerprint, FingerprintPolicy::warn);
}

TEST(HostConfiguration, ReadsTheExampleOfTheDesign) {
    const auto host = parse(R"(
plugin_folders: [{path: ./plugins.d, autostart: true, watch: true}]
connections:
  - {class: fetchai/stub:0.21.0, name: stub, required: true, config: {input_file: in, output_file: out}}
default_routing: {"fetchai/default:1.0.0": stub}
inbound: [{protocol: "valory/http:1.0.0", to: echo}]
)");
    ASSERT_TRUE(host) << to_string(host.error().front());
    ASSERT_EQ(host->plugin_folders.size(), 1U);
    EXPECT_EQ(host->plugin_folders[0].path, "/etc/patchbay/plugins.d");
    EXPECT_TRUE(host->plugin_folders[0].autostart);
    EXPECT_TRUE(host->plugin_folders[0].watch);
    ASSERT_EQ(host->connections.size(), 1U);
    const ConnectionInstance& stub = host->connections[0];
    EXPECT_EQ(stub.class_id, "fetchai/stub:0.21.0");
    EXPECT_EQ(stub.name, "stub");
    EXPECT_TRUE(stub.required);
    EXPECT_TRUE(stub.enabled);
    EXPECT_FALSE(stub.allow_missing_certificates);
    EXPECT_EQ(to_json(*stub.overrides.config), R"({"input_file":"in","output_file":"out"})");
    EXPECT_EQ(stub.location.line, 4U);
    ASSERT_EQ(host->default_routing.size(), 1U);
    EXPECT_EQ(host->default_routing[0].connection, "stub");
    ASSERT_EQ(host->inbound.size(), 1U);
    EXPECT_EQ(host->inbound[0].protocol, "valory/http:1.0.0");
    EXPECT_EQ(host->inbound[0].to[0].id, "echo");
}

TEST(HostConfiguration, ReadsEveryKey) {
    const auto host = parse(R"(
connection_defaults: {on_failure: propagate, timeouts: {send: 1.5}}
connections:
  - class: patchbay/local:0.1.0
    name: left
    enabled: false
    allow_missing_certificates: true
    bind: {"fetchai/stub:0.21.0": stub_two}
    is_abstract: false
    build_directory: x
    cert_requests: []
    mailbox: {envelopes: 10, bytes: 4096}
    timeouts: {connect: 2}
    on_failure: stop_and_exit
    reconnect: {attempts: forever, initial_delay: 0.1, max_delay: 5, jitter: 0.5}
    max_in_flight: 8
    ordered_sends: true
    max_thread_workers: 3
    lane_limit: 4
  - {class: patchbay/local:0.1.0, name: right, reconnect: {attempts: 3}}
default_connection: left
inbound:
  - {source: left, to: [echo, patchbay/right:0.1.0]}
  - {address: alice, agent: bob}
  - {to: last}
dead_letters: {max_count: 1, max_bytes: 2, max_age: 3.5}
limits: {max_hops: 4, learned_routes: 5, learned_route_age: 6, agent_queue_envelopes: 7}
data_dir: /var/lib/patchbay
network: {name: n, id: i}
identity: {secret_key_file: key, certificate_ttl_hours: 0.5, claims: token, legacy_force: true,
           compatibility: openagents-0.5, limits: {claims_per_hour_and_address: 8,
           claims_per_hour: 9, validations_per_minute_and_address: 0, validations_per_minute: 10,
           max_claims: 11, max_audit_entries: 12}}
heartbeat: {heartbeat_interval: 1, agent_timeout: 3, ping_timeout: 0.5}
log: {level: warning, format: json, levels: {network: debug, left: "off"}}
control: {enabled: false, socket: run/control.sock}
fingerprint: required
shutdown: {drain_timeout: 0}
reload: {probe: 2.5, probation: 0.25}
)");
    ASSERT_TRUE(host) << to_string(host.error().front());
    const ConnectionInstance& left = host->connections[0];
    EXPECT_FALSE(left.enabled);
    EXPECT_TRUE(left.allow_missing_certificates);
    EXPECT_EQ(left.bind[0].dependency, "fetchai/stub:0.21.0");
    EXPECT_EQ(left.bind[0].instance, "stub_two");
    EXPECT_EQ(left.limits.mailbox.envelopes, 10U);
    EXPECT_EQ(left.limits.mailbox.bytes, 4096U);
    EXPECT_EQ(left.limits.timeouts.connect, 2s);
    EXPECT_EQ(left.limits.timeouts.send, 1500ms);
    EXPECT_EQ(left.limits.on_failure, FailurePolicy::stop_and_exit);
    EXPECT_FALSE(left.limits.reconnect.attempts);
    EXPECT_EQ(left.limits.reconnect.initial_delay, 100ms);
    EXPECT_EQ(left.limits.max_in_flight, 8U);
    EXPECT_EQ(left.limits.ordered_sends, true);
    EXPECT_EQ(left.limits.max_thread_workers, 3U);
    EXPECT_EQ(left.limits.lane_limit, 4U);
    const ConnectionInstance& right = host->connections[1];
    EXPECT_EQ(right.limits.on_failure, FailurePolicy::propagate);
    EXPECT_EQ(right.limits.reconnect.attempts, 3U);
    EXPECT_FALSE(right.limits.max_in_flight);
    EXPECT_FALSE(right.limits.lane_limit);
    EXPECT_EQ(host->default_connection->id, "left");
    EXPECT_EQ(host->inbound[0].source, "left");
    EXPECT_EQ(host->inbound[0].to[1].id, "patchbay/right:0.1.0");
    EXPECT_EQ(host->inbound[1].agent, "bob");
    EXPECT_EQ(host->inbound[1].address, "alice");
    EXPECT_EQ(host->dead_letters.max_age, 3500ms);
    EXPECT_EQ(host->limits.learned_routes, 5U);
    EXPECT_EQ(host->data_dir, "/var/lib/patchbay");
    EXPECT_EQ(host->identity.secret_key_file, "/etc/patchbay/key");
    EXPECT_EQ(host->identity.claims, ClaimMode::token);
    EXPECT_EQ(host->identity.limits.claims_per_hour_and_address, 8U);
    EXPECT_EQ(host->identity.limits.claims_per_hour, 9U);
    EXPECT_EQ(host->identity.limits.validations_per_minute_and_address, 0U);
    EXPECT_EQ(host->identity.limits.validations_per_minute, 10U);
    EXPECT_EQ(host->identity.limits.max_claims, 11U);
    EXPECT_EQ(host->identity.limits.max_audit_entries, 12U);
    EXPECT_EQ(host->log.levels.at("network"), LogLevel::debug);
    EXPECT_EQ(host->log.levels.at("left"), LogLevel::off);
    EXPECT_EQ(host->control.socket, "/etc/patchbay/run/control.sock");
    EXPECT_EQ(host->fingerprint, FingerprintPolicy::required);
    EXPECT_EQ(host->shutdown.drain_timeout, 0s);
    EXPECT_EQ(host->reload.probe, 2500ms);
    EXPECT_EQ(host->reload.probation, 250ms);
}

TEST(HostConfiguration, NamesAnInstanceAfterItsClass) {
    EXPECT_EQ(parse("connections: [{class: fetchai/stub}]")->connections[0].name, "stub");
    EXPECT_THAT(
        problems_of("connections:\n- class: fetchai/stub\n- class: other/stub:1.0.0\n"),
        ElementsAre("h.yaml:3:3: an instance named `stub` is already in line 2; give one of them "
                    "another `name` [config.duplicate]"));
}

TEST(HostConfiguration, ReportsEveryProblemInOnePass) {
    EXPECT_THAT(
        problems_of("conections: []\nlog: {levle: info, format: yaml}\ndata_dir: 5\n"
                    "limits: {max_hops: 0}\n"),
        ElementsAre("h.yaml:1:1: the key `conections` is not known here; did you mean "
                    "`connections`? [config.unknown_key]",
                    "h.yaml:2:7: the key `log.levle` is not known here; did you mean `level`? "
                    "[config.unknown_key]",
                    "h.yaml:2:28: `log.format` must be one of `text`, `json`, but is the string "
                    "`yaml` [config.not_allowed]",
                    "h.yaml:3:11: `data_dir` must be a string, but is `5`; put it in quotes "
                    "[config.wrong_type]",
                    "h.yaml:4:20: `limits.max_hops` must be an integer from 1 to 255, but is `0` "
                    "[config.out_of_range]"));
}

TEST(HostConfiguration, SaysHowToWriteBooleansAndNumbers) {
    EXPECT_THAT(problems_of("connections: [{class: a/b, required: yes}]"),
                ElementsAre(HasSubstr("but is the string `yes`; write `true`")));
    EXPECT_THAT(problems_of("limits: {max_hops: '4'}"),
                ElementsAre(HasSubstr("write it without quotes")));
    EXPECT_THAT(problems_of("limits: {max_hops: 010}"), ElementsAre(HasSubstr("leading zero")));
    EXPECT_THAT(problems_of("limits: {max_hops: 4.0}"),
                ElementsAre(HasSubstr("must be an integer")));
}

TEST(HostConfiguration, RefusesToChangeWhatBelongsToTheClass) {
    EXPECT_THAT(problems_of("connections: [{class: a/b, restricted_to_protocols: []}]"),
                ElementsAre(HasSubstr("belongs to the plugin's connection.yaml")));
    EXPECT_THAT(problems_of("connections: [{class: a/b, class_name: X}]"),
                ElementsAre(HasSubstr("cannot be changed here")));
}

TEST(HostConfiguration, ChecksClassesAndNames) {
    EXPECT_THAT(problems_of("connections: [{name: x}]"),
                ElementsAre(HasSubstr("`connections[0].class` is missing")));
    EXPECT_THAT(problems_of("connections: [{class: stub}]"),
                ElementsAre(HasSubstr("config.bad_public_id")));
    EXPECT_THAT(problems_of("connections: [{class: a/b, name: My-Stub}]"),
                ElementsAre(HasSubstr("`connections[0].name` must be a lower-case letter")));
    EXPECT_THAT(problems_of("connections: {class: a/b}"), ElementsAre(HasSubstr("must be a list")));
    EXPECT_THAT(problems_of("connections: [a/b]"), ElementsAre(HasSubstr("must be a map")));
}

TEST(HostConfiguration, ChecksRoutes) {
    EXPECT_THAT(problems_of("default_routing: {default: stub}"),
                ElementsAre(HasSubstr("config.bad_public_id")));
    EXPECT_THAT(problems_of("inbound: [{protocol: x, to: a}]"),
                ElementsAre(HasSubstr("config.bad_public_id")));
    EXPECT_THAT(problems_of("inbound: [{protocol: 'a/b:1.0.0'}]"),
                ElementsAre(HasSubstr("only one of them")));
    EXPECT_THAT(problems_of("inbound: [{to: a, agent: b}]"),
                ElementsAre(HasSubstr("only one of them")));
    EXPECT_THAT(problems_of("inbound: [{to: []}]"), ElementsAre(HasSubstr("not an empty list")));
    EXPECT_THAT(problems_of("inbound: [{to: [a, a]}]"), ElementsAre(HasSubstr("twice")));
    EXPECT_THAT(problems_of("inbound: [{too: a, to: b}]"),
                ElementsAre(HasSubstr("`inbound[0].too`")));
    EXPECT_TRUE(parse("default_connection: null"));
}

TEST(HostConfiguration, SaysWhereALimitOfIdentityIsWrongAndWhatIsExpected) {
    EXPECT_THAT(problems_of("identity:\n  limits:\n    claims_per_hour: many\n"),
                ElementsAre(AllOf(HasSubstr("h.yaml:3:22"),
                                  HasSubstr("`identity.limits.claims_per_hour` must be an integer "
                                            "from 0 to 16777216"))));
    EXPECT_THAT(problems_of("identity: {limits: {claim_per_hour: 5}}"),
                ElementsAre(HasSubstr("claims_per_hour")));
    EXPECT_THAT(problems_of("identity: {limits: {max_claims: 0}}"),
                ElementsAre(HasSubstr("from 1 to 10000000")));
}

TEST(HostConfiguration, ChecksWhatOneNumberCannotTell) {
    EXPECT_THAT(problems_of("heartbeat: {heartbeat_interval: 90}"),
                ElementsAre(HasSubstr("`heartbeat.agent_timeout` must be longer")));
    EXPECT_THAT(problems_of("identity: {secret_key: a, secret_key_env: B}"),
                ElementsAre(HasSubstr("only one of")));
    EXPECT_THAT(problems_of("connection_defaults: {reconnect: {initial_delay: 60}}"),
                ElementsAre(HasSubstr("must not be shorter")));
    EXPECT_THAT(problems_of("plugin_folders: [{path: a}, {path: ./x/../a}]"),
                ElementsAre(HasSubstr("also listed in line 1")));
}

TEST(HostConfiguration, NeverShowsTheSecretKey) {
    EXPECT_THAT(problems_of("identity: {secret_key: 123456}"),
                ElementsAre(HasSubstr("must be a string, but is an integer")));
    const auto host = parse(
        "identity: {secret_key: hunter2}\n"
        "connections: [{class: a/b, config: {db_password: hunter2}}]\n");
    ASSERT_TRUE(host);
    EXPECT_EQ(host->identity.secret_key, "hunter2");
    EXPECT_EQ(to_json(effective_configuration(*host)).find("hunter2"), std::string::npos);
}

TEST(HostConfiguration, FillsPlaceholders) {
    const Environment environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "HOPS") {
            return "7";
        }
        if (name == "CONNECTION_LEFT_CONFIG_PORT" || name == "PATCHBAY_DATA_DIR") {
            return "99";
        }
        return std::nullopt;
    };
    const auto host = parse(
        "limits: {max_hops: '${HOPS:int}'}\n"
        "data_dir: ${}\n"
        "connections:\n"
        "- {class: a/b, name: left, config: {port: '${int:1}'}}\n",
        environment);
    ASSERT_TRUE(host) << to_string(host.error().front());
    EXPECT_EQ(host->limits.max_hops, 7U);
    EXPECT_EQ(host->data_dir, "/etc/patchbay/99");
    EXPECT_EQ(to_json(*host->connections[0].overrides.config), R"({"port":99})");
}

TEST(HostConfiguration, ReportsAMissingVariableOnce) {
    EXPECT_THAT(problems_of("limits:\n  max_hops: ${HOPS:int}\n"),
                ElementsAre("h.yaml:2:13: the environment variable `HOPS` is not set, and the "
                            "placeholder has no default [placeholder.missing_variable]"));
}

TEST(HostConfiguration, PrintsItselfInTheFormOfTheFile) {
    const std::string text =
        "connections: [{class: a/b, config: {x: 1}}]\n"
        "inbound: [{protocol: 'a/b:1.0.0', to: b}]\n"
        "default_routing: {'a/b:1.0.0': b}\n";
    const auto host = parse(text);
    ASSERT_TRUE(host);
    const std::string printed = to_json(effective_configuration(*host));
    EXPECT_THAT(printed, HasSubstr(R"("inbound":[{"protocol":"a/b:1.0.0","to":["b"]}])"));
    EXPECT_THAT(printed, HasSubstr(R"("default_routing":{"a/b:1.0.0":"b"})"));
    EXPECT_THAT(printed, HasSubstr(R"("timeouts":{"connect":60,"send":60,"disconnect":5})"));
}

TEST(ReadHostConfiguration, StartsRelativePathsAtTheFile) {
    const TemporaryFolder folder;
    const std::string path = folder.file("host.yaml");
    std::ofstream(path) << "data_dir: d\n";
    const auto host = read_host_configuration(path, no_variables);
    std::remove(path.c_str());
    ASSERT_TRUE(host);
    EXPECT_EQ(host->path, path);
    EXPECT_EQ(host->data_dir, folder.file("d"));
    EXPECT_FALSE(read_host_configuration(path, no_variables));
}

}  // namespace
}  // namespace patchbay::config
