// SPDX-License-Identifier: Apache-2.0
/// \file
/// A C++ program that embeds the host together with its identity subsystem: agents attach to it by
/// the agent gateway. Every option is a member of a struct; docs/embedding.md shows a part of it.
#include "app/agent_service.hpp"
#include "config/host_configuration_reader.hpp"
#include "multiplexer/multiplexer.hpp"
#include "plugins/connection_host.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"
#include "unit/temporary_folder.hpp"

#include <patchbay/agent/client.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace patchbay;
using namespace std::chrono_literals;

class NoEvents final : public events::EventSink {
  public:
    void publish(events::Event) override {}
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return false; }
};

class NoDeadLetters final : public multiplexer::DeadLetterSink {
  public:
    bool put(multiplexer::DeadLetter) override { return true; }
};

/// The same options and defaults as in a configuration file (docs/configuration.md).
config::HostConfiguration with_identity(config::HostConfiguration configuration) {
    configuration.network.name = "embedded";
    configuration.identity.claims = config::ClaimMode::token;
    configuration.identity.certificate_ttl_hours = 1;
    configuration.identity.limits.claims_per_hour_and_address = 10;
    configuration.heartbeat.heartbeat_interval = 10s;
    configuration.heartbeat.agent_timeout = 25s;
    return configuration;
}

class EmbeddedIdentity : public testing::Test {
  protected:
    void start() {
        const auto read = config::parse_host_configuration(
            "plugin_folders: [{path: " PATCHBAY_BUILT_PLUGINS
            "}]\n"
            "connections:\n"
            "  - {class: 'patchbay/agent_gateway:0.1.0', config: {host: 127.0.0.1, port: 0}}\n",
            "embedded", folder_.path(), config::process_environment());
        ASSERT_TRUE(read) << to_string(read.error().front());
        configuration_ = with_identity(*read);
        std::filesystem::create_directories(configuration_.data_dir);
        const plugins::Catalogue catalogue =
            plugins::discover(plugins::discovery_options(configuration_));
        const plugins::Plan plan = plugins::resolve(configuration_, catalogue);
        ASSERT_TRUE(plan.ok()) << to_string(plan.problems.front());

        agents_ = std::make_unique<app::AgentService>(configuration_, multiplexer_.agents(),
                                                      events_, clock_);
        plugins::ConnectionHostOptions options;
        options.data_dir = configuration_.data_dir;
        options.agents = agents_.get();
        auto host = plugins::ConnectionHost::make(plan, multiplexer_, clock_, events_, nullptr,
                                                  std::move(options));
        ASSERT_TRUE(host) << to_string(host.error());
        host_ = std::move(*host);
        agents_->run_on(host_->scheduler());
        multiplexer_.set_routing({});
        const auto started = host_->start();
        ASSERT_TRUE(started) << to_string(started.error());
        const plugins::InstanceStatus status = host_->status().at(0);
        ASSERT_EQ(status.state, plugins::ConnectionState::connected)
            << (status.last_error ? to_string(*status.last_error) : std::string());
        const std::string address = status.listeners.at(0).address;
        port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    }
    void TearDown() override {
        if (host_ != nullptr) {
            EXPECT_TRUE(host_->stop().clean());
        }
        host_.reset();
        agents_.reset();
    }

    TemporaryFolder folder_;
    NoEvents events_;
    NoDeadLetters dead_letters_;
    multiplexer::SystemClock clock_;
    config::HostConfiguration configuration_;
    multiplexer::Multiplexer multiplexer_{{}, clock_, events_, dead_letters_};
    std::unique_ptr<app::AgentService> agents_;
    std::unique_ptr<plugins::ConnectionHost> host_;
    std::uint16_t port_ = 0;
};

TEST_F(EmbeddedIdentity, OptionsAreMembersOfAStruct) {
    start();
    ASSERT_NE(agents_, nullptr);
    ASSERT_NE(agents_->claims(), nullptr);
    const identity::ClaimsOptions& claims = agents_->claims()->options();
    EXPECT_EQ(claims.policy, identity::ClaimPolicy::token);
    EXPECT_EQ(claims.certificate_lifetime, 1h);
    EXPECT_EQ(claims.limits.claims_per_address.count, 10U);
    EXPECT_EQ(agents_->settings().network_name, "embedded");
    EXPECT_EQ(agents_->settings().agent_timeout, 25'000'000'000U);
}

TEST_F(EmbeddedIdentity, TheProgramIssuesTokensAndKnowsWhoIsThere) {
    start();
    ASSERT_NE(agents_->claims(), nullptr);
    agent::Client client("alice");
    const auto network = client.connect_to_server("127.0.0.1", port_);
    ASSERT_TRUE(network) << to_string(network.error());
    EXPECT_EQ(network->name, "embedded");
    ASSERT_FALSE(client.claim_agent_id());

    identity::TokenRequest wanted;
    wanted.agent_id = "alice";
    std::promise<Result<identity::IssuedToken>> issued;
    const auto queued = agents_->claims()->issue_token(
        wanted, [&issued](Result<identity::IssuedToken> token) { issued.set_value(token); });
    ASSERT_TRUE(queued) << to_string(queued.error());
    const Result<identity::IssuedToken> token = issued.get_future().get();
    ASSERT_TRUE(token) << to_string(token.error());
    const auto claimed = client.request(
        "claim_agent_id", R"({"agent_id": "alice", "claim_token": ")" + token->token + "\"}");
    ASSERT_TRUE(claimed) << to_string(claimed.error());
    EXPECT_TRUE(agents_->claims()->find("alice"));
    const auto state = agents_->registrations()->lookup("alice");
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->online);
    client.disconnect();
}

}  // namespace
