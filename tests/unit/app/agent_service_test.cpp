// SPDX-License-Identifier: Apache-2.0
/// \file
/// patchbay.identity/1 from the plugin's table to the signals of its lane, with the real
/// multiplexer, claims and registrations in between.
#include "app/agent_service.hpp"

#include "multiplexer/generation.hpp"
#include "multiplexer/instance.hpp"
#include "multiplexer/lane.hpp"
#include "multiplexer/multiplexer.hpp"
#include "plugins/abi_host.hpp"
#include "plugins/listening_sockets.hpp"
#include "plugins/parked_sockets.hpp"
#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::app {
namespace {

class NoEvents final : public events::EventSink {
  public:
    void publish(events::Event) override {}
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return true; }
};

class NoDeadLetters final : public multiplexer::DeadLetterSink {
  public:
    bool put(multiplexer::DeadLetter) override { return true; }
};

class CountedReports final : public plugins::PluginReports {
  public:
    void operation_complete(std::uint64_t, patchbay_status,
                            const patchbay_error*) noexcept override {}
    void connection_lost(const patchbay_error*) noexcept override {}
    void misbehaved(std::string_view, std::string_view) noexcept override { ++misbehaviour; }
    std::atomic<int> misbehaviour{0};
};

struct SignalSeen {
    std::uint32_t kind = 0;
    patchbay_status status = 0;
    std::uint64_t token = 0;
    std::uint64_t value = 0;
    std::string name;
    std::string payload;
};

/// One instance with two lanes, as its plugin sees itself.
class Transport {
  public:
    Transport(const plugins::HostServices& services, const std::string& name)
        : services_(services), host_(services, name, "{}", metrics_, sockets_, parked_, reports) {
        multiplexer::InstanceOptions options;
        options.name = name;
        options.component_id = "test/" + name + ":0.1.0";
        instance = services.multiplexer.add_instance(std::move(options)).value();
        generation = instance->attach(2).value();
        for (std::uint32_t i = 0; i < 2; ++i) {
            contexts_[i].host = &host_;
            generation->lane(i)->set_owner(&contexts_[i]);
        }
        host_.generation.store(generation);
        services.agents->lanes().add(instance->number(), *generation);
        scope_ = std::make_unique<plugins::AbiHost::ThreadScope>(host_);
    }
    ~Transport() {
        end();
        scope_.reset();
        services_.multiplexer.remove_instance(*instance);
    }
    void end() {
        if (generation != nullptr) {
            const std::uint32_t number = generation->number();
            services_.agents->lanes().remove(instance->number(), number);
            services_.agents->end_generation(instance->number(), number);
            host_.generation.store(nullptr);
            (void)instance->detach(*generation);
            generation = nullptr;
        }
    }
    [[nodiscard]] const patchbay_identity* table() const {
        const patchbay_string id = {PATCHBAY_IDENTITY_EXTENSION,
                                    std::strlen(PATCHBAY_IDENTITY_EXTENSION)};
        return static_cast<const patchbay_identity*>(host()->get_extension(host(), id));
    }
    [[nodiscard]] const patchbay_host* host() const { return host_.table(); }
    [[nodiscard]] patchbay_lane* lane(std::uint32_t index = 0) const {
        return generation->lane(index)->handle();
    }
    [[nodiscard]] std::vector<SignalSeen> signals(std::uint32_t index = 0) const {
        std::vector<patchbay_signal> items(100);
        patchbay_array array = {sizeof(patchbay_array), sizeof(patchbay_signal), 100, 0,
                                items.data()};
        generation->lane(index)->signals_take(&array);
        std::vector<SignalSeen> seen;
        for (std::uint32_t i = 0; i < array.count; ++i) {
            seen.push_back({items[i].kind, items[i].status, items[i].token, items[i].value,
                            std::string(items[i].name.data, items[i].name.size),
                            std::string(reinterpret_cast<const char*>(items[i].payload.data),
                                        items[i].payload.size)});
        }
        return seen;
    }
    /// Waits for signals of that kind; others are dropped.
    [[nodiscard]] SignalSeen await(std::uint32_t kind, std::uint32_t index = 0) const {
        multiplexer::Lane& asleep = *generation->lane(index);
        for (bool woken = true; woken;) {
            for (SignalSeen& signal : signals(index)) {
                if (signal.kind == kind) {
                    return std::move(signal);
                }
            }
            // As a plugin's loop waits: the lane says that it sleeps, and is woken.
            if (asleep.sleep(0)) {
                constexpr int patience_milliseconds = 30'000;
                pollfd wake = {static_cast<int>(asleep.descriptor()), POLLIN, 0};
                woken = ::poll(&wake, 1, patience_milliseconds) == 1;
            }
        }
        ADD_FAILURE() << "no signal " << kind;
        return {};
    }
    [[nodiscard]] SignalSeen enter(const std::string& id, std::uint64_t connection,
                                   const std::string& certificate = {}) const {
        patchbay_agent_registration registration{};
        registration.struct_size = sizeof registration;
        registration.connection = connection;
        registration.agent_id = {id.data(), id.size()};
        registration.certificate = {certificate.data(), certificate.size()};
        registration.remote = {"127.0.0.1:5", 11};
        registration.transport = {"test", 4};
        EXPECT_EQ(table()->register_agent(lane(), &registration, connection), PATCHBAY_OK);
        return await(PATCHBAY_SIGNAL_IDENTITY_RESULT);
    }

