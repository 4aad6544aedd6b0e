// SPDX-License-Identifier: Apache-2.0
// The schemas are for editors, the readers for the host: these tests keep them of one mind.
#include "config/effective_configuration.hpp"
#include "config/host_configuration_reader.hpp"
#include "config/manifest_reader.hpp"
#include "config/yaml_reader.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace patchbay::config {
namespace {

using nlohmann::json;

const std::filesystem::path source_root = PATCHBAY_SOURCE_ROOT;

json load(const std::string& name) {
    std::ifstream file(source_root / "schemas" / name);
    return json::parse(file);
}

class Schema {
  public:
    explicit Schema(const std::string& name) : text_(load(name)) {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text_), schema_);
    }

    bool accepts(const std::string& yaml) const {
        const auto value = read_yaml(yaml, "case");
        if (!value) {
            return false;
        }
        const json document = json::parse(to_json(*value));
        valijson::Validator validator(valijson::Validator::kStrongTypes);
        return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(document),
                                  nullptr);
    }

  private:
    json text_;
    valijson::Schema schema_;
};

Checked<HostConfiguration> read_host(const std::string& yaml) {
    return parse_host_configuration(yaml, "case", ".",
                                    [](const std::string&) { return std::nullopt; });
}

std::string first_problem(const Problems& problems) {
    return to_string(problems.front());
}

// ---- Host configuration -------------------------------------------------------------------------

TEST(HostSchema, AcceptsWhatTheReaderAccepts) {
    const Schema schema("host-configuration.schema.json");
    for (const char* yaml : {
             "{}",
             "plugin_folders: [{path: ./plugins.d, autostart: true, watch: true}]",
             "connections: [{class: fetchai/stub:0.21.0, name: stub, required: true, "
             "allow_missing_certificates: true, enabled: "
             "false, config: {a: 1}}]",
             "connections: [{class: fetchai/stub}]",
             "connections: [{class: a/b:1.2.3-rc.1+build, cert_requests: [], is_abstract: true, "
             "build_directory: x, bind: {'a/b:1.0.0': c}}]",
             "connections: [{class: a/b, mailbox: {envelopes: 1, bytes: 1024}, timeouts: {connect: "
             "0.001, send: 1, disconnect: 2.5}, on_failure: propagate}]",
             "connections: [{class: a/b, max_in_flight: 1, ordered_sends: false, "
             "max_thread_workers: 1024, lane_limit: 64}]",
             "connection_defaults: {reconnect: {attempts: forever}}",
             "connection_defaults: {reconnect: {attempts: none, jitter: 0}}",
             "connection_defaults: {reconnect: {attempts: 7, initial_delay: 0, max_delay: 0}}",
             "connections: [{class: a/b, cert_requests: [{identifier: acn, ledger_id: ethereum, "
             "not_before: '2026-01-01', not_after: '2027-01-01', public_key: k, save_path: p}]}]",
             "default_routing: {'a/b:1.0.0': stub, 'c/d:1.0.0': a/stub:0.1.0}",
             "default_connection: null",
             "default_connection: a/b",
             "inbound: [{protocol: 'a/b:1.0.0', source: s, address: x, to: y}, {to: [a, b]}, "
             "{agent: somebody}]",
             "dead_letters: {max_count: 0, max_bytes: 0, max_age: 0}",
             "limits: {max_hops: 255, learned_routes: 0, learned_route_age: 1, "
             "agent_queue_envelopes: 1}",
             "{data_dir: /x, fingerprint: 'off', network: {name: n, id: i}}",
             "identity: {secret_key_file: a, secret_key_env: '', certificate_ttl_hours: 0, claims: "
             "closed, legacy_force: false, compatibility: ''}",
             "identity: {limits: {claims_per_hour_and_address: 0, claims_per_hour: 16777216, "
             "validations_per_minute_and_address: 0, validations_per_minute: 0, max_claims: 1, "
             "max_audit_entries: 10000000}}",
             "heartbeat: {heartbeat_interval: 1, agent_timeout: 2, ping_timeout: 0.5}",
             "log: {level: 'off', format: json, levels: {anything: trace}}",
             "{control: {enabled: false, socket: ''}, shutdown: {drain_timeout: 0}, reload: "
             "{probe: 0, probation: 0}}",
             "limits: {max_hops: '${HOPS:int:4}'}",
             "log: {level: '${LEVEL:str:debug}'}",
             "control: {enabled: '${X:bool:no}'}",
             "connections: [{class: '${CLASS::a/b}', name: '${NAME::n}'}]",
         }) {
        const auto host = read_host(yaml);
        EXPECT_TRUE(host) << yaml << '\n' << (host ? "" : first_problem(host.error()));
        EXPECT_TRUE(schema.accepts(yaml)) << yaml;
    }
}

