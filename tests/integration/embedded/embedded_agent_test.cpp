// SPDX-License-Identifier: Apache-2.0
/// \file
/// A C++ program as resident agent: it links the host's libraries, finds the built plugins, runs
/// them, and talks to them through an InBox and an OutBox. Read it as the sample of embedding.
#include "config/host_configuration_reader.hpp"
#include "multiplexer/multiplexer.hpp"
#include "multiplexer/resident_agent.hpp"
#include "plugins/connection_host.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"

#include <patchbay/protocols/default.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace patchbay;
using namespace std::chrono_literals;

/// Prints what goes wrong and keeps all codes.
class Events final : public events::EventSink {
  public:
    void publish(events::Event event) override {
        const std::lock_guard lock(mutex_);
        if (event.level >= events::Level::warning) {
            std::fprintf(stderr, "%s: %s\n", event.subsystem.c_str(), event.text.c_str());
        }
        codes_.push_back(std::move(event.code));
    }
    [[nodiscard]] bool wants(events::Level level, const std::string&) const override {
        return level >= events::Level::debug;
    }
    [[nodiscard]] std::size_t count(const std::string& code) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(codes_.begin(), codes_.end(), code));
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> codes_;
};

class DeadLetters final : public multiplexer::DeadLetterSink {
  public:
    bool put(multiplexer::DeadLetter letter) override {
        std::fprintf(stderr, "dead letter: %s %s\n", letter.code.c_str(), letter.text.c_str());
        return true;
    }
};

class Embedded : public testing::Test {
  protected:
    void SetUp() override {
        std::string name =
            (std::filesystem::temp_directory_path() / "patchbay-embedded-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override {
        if (host_ != nullptr) {
            EXPECT_TRUE(host_->stop().clean());
        }
        agent_.reset();
        host_.reset();
        EXPECT_EQ(events_.count("plugin.still_mapped"), 0U);
        EXPECT_EQ(events_.count("plugin.misbehaviour"), 0U);
        EXPECT_EQ(events_.count("plugin.left_behind"), 0U);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// Everything an embedding program does: configuration, plugins, plan, agent, host.
    void run(const std::string& connections) {
        const std::string text = "plugin_folders: [{path: " PATCHBAY_BUILT_PLUGINS
                                 "}]\n"
                                 "connections:\n" +
                                 connections;
        const auto configuration = config::parse_host_configuration(
            text, "embedded", folder_.string(), config::process_environment());
        ASSERT_TRUE(configuration) << to_string(configuration.error().front());
        const plugins::Catalogue catalogue =
            plugins::discover(plugins::discovery_options(*configuration));
        const plugins::Plan plan = plugins::resolve(*configuration, catalogue);
        ASSERT_TRUE(plan.ok()) << to_string(plan.problems.front());
        ASSERT_TRUE(plan.left_out.empty()) << to_string(plan.left_out.front().errors.front());

        plugins::ConnectionHostOptions options;
        options.data_dir = configuration->data_dir;
        auto host = plugins::ConnectionHost::make(plan, multiplexer_, clock_, events_, nullptr,
                                                  std::move(options));
        ASSERT_TRUE(host) << to_string(host.error());
        host_ = std::move(*host);
        auto agent = multiplexer::ResidentAgent::create(multiplexer_, {});
        ASSERT_TRUE(agent) << to_string(agent.error());
        agent_ = std::move(*agent);
        multiplexer_.set_routing({});
        const auto started = host_->start();
        ASSERT_TRUE(started) << to_string(started.error());
        for (const plugins::InstanceStatus& status : host_->status()) {
            ASSERT_EQ(status.state, plugins::ConnectionState::connected)
                << status.name << ": "
                << (status.last_error ? to_string(*status.last_error) : std::string());
        }
    }

    Result<void> say(const std::string& to, const std::string& text) {
        protocols::DefaultMessage message;
        message.header.starter_reference = std::to_string(++dialogues_);
        message.body = protocols::DefaultBytes{text};
        return agent_->outbox().put_message(to, "tests/me:0.1.0", message);
    }
    std::string hear() {
        const auto received = agent_->inbox().get(20s);
        if (!received) {
            return "(nothing)";
        }
        const auto message = protocols::decode_default(received->envelope.message);
        if (!message) {
            return to_string(message.error());
        }
        const auto* bytes = std::get_if<protocols::DefaultBytes>(&message->body);
        return bytes != nullptr ? bytes->content : "(an error message)";
    }

    std::filesystem::path folder_;
    Events events_;
    DeadLetters dead_letters_;
    multiplexer::SystemClock clock_;
    multiplexer::Multiplexer multiplexer_{{}, clock_, events_, dead_letters_};
    std::unique_ptr<multiplexer::ResidentAgent> agent_;
    std::unique_ptr<plugins::ConnectionHost> host_;
    int dialogues_ = 0;
};

TEST_F(Embedded, TheAgentTalksToAPlugin) {
    run("  - {class: 'patchbay/echo:0.1.0'}\n");
    for (int i = 0; i < 100; ++i) {
        const auto said = say("patchbay/echo:0.1.0", "message " + std::to_string(i));
        ASSERT_TRUE(said) << to_string(said.error());
        ASSERT_EQ(hear(), "message " + std::to_string(i));
    }
}

TEST_F(Embedded, ABurstArrivesWholeAndInOrder) {
    run("  - {class: 'patchbay/echo:0.1.0'}\n");
    constexpr int burst = 2000;
    for (int i = 0; i < burst; ++i) {
        ASSERT_TRUE(say("patchbay/echo:0.1.0", std::to_string(i)));
    }
    for (int i = 0; i < burst; ++i) {
        ASSERT_EQ(hear(), std::to_string(i));
    }
}

TEST_F(Embedded, APluginAnswersThroughItsDependency) {
    run("  - {class: 'patchbay/greeter:0.1.0'}\n"
        "  - {class: 'patchbay/phrases:0.1.0'}\n");
    ASSERT_TRUE(say("patchbay/greeter:0.1.0", "Ada"));
    EXPECT_NE(hear().find("Ada"), std::string::npos);
}

TEST_F(Embedded, SeveralInstancesOfOneClassRunSideBySide) {
    run("  - {class: 'patchbay/echo:0.1.0', name: left}\n"
        "  - {class: 'patchbay/echo:0.1.0', name: right}\n");
    ASSERT_TRUE(say("patchbay/left:0.1.0", "to the left"));
    EXPECT_EQ(hear(), "to the left");
    ASSERT_TRUE(say("patchbay/right:0.1.0", "to the right"));
    EXPECT_EQ(hear(), "to the right");
}

TEST_F(Embedded, AConnectionMayGoAndComeBack) {
    run("  - {class: 'patchbay/echo:0.1.0'}\n");
    const auto echo = host_->find("echo");
    ASSERT_NE(echo, nullptr);
    echo->disconnect();
    echo->wait_disconnected();
    EXPECT_FALSE(say("patchbay/echo:0.1.0", "into the void"));
    EXPECT_EQ(hear(), "(an error message)") << "the sender is told what became of it";
    ASSERT_TRUE(echo->connect());
    ASSERT_TRUE(echo->wait_connected());
    ASSERT_TRUE(say("patchbay/echo:0.1.0", "back again"));
    EXPECT_EQ(hear(), "back again");
}

}  // namespace