    multiplexer::Instance* instance = nullptr;
    multiplexer::Generation* generation = nullptr;
    CountedReports reports;

  private:
    const plugins::HostServices& services_;
    plugins::InstanceMetrics metrics_;
    plugins::ListeningSockets sockets_;
    plugins::ParkedSockets parked_;
    plugins::AbiHost host_;
    plugins::LaneContext contexts_[2];
    std::unique_ptr<plugins::AbiHost::ThreadScope> scope_;
};

class AgentServiceTest : public ::testing::Test {
  protected:
    AgentServiceTest() {
        configuration.data_dir = folder.path();
        configuration.network.name = "TestNetwork";
        configuration.heartbeat.heartbeat_interval = std::chrono::milliseconds(60);
        configuration.heartbeat.agent_timeout = std::chrono::milliseconds(400);
        configuration.heartbeat.ping_timeout = std::chrono::milliseconds(50);
        service.run_on(scheduler);
    }

    TemporaryFolder folder;
    config::HostConfiguration configuration;
    NoEvents events;
    NoDeadLetters letters;
    multiplexer::SystemClock clock;
    multiplexer::Multiplexer multiplexer{{}, clock, events, letters};
    AgentService service{configuration, multiplexer.agents(), events, clock};
    plugins::Scheduler scheduler{clock};
    plugins::CallRouter calls{scheduler};
    plugins::HostServices services{events, clock, multiplexer, scheduler, calls, nullptr, &service};
};

TEST_F(AgentServiceTest, NothingIsOpenedBeforeSomebodyAsks) {
    const Transport transport(services, "gateway");
    EXPECT_EQ(service.claims(), nullptr);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    ASSERT_NE(transport.table(), nullptr);
    EXPECT_NE(service.claims(), nullptr);
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/identity.sqlite"));
}

TEST_F(AgentServiceTest, SettingsAreThoseOfTheConfigurationAndTheNetworkKeepsItsId) {
    const Transport transport(services, "gateway");
    patchbay_identity_settings settings{};
    settings.struct_size = sizeof settings;
    transport.table()->settings(transport.host(), &settings);
    EXPECT_EQ(std::string(settings.network_name.data, settings.network_name.size), "TestNetwork");
    const std::string id(settings.network_id.data, settings.network_id.size);
    EXPECT_EQ(id.rfind("network-", 0), 0u);
    EXPECT_EQ(id.size(), 16u);
    EXPECT_EQ(settings.heartbeat_interval, 60'000'000u);
    EXPECT_EQ(settings.agent_timeout, 400'000'000u);
    EXPECT_EQ(settings.ping_timeout, 50'000'000u);
    EXPECT_EQ(settings.certificate_lifetime, 86'400'000'000'000u);
    EXPECT_EQ(settings.flags, 0u);
    // A shorter struct, of an earlier header, gets what it has.
    struct {
        patchbay_identity_settings settings;
        std::uint64_t behind;
    } small{};
    small.settings.struct_size = offsetof(patchbay_identity_settings, network_id);
    transport.table()->settings(transport.host(), &small.settings);
    EXPECT_EQ(small.settings.network_name.size, 11u);
    EXPECT_EQ(small.settings.network_id.size, 0u);
    AgentService again(configuration, multiplexer.agents(), events, clock);
    ASSERT_TRUE(again.open());
    EXPECT_EQ(again.network_id(), id) << "it is kept";
}