TEST(HostSchema, RefusesWhatTheReaderRefuses) {
    const Schema schema("host-configuration.schema.json");
    for (const char* yaml : {
             "[]",
             "null",
             "unknown: 1",
             "plugin_folders: {path: x}",
             "plugin_folders: [x]",
             "plugin_folders: [{autostart: true}]",
             "plugin_folders: [{path: ''}]",
             "plugin_folders: [{path: x, autostart: yes}]",
             "plugin_folders: [{path: x, recursive: true}]",
             "connections: [{name: x}]",
             "connections: [{class: stub}]",
             "connections: [{class: A/b}]",
             "connections: [{class: a/b:1.0}]",
             "connections: [{class: a/b:latest}]",
             "connections: [{class: a/b, name: B}]",
             "connections: [{class: a/b, required: 1}]",
             "connections: [{class: a/b, config: []}]",
             "connections: [{class: a/b, is_abstract: null}]",
             "connections: [{class: a/b, cert_requests: [{}]}]",
             "connections: [{class: a/b, class_name: X}]",
             "connections: [{class: a/b, protocols: []}]",
             "connections: [{class: a/b, bind: {b: c}}]",
             "connections: [{class: a/b, bind: {'a/b': 1}}]",
             "connections: [{class: a/b, max_in_flight: 0}]",
             "connections: [{class: a/b, max_thread_workers: 2.0}]",
             "connections: [{class: a/b, lane_limit: 0}]",
             "connection_defaults: {lane_limit: 65}",
             "connections: [{class: a/b, mailbox: {bytes: 1023}}]",
             "connections: [{class: a/b, timeouts: {connect: 0}}]",
             "connections: [{class: a/b, timeouts: {connect: null}}]",
             "connections: [{class: a/b, on_failure: ignore}]",
             "connection_defaults: {reconnect: {attempts: always}}",
             "connection_defaults: {reconnect: {attempts: -1}}",
             "connection_defaults: {reconnect: {jitter: 1.1}}",
             "connection_defaults: {name: x}",
             "default_routing: {default: stub}",
             "default_routing: {'a/b:1.0.0': Stub}",
             "default_connection: 5",
             "inbound: [{protocol: x, to: y}]",
             "inbound: [{protocol: 'a/b:1.0.0'}]",
             "inbound: [{to: a, agent: b}]",
             "inbound: [{to: []}]",
             "inbound: [{to: [a, a]}]",
             "inbound: [{to: A B}]",
             "inbound: [{agent: ''}]",
             "dead_letters: {max_count: -1}",
             "limits: {max_hops: 0}",
             "limits: {max_hops: 256}",
             "limits: {max_hops: '4'}",
             "data_dir: ''",
             "data_dir: 5",
             "fingerprint: no",
             "fingerprint: false",
             "identity: {claims: everybody}",
             "identity: {compatibility: other}",
             "identity: {limits: []}",
             "identity: {limits: {claims_per_hour: -1}}",
             "identity: {limits: {claims_per_hour: 16777217}}",
             "identity: {limits: {claims_per_hour: 1.5}}",
             "identity: {limits: {claims_per_second: 1}}",
             "identity: {limits: {max_claims: 0}}",
             "heartbeat: {ping_timeout: '5'}",
             "log: {level: loud}",
             "log: {levels: {a: loud}}",
             "log: {levels: []}",
             "control: {enabled: 1}",
             "shutdown: {drain_timeout: -1}",
             "reload: {probation: soon}",
             "reload: {probe: -1}",
             "network: {id: 1}",
         }) {
        EXPECT_FALSE(read_host(yaml)) << yaml;
        EXPECT_FALSE(schema.accepts(yaml)) << yaml;
    }
}

