// SPDX-License-Identifier: Apache-2.0
/// \file
/// What instances are created with; a class that takes no more than the options tells of them.
#include "options.hpp"

#include <patchbay/registration.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace patchbay::http_server {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Reads the options of `config`, on top of the required ones.
struct Read {
    explicit Read(const json& config, std::uint32_t lane_limit = 4) {
        json whole = {{"host", "127.0.0.1"}, {"port", 8000}, {"target_skill_id", "a/b:0.1.0"}};
        whole.update(config);
        for (auto entry = whole.begin(); entry != whole.end();) {
            entry = entry->is_discarded() ? whole.erase(entry) : std::next(entry);
        }
        testing::HostOptions host;
        host.config_json = whole.dump();
        host.data_folder = "/data";
        host.lane_limit = lane_limit;
        current = this;
        const testing::HostDouble created(connection_class<Reader>("Reader"), host);
        current = nullptr;
        if (!created.creation()) {
            code = created.creation().error().code;
            text = to_string(created.creation().error());
        }
    }

    struct Reader : Connection {
        explicit Reader(Host& host) : Connection(host) { current->options = read_options(host); }
    };

    std::optional<Options> options;
    std::string code;
    std::string text;
    inline static Read* current = nullptr;
};

const json absent = json::parse("", nullptr, false);

TEST(Options, HaveTheDefaultsOfTheReadme) {
    const Read read(json::object());
    ASSERT_TRUE(read.options) << read.text;
    const Options& options = *read.options;
    EXPECT_EQ(options.host, "127.0.0.1");
    EXPECT_EQ(options.port, 8000);
    EXPECT_EQ(options.target, "a/b:0.1.0");
    EXPECT_EQ(options.backlog, 1024U);
    EXPECT_EQ(options.lanes, 1U);
    EXPECT_EQ(options.unix_mode, 0660U);
    EXPECT_FALSE(options.tls);
    EXPECT_EQ(options.api_spec_path, "");
    EXPECT_EQ(options.server_header, "patchbay");
    EXPECT_EQ(options.limits.header_size, 16384U);
    EXPECT_EQ(options.limits.header_count, 100U);
    EXPECT_EQ(options.limits.body_size, 1048576U);
    EXPECT_EQ(options.limits.connections, 10000U);
    EXPECT_EQ(options.limits.connections_per_address, 1000U);
    EXPECT_EQ(options.limits.pending_requests, 4096U);
    EXPECT_EQ(options.limits.pipelined_requests, 32U);
    EXPECT_EQ(options.limits.header_time, 10s);
    EXPECT_EQ(options.limits.body_time, 60s);
    EXPECT_EQ(options.limits.idle_time, 75s);
    EXPECT_EQ(options.limits.write_time, 60s);
    EXPECT_EQ(options.limits.answer_time, 0s);
    EXPECT_TRUE(options.trusted_proxies.empty());
    EXPECT_EQ(options.access_log.file, "");
    EXPECT_FALSE(options.compression.enabled);
}

TEST(Options, TakeTheTargetUnderEitherName) {
    EXPECT_EQ(Read(json{{"target_skill_id", nullptr}, {"target", "x"}}).options.value().target,
              "x");
    EXPECT_EQ(Read(json{{"target_skill_id", "x"}, {"target", "x"}}).options.value().target, "x");
    EXPECT_EQ(Read(json{{"target_skill_id", "x"}, {"target", "y"}}).code, "config.two_targets");
    EXPECT_EQ(Read(json{{"target_skill_id", nullptr}}).code, "config.missing");
    EXPECT_EQ(Read(json{{"target_skill_id", absent}}).code, "config.missing");
}

TEST(Options, TimesAreSecondsWithAFraction) {
    const Read read(json{{"timeout", 0.25}, {"header_timeout", 2}, {"idle_timeout", 0}});
    EXPECT_EQ(read.options.value().limits.answer_time, 250ms);
    EXPECT_EQ(read.options.value().limits.header_time, 2s);
    EXPECT_EQ(read.options.value().limits.idle_time, 0s);
    EXPECT_EQ(Read(json{{"timeout", nullptr}}).options.value().limits.answer_time, 0s);
    EXPECT_EQ(Read(json{{"timeout", -1}}).code, "config.bad_value");
    EXPECT_EQ(Read(json{{"body_timeout", 1e7}}).code, "config.bad_value");
}

