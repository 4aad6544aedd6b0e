// SPDX-License-Identifier: Apache-2.0
#include "app/log.hpp"

#include "app/log_settings.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::app {
namespace {

events::Record record(std::string text) {
    return {7,
            std::chrono::system_clock::time_point(std::chrono::milliseconds(1'500)),
            {events::Level::warning, "network", "network.lost", std::move(text), "server"}};
}

TEST(Log, ATextLineHasTimeLevelSubsystemAndCode) {
    EXPECT_EQ(text_line(record("Gone.")),
              "1970-01-01T00:00:01.500Z warning  network: Gone. [network.lost]");
}

TEST(Log, OneEventIsOneLineWhateverItSays) {
    EXPECT_EQ(text_line(record("a\nb\x1b[31m")),
              "1970-01-01T00:00:01.500Z warning  network: a\\nb?[31m [network.lost]");
    EXPECT_EQ(json_line(record("a\nb\xFF")).find('\n'), std::string::npos);
}

TEST(Log, AJsonLineHasAllFields) {
    const auto json = nlohmann::json::parse(json_line(record("Gone.")));
    EXPECT_EQ(json.at("time"), "1970-01-01T00:00:01.500Z");
    EXPECT_EQ(json.at("sequence"), 7);
    EXPECT_EQ(json.at("level"), "warning");
    EXPECT_EQ(json.at("instance"), "server");
}

TEST(LogSettings, TheCommandLineWinsOverTheConfiguration) {
    config::Log configuration;
    configuration.level = config::LogLevel::warning;
    configuration.levels["identity"] = config::LogLevel::error;
    events::Levels levels;
    ASSERT_TRUE(set_levels(levels, configuration, {"identity=debug", "stub=off"}));
    EXPECT_EQ(levels.base(), events::Threshold::warning);
    EXPECT_EQ(levels.of("identity"), events::Threshold::debug);
    EXPECT_EQ(levels.of("stub"), events::Threshold::off);
    ASSERT_TRUE(set_levels(levels, configuration, {"trace"}));
    EXPECT_EQ(levels.base(), events::Threshold::trace);
    EXPECT_EQ(set_levels(levels, configuration, {"identity=loud"}).error().code,
              "log.unknown_level");
}

TEST(LogSettings, SecretsOfInstancesAreKnownToTheRedactor) {
    HostView view;
    plugins::InstancePlan instance;
    instance.config_json = R"({"auth":{"tokens":["first-token-value"]},"name":"ordinary-value"})";
    view.plan.instances.push_back(instance);
    view.configuration.identity.secret_key = "identity-secret";
    events::Redactor redactor;
    register_secrets(redactor, view);
    std::string text = "first-token-value ordinary-value identity-secret";
    redactor.apply(text);
    EXPECT_EQ(text, "[redacted] ordinary-value [redacted]");
}

}  // namespace
}  // namespace patchbay::app
