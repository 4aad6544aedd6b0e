// SPDX-License-Identifier: Apache-2.0
/// \file
/// A multiplexer, what instances need, and a tester's instance that sends commands to the plugin
/// "behave" and gets its answers.
#pragma once

#include "event_recorder.hpp"
#include "multiplexer/multiplexer.hpp"
#include "plugins/instance.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::plugins::test {

class DeadLetters final : public multiplexer::DeadLetterSink {
  public:
    bool put(multiplexer::DeadLetter letter) override {
        const std::lock_guard lock(mutex_);
        letters_.push_back(std::move(letter));
        return true;
    }
    [[nodiscard]] std::vector<multiplexer::DeadLetter> all() const {
        const std::lock_guard lock(mutex_);
        return letters_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<multiplexer::DeadLetter> letters_;
};

class MemoryStore final : public KeyValueStore {
  public:
    Result<std::optional<std::string>> get(std::string_view instance,
                                           std::string_view key) override {
        const std::lock_guard lock(mutex_);
        const auto found = values_.find({std::string(instance), std::string(key)});
        return found == values_.end() ? std::nullopt : std::optional(found->second);
    }
    Result<void> put(std::string_view instance, std::string_view key,
                     std::string_view value) override {
        const std::lock_guard lock(mutex_);
        values_[{std::string(instance), std::string(key)}] = value;
        return {};
    }
    Result<void> erase(std::string_view instance, std::string_view key) override {
        const std::lock_guard lock(mutex_);
        values_.erase({std::string(instance), std::string(key)});
        return {};
    }

  private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, std::string> values_;
};

class RecordingListener final : public InstanceListener {
  public:
    void on_state(Instance& instance, const StateChange& change) override {
        const std::lock_guard lock(mutex_);
        states.emplace_back(instance.name(), change.to);
    }
    void on_failure(Instance&, FailureKind kind, const Error& error) override {
        const std::lock_guard lock(mutex_);
        failures.emplace_back(kind, error);
    }
    [[nodiscard]] std::vector<std::pair<FailureKind, Error>> all_failures() const {
        const std::lock_guard lock(mutex_);
        return failures;
    }
    [[nodiscard]] std::vector<ConnectionState> states_of(const std::string& name) const {
        const std::lock_guard lock(mutex_);
        std::vector<ConnectionState> answer;
        for (const auto& [instance, state] : states) {
            if (instance == name) {
                answer.push_back(state);
            }
        }
        return answer;
    }

    mutable std::mutex mutex_;
    std::vector<std::pair<std::string, ConnectionState>> states;
    std::vector<std::pair<FailureKind, Error>> failures;
};

/// Waits, without end in sight only as long as a broken test may take.
inline bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// A plan for one instance of a fixture's class.
inline InstancePlan plan_of(const std::string& name, const std::string& fixture_name,
                            const std::string& class_name, const std::string& config = "{}") {
    auto manifest = std::make_shared<config::ConnectionManifest>();
    manifest->author = "tests";
    manifest->name = fixture_name;
    manifest->version = "0.1.0";
    manifest->class_name = class_name;
    InstancePlan plan;
    plan.name = name;
    plan.component_id = "tests/" + name + ":0.1.0";
    plan.class_id = manifest->public_id();
    plan.manifest = std::move(manifest);
    plan.library = fixture(fixture_name).string();
    plan.config_json = config;
    return plan;
}

/// A multiplexer with the tester's own instance, whose one lane the test itself serves.
class Traffic {
  public:
    explicit Traffic(const multiplexer::Clock& clock)
        : multiplexer(options(), clock, events, dead_letters) {
        multiplexer::InstanceOptions tester;
        tester.name = "tester";
        tester.component_id = "tests/tester:0.1.0";
        tester.consumer = true;
        auto added = multiplexer.add_instance(std::move(tester));
        if (!added) {
            throw std::runtime_error(to_string(added.error()));
        }
        tester_ = *added;
        generation_ = *tester_->attach(1);
        tester_->hand_over();
        tester_->set_connected(true);
    }
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;
    ~Traffic() {
        if (generation_ != nullptr) {
            tester_->set_connected(false);
            (void)tester_->detach(*generation_);
            multiplexer.remove_instance(*tester_);
        }
    }

    /// Sends a command to an instance; the delivery's status.
    std::uint32_t send(const std::string& instance, const std::string& command,
                       const std::string& author = "tests") {
        const std::string to = author + '/' + instance + ":0.1.0";
        const std::string sender = "tests/tester:0.1.0";
        const std::string protocol = "fetchai/default:1.0.0";
        patchbay_envelope envelope{};
        envelope.to = to.data();
        envelope.to_size = static_cast<std::uint32_t>(to.size());
        envelope.sender = sender.data();
        envelope.sender_size = static_cast<std::uint32_t>(sender.size());
        envelope.protocol_id = protocol.data();
        envelope.protocol_id_size = static_cast<std::uint32_t>(protocol.size());
        envelope.message = reinterpret_cast<const std::uint8_t*>(command.data());
        envelope.message_size = static_cast<std::uint32_t>(command.size());
        patchbay_delivery delivery{};
        const patchbay_array batch{sizeof(patchbay_array), sizeof(envelope), 1, 0, &envelope};
        patchbay_array results{sizeof(patchbay_array), sizeof(delivery), 1, 0, &delivery};
        EXPECT_EQ(generation_->lane(0)->deliver(&batch, &results), PATCHBAY_OK);
        return delivery.status;
    }

    /// The next answer's message; nothing after a while.
    std::optional<std::string> receive() {
        std::optional<std::string> message;
        eventually([&] {
            patchbay_envelope envelope{};
            patchbay_array batch{sizeof(patchbay_array), sizeof(envelope), 1, 0, &envelope};
            (void)generation_->lane(0)->take(&batch);
            if (batch.count == 0) {
                return false;
            }
            message.emplace(reinterpret_cast<const char*>(envelope.message), envelope.message_size);
            generation_->complete(&envelope.token, 1, PATCHBAY_OK, nullptr);
            return true;
        });
        return message;
    }

    EventRecorder events;
    DeadLetters dead_letters;
    multiplexer::Multiplexer multiplexer;

  private:
    static multiplexer::Options options() {
        multiplexer::Options options;
        options.pool_bytes = std::size_t{64} << 20U;
        return options;
    }
    multiplexer::Instance* tester_ = nullptr;
    multiplexer::Generation* generation_ = nullptr;
};

/// Value of a metric that the plugin counts; 0 when it has not counted yet.
inline std::int64_t metric(const Instance& instance, const std::string& name) {
    for (const MetricValue& value : instance.metrics()) {
        if (value.name == name) {
            return value.value;
        }
    }
    return 0;
}

}  // namespace patchbay::plugins::test