TEST(Options, SayWhichValueIsNotExpected) {
    const json bad = {{"max_header_size", 10},
                      {"max_header_count", 0},
                      {"max_body_size", 0},
                      {"max_connections", 0},
                      {"max_pending_requests", 0},
                      {"max_pipelined_requests", 5000},
                      {"backlog", 0},
                      {"lanes", 65},
                      {"unix_socket_mode", "0999"},
                      {"access_log_format", "xml"},
                      {"server_header", "a\r\nb"},
                      {"trusted_proxies", {"10.0.0.0/33"}},
                      {"client_certificates", "x"},
                      {"compression_minimum_size", 0}};
    for (const auto& [key, value] : bad.items()) {
        const Read read(json{{key, value}});
        EXPECT_EQ(read.code, "config.bad_value") << key;
        EXPECT_NE(read.text.find('\'' + key + "' is "), std::string::npos) << read.text;
        EXPECT_NE(read.text.find("; expected "), std::string::npos) << read.text;
    }
}

TEST(Options, LanesAreBoundedByTheOperator) {
    EXPECT_EQ(Read(json{{"lanes", 0}}).options.value().lanes, 4U);
    EXPECT_EQ(Read(json{{"lanes", 3}}).options.value().lanes, 3U);
    EXPECT_EQ(Read(json{{"lanes", 64}}).options.value().lanes, 4U);
    EXPECT_EQ(Read(json{{"lanes", 0}}, 1).options.value().lanes, 1U);
}

TEST(Options, TlsNeedsCertificateAndKey) {
    EXPECT_EQ(Read(json{{"ssl_cert", "c"}}).code, "config.incomplete_tls");
    EXPECT_EQ(Read(json{{"ssl_key", "k"}}).code, "config.incomplete_tls");
    EXPECT_EQ(Read(json{{"client_certificates", "required"}}).code, "config.incomplete_tls");
    const json both = {{"ssl_cert", "c.pem"}, {"ssl_key", "/keys/k.pem"}};
    const Options plain = Read(both).options.value();
    EXPECT_EQ(plain.tls.value().certificate_file, "/data/c.pem");
    EXPECT_EQ(plain.tls.value().key_file, "/keys/k.pem");
    EXPECT_EQ(plain.tls.value().client_certificates, net::ClientCertificates::ignored);
    json with_clients = both;
    with_clients["client_certificates"] = "optional";
    EXPECT_EQ(Read(with_clients).code, "config.incomplete_tls");
    with_clients["client_ca"] = "../ca.pem";
    const Options clients = Read(with_clients).options.value();
    EXPECT_EQ(clients.tls.value().client_certificates, net::ClientCertificates::optional);
    EXPECT_EQ(clients.tls.value().client_ca_file, "/ca.pem");
}

TEST(Options, ProxiesAreAddressesAndNetworks) {
    const Read read(json{{"trusted_proxies", {"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"}}});
    const TrustedProxies& proxies = read.options.value().trusted_proxies;
    ASSERT_EQ(proxies.v4.size(), 2U);
    EXPECT_EQ(proxies.v4[1].prefix_length(), 32);
    ASSERT_EQ(proxies.v6.size(), 2U);
    EXPECT_EQ(proxies.v6[1].prefix_length(), 128);
}

TEST(Options, PathsStartAtTheDataFolder) {
    const Options options =
        Read(json{{"api_spec_path", "api.yaml"}, {"access_log", "logs/a.log"}}).options.value();
    EXPECT_EQ(options.api_spec_path, "/data/api.yaml");
    EXPECT_EQ(options.access_log.file, "/data/logs/a.log");
    EXPECT_EQ(Read(json{{"access_log", "-"}}).options.value().access_log.file, "-");
}

}  // namespace
}  // namespace patchbay::http_server
