// SPDX-License-Identifier: Apache-2.0
/// \file
/// The SDK's wrapper of patchbay.identity/1, with a table that the test plays.
#include "connection_fixture.hpp"

#include <patchbay/agent_identity.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay {
namespace {

static_assert(static_cast<int>(SessionEnd::replaced) == PATCHBAY_SESSION_END_REPLACED);
static_assert(static_cast<int>(SessionEnd::timeout) == PATCHBAY_SESSION_END_TIMEOUT);
static_assert(static_cast<int>(SessionEnd::removed) == PATCHBAY_SESSION_END_REMOVED);
static_assert(static_cast<int>(AgentChange::joined) == PATCHBAY_AGENT_JOINED);
static_assert(static_cast<int>(AgentChange::left) == PATCHBAY_AGENT_LEFT);
static_assert(static_cast<int>(AgentChange::lost) == PATCHBAY_AGENT_LOST);
static_assert(static_cast<int>(AgentChange::replaced) == PATCHBAY_AGENT_REPLACED);
static_assert(static_cast<int>(AgentChange::claimed) == PATCHBAY_AGENT_CLAIMED);
static_assert(static_cast<int>(AgentChange::released) == PATCHBAY_AGENT_RELEASED);

/// What reached the table, in words. The lanes of a host double are used by one thread at a time.
std::mutex mutex;
std::vector<std::string> calls;
patchbay_status next_status = PATCHBAY_OK;

patchbay_status note(std::string call) {
    const std::lock_guard lock(mutex);
    calls.push_back(std::move(call));
    return next_status;
}

std::string text(patchbay_string value) {
    return std::string(to_view(value));
}

const patchbay_identity table = {
    sizeof(patchbay_identity),
    [](const patchbay_host*, patchbay_identity_settings* settings) {
        settings->network_name = to_abi_string("TestNetwork");
        settings->network_id = to_abi_string("network-1");
        settings->heartbeat_interval = 30'000'000'000;
        settings->agent_timeout = 90'000'000'000;
        settings->ping_timeout = 5'000'000'000;
        settings->certificate_lifetime = 1;
        settings->flags = PATCHBAY_IDENTITY_OPENAGENTS_05;
    },
    [](patchbay_lane*, const patchbay_agent_registration* from, std::uint64_t cookie) {
        return note("register " + text(from->agent_id) + ' ' + text(from->metadata) + ' ' +
                    text(from->certificate) + ' ' + text(from->proof) + ' ' + text(from->remote) +
                    ' ' + text(from->transport) + ' ' + std::to_string(from->connection) + ' ' +
                    std::to_string(from->flags) + ' ' + std::to_string(cookie));
    },
    [](const patchbay_host*, std::uint64_t session) {
        note("unregister " + std::to_string(session));
    },
    [](const patchbay_host*, std::uint64_t session) { note("touch " + std::to_string(session)); },
    [](const patchbay_host*, std::uint64_t session, std::uint64_t value, bool success) {
        note("pong " + std::to_string(session) + ' ' + std::to_string(value) +
             (success ? " yes" : " no"));
    },
    [](patchbay_lane*, const patchbay_agent_claim* from, std::uint64_t cookie) {
        return note("claim " + text(from->agent_id) + ' ' + std::to_string(from->session) + ' ' +
                    text(from->token) + ' ' + std::to_string(from->public_key.size) + ' ' +
                    std::to_string(from->flags) + ' ' + std::to_string(cookie));
    },
    [](patchbay_lane*, std::uint64_t session, std::uint32_t flags, std::uint64_t cookie) {
        return note("renew " + std::to_string(session) + ' ' + std::to_string(flags) + ' ' +
                    std::to_string(cookie));
    },
    [](patchbay_lane*, std::uint64_t session, std::uint64_t cookie) {
        return note("release " + std::to_string(session) + ' ' + std::to_string(cookie));
    },
    [](patchbay_lane*, patchbay_string certificate, patchbay_string remote, std::uint64_t cookie) {
        return note("validate " + text(certificate) + ' ' + text(remote) + ' ' +
                    std::to_string(cookie));
    },
    [](const patchbay_host*, patchbay_string agent_id, patchbay_agent* agent) -> patchbay_status {
        if (text(agent_id) != "alice") {
            return PATCHBAY_UNSUPPORTED;
        }
        agent->flags = PATCHBAY_AGENT_IS_ONLINE;
        agent->session = 5;
        agent->connection = 7;
        agent->lane = PATCHBAY_NO_LANE;
        return PATCHBAY_OK;
    },
    [](const patchbay_host* host, patchbay_string, std::uint32_t, patchbay_bytes* json,
       patchbay_block** block) -> patchbay_status {
        patchbay_buffer buffer{};
        patchbay_array buffers{sizeof(patchbay_array), sizeof(buffer), 1, 0, &buffer};
        if (host->allocate(host, nullptr, 2, &buffers) != PATCHBAY_OK) {
            return PATCHBAY_OVERLOADED;
        }
        std::memcpy(buffer.data, "[]", 2);
        *json = {buffer.data, 2};
        *block = buffer.block;
        return PATCHBAY_OK;
    },
    [](patchbay_lane*, bool wanted) { return note(wanted ? "subscribe" : "unsubscribe"); },
    [](patchbay_lane*, std::uint64_t session, std::uint64_t connection) {
        return note("move " + std::to_string(session) + ' ' + std::to_string(connection));
    }};

/// Tells what it hears in the log.
class Listener final : public Connection {
  public:
    using Connection::Connection;
    void on_identity_answer(Lane&, const IdentityAnswer& answer) override {
        log().info("answer " + std::to_string(answer.cookie) + ' ' + std::to_string(answer.status) +
                   ' ' + std::to_string(answer.value) + ' ' + std::string(answer.code) + ' ' +
                   std::string(answer.payload) + (answer.is_ok() ? " ok" : " failed"));
    }
    void on_agent_ping(Lane&, std::uint64_t connection, std::uint64_t value) override {
        log().info("ping " + std::to_string(connection) + ' ' + std::to_string(value));
    }
    void on_session_end(Lane&, std::uint64_t connection, SessionEnd reason,
                        std::string_view agent_id, std::string_view why) override {
        log().info("end " + std::to_string(connection) +
                   (reason == SessionEnd::timeout ? " timeout " : " other ") +
                   std::string(agent_id) + ' ' + std::string(why));
    }
    void on_agent_changed(Lane&, AgentChange change, std::string_view agent_id,
                          std::string_view payload, std::uint64_t missed) override {
        log().info((change == AgentChange::lost ? "lost " : "other ") + std::string(agent_id) +
                   ' ' + std::string(payload) + ' ' + std::to_string(missed));
    }
};

class AgentIdentityTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const std::lock_guard lock(mutex);
        calls.clear();
        next_status = PATCHBAY_OK;
        ASSERT_TRUE(double_->connect());
    }
    [[nodiscard]] static std::string last_call() {
        const std::lock_guard lock(mutex);
        return calls.empty() ? "" : calls.back();
    }

    std::unique_ptr<testing::HostDouble> double_ =
        make_host<Listener>({.extensions = {{PATCHBAY_IDENTITY_EXTENSION, &table}}});
    Host host_{double_->abi(), patchbay_instance_options{}};
};