/// Calls `use(path, default)` for every default below a node of the schema.
template <class Use>
void for_each_default(const json& schema, const json& node, const std::string& path,
                      const Use& use) {
    const json& meaning =
        node.contains("$ref")
            ? schema.at("definitions").at(node.at("$ref").get<std::string>().substr(14))
            : node;
    if (meaning.contains("default")) {
        use(path, meaning.at("default"));
    }
    if (meaning.contains("properties")) {
        for (const auto& [key, member] : meaning.at("properties").items()) {
            for_each_default(schema, member, path + '/' + key, use);
        }
    }
}

TEST(HostSchema, HasTheDefaultsOfTheHost) {
    const json schema = load("host-configuration.schema.json");
    const json host = json::parse(to_json(effective_configuration(*read_host("{}"))));
    int seen = 0;
    for_each_default(schema, schema, "", [&](const std::string& path, const json& expected) {
        ++seen;
        const json::json_pointer pointer(path);
        ASSERT_TRUE(host.contains(pointer)) << path;
        EXPECT_EQ(host.at(pointer), expected) << path;
    });
    EXPECT_GT(seen, 40);
}

TEST(HostSchema, HasTheDefaultsOfListItems) {
    const json schema = load("host-configuration.schema.json");
    const json host = json::parse(to_json(effective_configuration(
        *read_host("{plugin_folders: [{path: x}], connections: [{class: a/b}]}"))));
    for (const char* list : {"plugin_folders", "connections"}) {
        for_each_default(schema, schema.at("properties").at(list).at("items"), "",
                         [&](const std::string& path, const json& expected) {
                             EXPECT_EQ(host.at(list).at(0).at(json::json_pointer(path)), expected)
                                 << list << path;
                         });
    }
}

TEST(HostSchema, KnowsEveryKeyOfTheHost) {
    const json schema = load("host-configuration.schema.json");
    const json host = json::parse(to_json(effective_configuration(*read_host("{}"))));
    for (const auto& [key, value] : host.items()) {
        ASSERT_TRUE(schema.at("properties").contains(key)) << key;
        const json& section = schema.at("properties").at(key);
        if (!value.is_object() || !section.contains("properties")) {
            EXPECT_TRUE(section.contains("default")) << key;
            continue;
        }
        for (const auto& [inner, ignored] : value.items()) {
            EXPECT_TRUE(section.at("properties").contains(inner)) << key << '.' << inner;
        }
    }
}

// ---- connection.yaml ----------------------------------------------------------------------------

constexpr const char* base = R"(name: x
author: a
version: 0.1.0
type: connection
description: text
license: Apache-2.0
fingerprint: {}
fingerprint_ignore_patterns: []
class_name: X
config: {}
connections: []
protocols: []
restricted_to_protocols: []
excluded_protocols: []
dependencies: {}
is_abstract: false
)";

/// The base file with one line replaced, or one added when `line` names a new key.
std::string with(const std::string& line) {
    std::string text = base;
    const std::string key = "\n" + line.substr(0, line.find(':') + 1);
    const auto at = ("\n" + text).find(key);
    if (at == std::string::npos) {
        return text + line + '\n';
    }
    return text.replace(at, text.find('\n', at) - at, line);
}

std::string without(const std::string& key) {
    std::string text = base;
    const auto at = ("\n" + text).find("\n" + key + ':');
    return text.erase(at, text.find('\n', at) + 1 - at);
}

TEST(ConnectionSchema, AcceptsWhatTheReaderAccepts) {
    const Schema schema("connection.schema.json");
    for (const char* line : {
             "name: x",
             "name: _x9",
             "version: 10.20.30-rc.1+b",
             "aea_version: '>=2.0.0, <3.0.0'",
             "aea_version: 2.0.0rc1",
             "aea_version: ~=1.2.post1",
             "fingerprint: {a/b.py: bafy, README.md: QmX}",
             "fingerprint_ignore_patterns: ['*.tmp', x]",
             "build_entrypoint: build/x.py",
             "build_directory: ./x",
             "class_name: _My9",
             "library: libx.so",
             "config: {a: {b: [1, null]}}",
             "connections: [a/b, c/d:1.0.0]",
             "protocols: ['valory/http:1.0.0:bafybeidxkp3vga7t6x2pbt2tpkgyaxa5bgpdgryao54py7w3yxy"
             "zr7neoy']",
             "dependencies: {aiohttp: {version: '<4.0.0,>=3.8.5', index: 'https://x', git: "
             "'https://y', ref: main}, werkzeug: {}, z: {version: ''}}",
             "dependencies: {tls: {pkg_config: openssl, version: '>=3.0'}, c: {library: libc.so}}",
             "is_abstract: true",
             "cert_requests: []",
             "cert_requests: [{identifier: acn, ledger_id: ethereum, not_before: '2026-01-01', "
             "not_after: '2027-01-01', public_key: k, message_format: '{public_key}', save_path: "
             "p}]",
         }) {
        const auto manifest = parse_manifest(with(line), "case");
        EXPECT_TRUE(manifest) << line << '\n' << (manifest ? "" : first_problem(manifest.error()));
        EXPECT_TRUE(schema.accepts(with(line))) << line;
    }
}