TEST_F(AgentServiceTest, ARegisteredAgentIsReachedThroughItsLane) {
    const Transport transport(services, "gateway");
    const SignalSeen entered = transport.enter("alice", 7);
    EXPECT_EQ(entered.status, PATCHBAY_OK) << entered.payload;
    EXPECT_EQ(entered.token, 7u);
    EXPECT_NE(entered.value, 0u);
    EXPECT_EQ(nlohmann::json::parse(entered.payload).at("network_name"), "TestNetwork");
    EXPECT_EQ(multiplexer.agents().lookup("alice"),
              (multiplexer::AgentRoute{transport.instance->number(), 0}));
    patchbay_agent agent{};
    agent.struct_size = sizeof agent;
    ASSERT_EQ(transport.table()->lookup(transport.host(), {"alice", 5}, &agent), PATCHBAY_OK);
    EXPECT_EQ(agent.flags, std::uint32_t{PATCHBAY_AGENT_IS_ONLINE});
    EXPECT_EQ(agent.session, entered.value);
    EXPECT_EQ(agent.connection, 7u);
    EXPECT_EQ(agent.lane, 0u);
    EXPECT_EQ(transport.table()->lookup(transport.host(), {"nobody", 6}, &agent),
              PATCHBAY_UNSUPPORTED);
    const Transport other(services, "other");
    ASSERT_EQ(other.table()->lookup(other.host(), {"alice", 5}, &agent), PATCHBAY_OK);
    EXPECT_EQ(agent.lane, PATCHBAY_NO_LANE);
    patchbay_bytes json{};
    patchbay_block* block = nullptr;
    ASSERT_EQ(transport.table()->list(transport.host(), {"", 0}, 0, &json, &block), PATCHBAY_OK);
    const nlohmann::json list =
        nlohmann::json::parse(std::string(reinterpret_cast<const char*>(json.data), json.size));
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].at("agent_id"), "alice");
    transport.host()->release(transport.host(), nullptr, &block, 1);
    ASSERT_EQ(transport.table()->list(transport.host(), {"alice", 5}, 0, &json, &block),
              PATCHBAY_OK);
    EXPECT_EQ(json.size, 2u) << "the page after the last is empty";
    transport.host()->release(transport.host(), nullptr, &block, 1);
}

TEST_F(AgentServiceTest, ClaimsAreAnsweredAndValidated) {
    const Transport transport(services, "gateway");
    const SignalSeen entered = transport.enter("alice", 1);
    patchbay_agent_claim claim{};
    claim.struct_size = sizeof claim;
    claim.session = entered.value;
    claim.agent_id = {"alice", 5};
    claim.remote = {"127.0.0.1:5", 11};
    claim.public_key = {reinterpret_cast<const std::uint8_t*>("short"), 5};
    EXPECT_EQ(transport.table()->claim(transport.lane(), &claim, 2), PATCHBAY_INVALID);
    claim.public_key = {nullptr, 0};
    ASSERT_EQ(transport.table()->claim(transport.lane(), &claim, 2), PATCHBAY_OK);
    const SignalSeen claimed = transport.await(PATCHBAY_SIGNAL_IDENTITY_RESULT);
    EXPECT_EQ(claimed.token, 2u);
    ASSERT_EQ(claimed.status, PATCHBAY_OK) << claimed.payload;
    const std::string certificate = nlohmann::json::parse(claimed.payload).at("certificate").dump();
    ASSERT_EQ(
        transport.table()->validate(transport.lane(), {certificate.data(), certificate.size()},
                                    {"127.0.0.1:5", 11}, 3),
        PATCHBAY_OK);
    EXPECT_EQ(transport.await(PATCHBAY_SIGNAL_IDENTITY_RESULT).value, 1u);
    ASSERT_EQ(transport.table()->renew(transport.lane(), entered.value, 0, 4), PATCHBAY_OK);
    EXPECT_EQ(transport.await(PATCHBAY_SIGNAL_IDENTITY_RESULT).status, PATCHBAY_OK);
    const SignalSeen stranger = transport.enter("alice", 9);
    EXPECT_EQ(stranger.status, PATCHBAY_FAILED);
    EXPECT_EQ(stranger.name, "identity.certificate_required");
    EXPECT_TRUE(nlohmann::json::parse(stranger.payload).contains("error"));
    ASSERT_EQ(transport.table()->release(transport.lane(), entered.value, 5), PATCHBAY_OK);
    EXPECT_EQ(transport.await(PATCHBAY_SIGNAL_IDENTITY_RESULT).status, PATCHBAY_OK);
}