TEST_F(AgentIdentityTest, FunctionsReachTheTable) {
    const auto identity = AgentIdentity::open(host_);
    ASSERT_TRUE(identity);
    identity->unregister(5);
    EXPECT_EQ(last_call(), "unregister 5");
    identity->touch(6);
    EXPECT_EQ(last_call(), "touch 6");
    identity->pong(7, 123, true);
    EXPECT_EQ(last_call(), "pong 7 123 yes");
    const auto alice = identity->lookup("alice");
    ASSERT_TRUE(alice);
    EXPECT_TRUE(alice->is_online);
    EXPECT_FALSE(alice->is_claimed);
    EXPECT_EQ(alice->session, 5u);
    EXPECT_EQ(alice->connection, 7u);
    EXPECT_FALSE(alice->lane) << "another instance's";
    EXPECT_FALSE(identity->lookup("bob"));
    EXPECT_EQ(identity->list(), "[]");
    EXPECT_EQ(double_->blocks_held(), 0u);
    double_->exhaust_memory();
    EXPECT_EQ(identity->list().error().code, "identity.no_memory");
}

TEST_F(AgentIdentityTest, SettingsAreInUnitsOfTime) {
    const IdentitySettings settings = AgentIdentity::open(host_)->settings();
    EXPECT_EQ(settings.network_name, "TestNetwork");
    EXPECT_EQ(settings.network_id, "network-1");
    EXPECT_EQ(settings.heartbeat_interval, std::chrono::seconds(30));
    EXPECT_EQ(settings.agent_timeout, std::chrono::seconds(90));
    EXPECT_EQ(settings.ping_timeout, std::chrono::seconds(5));
    EXPECT_EQ(settings.certificate_lifetime, std::chrono::nanoseconds(1));
    EXPECT_TRUE(settings.is_openagents_05);
}