TEST(ConnectionSchema, RefusesWhatTheReaderRefuses) {
    const Schema schema("connection.schema.json");
    for (const char* line : {
             "name: X",
             "name: 9x",
             "name: x-y",
             "name: ''",
             "author: a b",
             "version: 0.1",
             "version: 00.1.0",
             "version: any",
             "type: protocol",
             "type: null",
             "description: 5",
             "description: null",
             "license: []",
             "aea_version: '>=2.0.0 <3.0.0'",
             "aea_version: latest",
             "aea_version: '2.0.0, 3.0.0'",
             "fingerprint: []",
             "fingerprint: {a: 1}",
             "fingerprint: {../a: x}",
             "fingerprint: {/a: x}",
             "fingerprint_ignore_patterns: x",
             "fingerprint_ignore_patterns: [x, x]",
             "fingerprint_ignore_patterns: [1]",
             "build_entrypoint: ../x.py",
             "build_directory: null",
             "class_name: 9X",
             "class_name: X.Y",
             "library: a/../../b.so",
             "library: 'C:\\x.dll'",
             "config: []",
             "config: null",
             "connections: [a]",
             "connections: [a/b:any]",
             "connections: [a/b, a/b]",
             "connections: [1]",
             "connections: {}",
             "protocols: ['a/b:1.0.0:short']",
             "dependencies: []",
             "dependencies: {x: null}",
             "dependencies: {x: {vrsion: '1'}}",
             "dependencies: {x: {version: 'one'}}",
             "dependencies: {x: {git: 5}}",
             "is_abstract: no",
             "is_abstract: 0",
             "cert_requests: null",
             "cert_requests: [{identifier: acn}]",
             "cert_requests: [{identifier: acn, ledger_id: ethereum, not_before: 2026-1-1, "
             "not_after: '2027-01-01', public_key: k, save_path: p}]",
             "nickname: y",
         }) {
        EXPECT_FALSE(parse_manifest(with(line), "case")) << line;
        EXPECT_FALSE(schema.accepts(with(line))) << line;
    }
    for (const char* key :
         {"name", "author", "version", "type", "description", "license", "fingerprint",
          "fingerprint_ignore_patterns", "class_name", "config", "connections", "protocols",
          "restricted_to_protocols", "excluded_protocols", "dependencies", "is_abstract"}) {
        EXPECT_FALSE(parse_manifest(without(key), "case")) << key;
        EXPECT_FALSE(schema.accepts(without(key))) << key;
    }
}

// ---- The project's own files --------------------------------------------------------------------

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ShippedFiles, AreValidHostConfigurations) {
    const Schema schema("host-configuration.schema.json");
    const auto folder = source_root / "configs";
    if (!std::filesystem::is_directory(folder)) {
        GTEST_SKIP() << "no " << folder;
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml") {
            const auto host = read_host_configuration(entry.path().string());
            EXPECT_TRUE(host) << (host ? "" : first_problem(host.error()));
            EXPECT_TRUE(schema.accepts(text_of(entry.path()))) << entry.path();
        }
    }
}

TEST(ShippedFiles, AreValidManifests) {
    const Schema schema("connection.schema.json");
    for (const char* folder : {"plugins", "plugin-sdk/samples", "plugin-sdk/templates"}) {
        if (!std::filesystem::is_directory(source_root / folder)) {
            continue;
        }
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(source_root / folder)) {
            if (entry.path().filename() == manifest_file_name) {
                const auto manifest = read_manifest(entry.path().string());
                EXPECT_TRUE(manifest) << (manifest ? "" : first_problem(manifest.error()));
                EXPECT_TRUE(schema.accepts(text_of(entry.path()))) << entry.path();
            }
        }
    }
}

}  // namespace
}  // namespace patchbay::config
