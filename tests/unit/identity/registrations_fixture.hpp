// SPDX-License-Identifier: Apache-2.0
/// \file
/// Registrations with real claims, a clock run by hand, a directory and transports that remember.
#pragma once

#include "identity/registrations.hpp"
#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::identity {

class RecordedDirectory final : public multiplexer::AgentDirectory {
  public:
    Result<void> attach(std::string_view address, multiplexer::AgentRoute route) override {
        const std::lock_guard lock(mutex_);
        routes_[std::string(address)] = route;
        return {};
    }
    bool detach(std::string_view address, multiplexer::AgentRoute route) override {
        const std::lock_guard lock(mutex_);
        const auto found = routes_.find(address);
        if (found == routes_.end() || found->second != route) {
            return false;
        }
        routes_.erase(found);
        return true;
    }
    [[nodiscard]] std::optional<multiplexer::AgentRoute> lookup(
        std::string_view address) const override {
        const std::lock_guard lock(mutex_);
        const auto found = routes_.find(address);
        return found == routes_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, multiplexer::AgentRoute, std::less<>> routes_;
};

class RecordedTransports final : public Transports {
  public:
    struct Ended {
        TransportLane lane;
        std::uint64_t connection;
        SessionEnd reason;
        std::string agent_id;
        std::string text;
    };
    struct Changed {
        TransportLane lane;
        AgentChange change;
        std::string agent_id;
        nlohmann::json agent;
        std::uint64_t missed;
    };

    void answer(const TransportLane&, std::uint64_t cookie, const Answer& answer) override {
        const std::lock_guard lock(mutex_);
        ++answer_counts[cookie];
        answers_[cookie] = answer;
        order.push_back("answer " + std::to_string(cookie));
        changed_.notify_all();
    }
    void ping(const TransportLane&, std::uint64_t connection, std::uint64_t value) override {
        const std::lock_guard lock(mutex_);
        pings.emplace_back(connection, value);
        changed_.notify_all();
    }
    void end(const TransportLane& lane, std::uint64_t connection, SessionEnd reason,
             std::string_view agent_id, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        ends.push_back({lane, connection, reason, std::string(agent_id), std::string(text)});
        order.push_back("end " + std::to_string(connection));
        changed_.notify_all();
    }
    bool changed(const TransportLane& lane, AgentChange change, std::string_view agent_id,
                 std::string_view agent, std::uint64_t missed) override {
        const std::lock_guard lock(mutex_);
        if (is_behind) {
            return false;
        }
        changes.push_back(
            {lane, change, std::string(agent_id), nlohmann::json::parse(agent), missed});
        changed_.notify_all();
        return true;
    }
    [[nodiscard]] bool is_live(const TransportLane& lane) const noexcept override {
        const std::lock_guard lock(mutex_);
        return !dead.contains({lane.instance, lane.generation});
    }

    /// Waits for the answer to that cookie.
    [[nodiscard]] Answer await(std::uint64_t cookie) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(60),
                               [&] { return answers_.contains(cookie); })) {
            ADD_FAILURE() << "no answer to " << cookie;
            return {};
        }
        return answers_[cookie];
    }
    [[nodiscard]] bool has_answer(std::uint64_t cookie) const {
        const std::lock_guard lock(mutex_);
        return answers_.contains(cookie);
    }
    /// An answer and the news that belong to it may come from different threads.
    void await_ends(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return ends.size() >= count; });
        EXPECT_EQ(ends.size(), count);
    }
    void await_changes(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return changes.size() >= count; });
        EXPECT_EQ(changes.size(), count);
    }

    bool is_behind = false;
    std::set<std::pair<std::uint32_t, std::uint32_t>> dead;
    std::map<std::uint64_t, int> answer_counts;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> pings;
    std::vector<Ended> ends;
    std::vector<Changed> changes;
    std::vector<std::string> order;

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Answer> answers_;
};

class RegistrationsTest : public ClaimsTest {
  protected:
    ~RegistrationsTest() override { claims.reset(); }

    void open() {
        options.openagents_05 = rules.openagents_05;
        start();
        rules.network_id = "network-1";
        registrations =
            std::make_unique<Registrations>(rules, *claims, directory, transports, events, clock);
    }
    void TearDown() override {
        claims.reset();  // answers what was asked, and needs the registrations for it
        registrations.reset();
    }

    [[nodiscard]] static RegistrationRequest request(std::string agent_id,
                                                     std::uint64_t connection) {
        RegistrationRequest made;
        made.lane = {1, 1, 0};
        made.connection = connection;
        made.agent_id = std::move(agent_id);
        made.remote = "127.0.0.1:" + std::to_string(connection);
        made.transport = "websocket";
        return made;
    }
    /// Asks without waiting; the cookie.
    std::uint64_t ask(RegistrationRequest wanted) {
        wanted.cookie = ++cookie_;
        const auto asked = registrations->register_agent(std::move(wanted));
        EXPECT_TRUE(asked) << to_string(asked.error());
        return cookie_;
    }
    Answer enter(RegistrationRequest wanted) { return transports.await(ask(std::move(wanted))); }
    Answer enter(std::string agent_id, std::uint64_t connection) {
        return enter(request(std::move(agent_id), connection));
    }
    Answer claim_id(SessionNumber session, std::string agent_id) {
        SessionClaim wanted;
        wanted.lane = {1, 1, 0};
        wanted.cookie = ++cookie_;
        wanted.session = session;
        wanted.agent_id = std::move(agent_id);
        wanted.remote = "127.0.0.1:1";
        EXPECT_TRUE(registrations->claim(wanted));
        return transports.await(wanted.cookie);
    }
    /// An agent that has claimed its id and left; its certificate.
    std::string owned_id(const std::string& agent_id, std::uint64_t connection) {
        const Answer entered = enter(agent_id, connection);
        const Answer claimed = claim_id(entered.value, agent_id);
        EXPECT_FALSE(claimed.failed) << claimed.payload;
        registrations->unregister(entered.value);
        pass(std::chrono::seconds(6));
        return certificate_of(claimed);
    }
    [[nodiscard]] static std::string certificate_of(const Answer& answer) {
        return nlohmann::json::parse(answer.payload).at("certificate").dump();
    }
    [[nodiscard]] static std::string error_of(const Answer& answer) {
        return nlohmann::json::parse(answer.payload).value("error", std::string());
    }
    void pass(std::chrono::nanoseconds time) {
        const auto step = registrations->resolution();
        for (std::chrono::nanoseconds passed{0}; passed < time; passed += step) {
            clock.advance(step);
            registrations->tick();
        }
    }
    [[nodiscard]] std::uint64_t next_cookie() { return ++cookie_; }

    RegistrationOptions rules;
    RecordedDirectory directory;
    RecordedTransports transports;
    std::unique_ptr<Registrations> registrations;

  private:
    std::uint64_t cookie_ = 100;
};

}  // namespace patchbay::identity