TEST_F(AgentIdentityTest, SignalsBecomeCallsOfTheConnection) {
    double_->send_signal({.kind = PATCHBAY_SIGNAL_IDENTITY_RESULT,
                          .status = PATCHBAY_FAILED,
                          .token = 9,
                          .value = 4,
                          .name = "identity.x",
                          .payload = "{}"});
    double_->wait_for_log("answer 9 -1 4 identity.x {} failed");
    double_->send_signal({.kind = PATCHBAY_SIGNAL_AGENT_PING, .token = 7, .value = 99});
    double_->wait_for_log("ping 7 99");
    double_->send_signal({.kind = PATCHBAY_SIGNAL_SESSION_END,
                          .token = 7,
                          .value = PATCHBAY_SESSION_END_TIMEOUT,
                          .name = "alice",
                          .payload = "Why."});
    double_->wait_for_log("end 7 timeout alice Why.");
    double_->send_signal({.kind = PATCHBAY_SIGNAL_AGENT_CHANGED,
                          .token = 3,
                          .value = PATCHBAY_AGENT_LOST,
                          .name = "bob",
                          .payload = "{}"});
    double_->wait_for_log("lost bob {} 3");
}

TEST(AgentIdentity, IsNotThereInAHostWithoutIt) {
    const auto host = make_host<Listener>();
    const Host without{host->abi(), patchbay_instance_options{}};
    const auto identity = AgentIdentity::open(without);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, "host.no_extension");
}

/// Asks for everything that needs a lane, when it connects.
class Asking final : public Connection {
  public:
    using Connection::Connection;
    Awaitable<Result<void>> connect() override {
        const auto identity = AgentIdentity::open(host());
        Lane& own = lane();
        const AgentRegistration registration{.connection = 7,
                                             .agent_id = "alice",
                                             .metadata = "{}",
                                             .certificate = "C",
                                             .proof = "P",
                                             .remote = "R",
                                             .transport = "T",
                                             .force = true};
        const std::string key(32, 'k');
        const AgentClaim claim{
            .session = 5, .agent_id = "alice", .token = "t", .public_key = key, .force = true};
        for (const Result<void>& result :
             {identity->register_agent(own, registration, 1), identity->claim(own, claim, 2),
              identity->renew(own, 5, true, 3), identity->release(own, 5, 4),
              identity->validate(own, "C", "R", 5), identity->subscribe(own, true),
              identity->subscribe(own, false), identity->move(own, 4, 9)}) {
            if (!result) {
                log().info(result.error().code);
            }
        }
        co_return success();
    }
};

TEST(AgentIdentity, RequestsReachTheTable) {
    {
        const std::lock_guard lock(mutex);
        calls.clear();
        next_status = PATCHBAY_OK;
    }
    const auto host = make_host<Asking>({.extensions = {{PATCHBAY_IDENTITY_EXTENSION, &table}}});
    ASSERT_TRUE(host->connect());
    const std::lock_guard lock(mutex);
    EXPECT_EQ(calls, (std::vector<std::string>{
                         "register alice {} C P R T 7 1 1", "claim alice 5 t 32 1 2", "renew 5 2 3",
                         "release 5 4", "validate C R 5", "subscribe", "unsubscribe", "move 4 9"}));
}

TEST(AgentIdentity, RefusalsAreFailures) {
    for (const auto& [status, code] : {std::pair<patchbay_status, const char*>{
                                           PATCHBAY_OVERLOADED, "identity.too_many_requests"},
                                       {PATCHBAY_INVALID, "identity.request_refused"}}) {
        {
            const std::lock_guard lock(mutex);
            next_status = status;
        }
        const auto host =
            make_host<Asking>({.extensions = {{PATCHBAY_IDENTITY_EXTENSION, &table}}});
        ASSERT_TRUE(host->connect());
        host->wait_for_log(code);
    }
}

}  // namespace
}  // namespace patchbay