TEST_F(AgentServiceTest, ASilentAgentIsPingedAndEnds) {
    const Transport transport(services, "gateway");
    const SignalSeen entered = transport.enter("alice", 7);
    ASSERT_EQ(transport.table()->subscribe(transport.lane(1), true), PATCHBAY_OK);
    const SignalSeen ping = transport.await(PATCHBAY_SIGNAL_AGENT_PING);
    EXPECT_EQ(ping.token, 7u);
    EXPECT_LT(ping.value, std::uint64_t{1} << 53U);
    transport.table()->pong(transport.host(), entered.value, ping.value, true);
    const SignalSeen ended = transport.await(PATCHBAY_SIGNAL_SESSION_END);
    EXPECT_EQ(ended.token, 7u);
    EXPECT_EQ(ended.value, std::uint64_t{PATCHBAY_SESSION_END_TIMEOUT});
    EXPECT_EQ(ended.name, "alice");
    const SignalSeen change = transport.await(PATCHBAY_SIGNAL_AGENT_CHANGED, 1);
    EXPECT_EQ(change.value, std::uint64_t{PATCHBAY_AGENT_LOST});
    EXPECT_EQ(change.name, "alice");
    EXPECT_EQ(nlohmann::json::parse(change.payload).at("agent_id"), "alice");
    EXPECT_FALSE(multiplexer.agents().lookup("alice"));
}

TEST_F(AgentServiceTest, TheSessionsOfAGenerationEndWithIt) {
    Transport transport(services, "gateway");
    (void)transport.enter("alice", 7);
    transport.end();
    EXPECT_FALSE(multiplexer.agents().lookup("alice"));
    const auto state = service.registrations()->lookup("alice");
    EXPECT_FALSE(state.has_value() && state->online);
}

TEST_F(AgentServiceTest, ThreadsThatTheHostDidNotStartAreReported) {
    const Transport transport(services, "gateway");
    const patchbay_identity* table = transport.table();
    std::thread([&] { (void)table->subscribe(transport.lane(), true); }).join();
    EXPECT_EQ(transport.reports.misbehaviour.load(), 1);
    EXPECT_EQ(table->subscribe(nullptr, true), PATCHBAY_INVALID);
    EXPECT_EQ(table->register_agent(transport.lane(), nullptr, 1), PATCHBAY_INVALID);
}

TEST_F(AgentServiceTest, TheLimitsOfClaimsAreThoseOfTheConfiguration) {
    ASSERT_TRUE(service.open());
    const identity::ClaimLimits unset;
    const identity::ClaimLimits& defaults = service.claims()->options().limits;
    EXPECT_EQ(defaults.claims, unset.claims);
    EXPECT_EQ(defaults.audit_rows, unset.audit_rows);
    EXPECT_EQ(defaults.claims_per_address, unset.claims_per_address);
    EXPECT_EQ(defaults.claims_in_all, unset.claims_in_all);
    EXPECT_EQ(defaults.validations_per_address, unset.validations_per_address);
    EXPECT_EQ(defaults.validations_in_all, unset.validations_in_all);

    configuration.data_dir = folder.path() + "/other";
    std::filesystem::create_directory(configuration.data_dir);
    configuration.identity.limits = {1, 2, 3, 4, 5, 6};
    AgentService other(configuration, multiplexer.agents(), events, clock);
    ASSERT_TRUE(other.open());
    const identity::ClaimLimits& limits = other.claims()->options().limits;
    EXPECT_EQ(limits.claims_per_address, (identity::RateLimit{1, std::chrono::hours(1)}));
    EXPECT_EQ(limits.claims_in_all, (identity::RateLimit{2, std::chrono::hours(1)}));
    EXPECT_EQ(limits.validations_per_address, (identity::RateLimit{3, std::chrono::minutes(1)}));
    EXPECT_EQ(limits.validations_in_all, (identity::RateLimit{4, std::chrono::minutes(1)}));
    EXPECT_EQ(limits.claims, 5u);
    EXPECT_EQ(limits.audit_rows, 6u);
}

TEST_F(AgentServiceTest, AStoreThatCannotBeOpenedIsToldAndNotOffered) {
    configuration.identity.secret_key_env = "PATCHBAY_TEST_NO_SUCH_VARIABLE";
    const Transport transport(services, "gateway");
    EXPECT_EQ(transport.table(), nullptr);
    EXPECT_EQ(service.registrations(), nullptr);
}

}  // namespace
}  // namespace patchbay::app
