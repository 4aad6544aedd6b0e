// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "agent_gateway_connection.hpp"

#include <patchbay/registration.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>

namespace patchbay::agent_gateway {

namespace {

/// What the gateway says to a configuration; empty when it takes it.
std::string refusal(const std::string& config) {
    testing::HostOptions options;
    options.config_json = config;
    static constexpr patchbay_class table =
        connection_class<AgentGatewayConnection>("AgentGatewayConnection");
    const testing::HostDouble host(table, options);
    return host.creation() ? std::string() : to_string(host.creation().error());
}

TEST(Options, HaveDefaults) {
    EXPECT_EQ(refusal("{}"), "");
}

TEST(Options, AreRefusedWithTheirKey) {
    for (const auto& [config, key] : std::vector<std::pair<std::string, std::string>>{
             {R"({"path": "agents"})", "'path'"},
             {R"({"slow_consumer": "wait"})", "'slow_consumer'"},
             {R"({"max_message_size": 10})", "'max_message_size'"},
             {R"({"lanes": 64})", "'lanes'"},
             {R"({"keepalive_interval": -1})", "'keepalive_interval'"},
             {R"({"ssl_cert": "cert.pem"})", "'ssl_key'"},
             {R"({"port": 70000})", "port"},
             {R"({"may_address": "echo"})", "may_address"}}) {
        EXPECT_NE(refusal(config).find(key), std::string::npos) << config << refusal(config);
    }
}

}  // namespace

}  // namespace patchbay::agent_gateway
