// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the host offers, as connections use it: config, log, metrics, state, timers, calls; and the
/// entry that the registration macro defines.
#include "connection_fixture.hpp"

#include <cstring>

namespace patchbay {
namespace {

using namespace std::chrono_literals;

class Services : public Connection {
  public:
    explicit Services(Host& host) : Connection(host), total_(counter("things", "Things seen")) {
        log().debug(
            [&] { return "port " + std::to_string(config().get<std::uint16_t>("port", 80)); });
    }
    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        total_.add(2);
        gauge("level", "Level").set(-5);
        const auto answer = co_await call("test/upper:0.1.0", "upper", envelope.message());
        if (!answer) {
            co_return tl::unexpected<Error>(answer.error());
        }
        const Envelope made = message(*answer);
        co_return co_await deliver(made);
    }
    Awaitable<Result<std::string>> on_call(std::string method, std::string arguments) override {
        if (method == "put") {
            const auto put = key_value().put("k", arguments);
            EXPECT_TRUE(put);
            co_return (*key_value().get("k")).value_or("");
        }
        if (method == "throw") {
            throw std::runtime_error("broken");
        }
        if (method == "timer") {
            EXPECT_TRUE(lane().set_timer(9, 5s));
            co_return "set";
        }
        if (method == "wake") {
            lane().wake();
            co_return "woken";
        }
        co_return co_await Connection::on_call(std::move(method), std::move(arguments));
    }
    void on_timer(Lane&, std::uint64_t token) override {
        log().info("timer " + std::to_string(token));
    }
    void on_wake(Lane&) override { log().info("awake"); }

  private:
    Metric total_;
};

TEST(Services, AreReached) {
    testing::HostOptions options;
    options.config_json = R"({"port": 8080})";
    auto host = make_host<Services>(options);
    host->wait_for_log("port 8080");
    host->provide("test/upper:0.1.0", [](std::string_view, std::string_view text) {
        return text == "bad"
                   ? Result<std::string>(failure(ErrorClass::invalid, "upper.bad", "Bad."))
                   : Result<std::string>("UPPER");
    });
    ASSERT_TRUE(host->connect());
    host->push(message("lower"));
    EXPECT_EQ(host->wait_for_deliveries(1)[0].envelope.message, "UPPER");
    host->push(message("bad"));
    const auto failed = host->wait_for_completions(2)[1];
    EXPECT_EQ(failed.code, "upper.bad");
    EXPECT_EQ(failed.text, "Bad.");
    EXPECT_EQ(failed.status, PATCHBAY_INVALID);
    EXPECT_EQ(host->metrics().at("things"), 4);
    EXPECT_EQ(host->metrics().at("level"), -5);

    EXPECT_EQ(host->call("put", "v").value(), "v");
    EXPECT_EQ(host->key_values().at("k"), "v");
    EXPECT_EQ(host->blocks_held(), 0u);
    EXPECT_EQ(host->call("throw", "").error().message, "on_call: broken");
    EXPECT_EQ(host->call("other", "").error().code, "call.unknown_method");

    EXPECT_EQ(host->call("timer", "").value(), "set");
    host->advance(4s);
    host->advance(2s);
    host->wait_for_log("timer 9");
    EXPECT_EQ(host->call("wake", "").value(), "woken");
    host->wait_for_log("awake");
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST(Services, MissingOnesFailOrDoNothing) {
    testing::HostOptions options;
    options.without = {PATCHBAY_LOG_EXTENSION,     PATCHBAY_CONFIG_EXTENSION,
                       PATCHBAY_METRICS_EXTENSION, PATCHBAY_KEY_VALUE_EXTENSION,
                       PATCHBAY_CALLS_EXTENSION,   PATCHBAY_TIMERS_EXTENSION};
    const testing::HostDouble host(connection_class<Connection>("Connection"), options);
    ASSERT_TRUE(host.creation());
    patchbay_instance_options instance{};
    const Host wrapped(host.abi(), instance);
    EXPECT_FALSE(wrapped.log().wants(LogLevel::critical));
    wrapped.log().error("nobody reads this");
    EXPECT_EQ(wrapped.config().get<int>("x", 3), 3);
    wrapped.counter("c", "").add();
    EXPECT_EQ(wrapped.key_value().get("k").error().code, "host.no_extension");
}

TEST(Config, ReadsTypedValuesAndNamesWhatIsWrong) {
    testing::HostOptions options;
    options.config_json = R"({"text": "t", "number": 2.5, "whole": 300, "flag": true, "none": null,
                              "list": ["a", "b"], "deep": {"list": [1, 2, 3]}, "mixed": ["a", 1]})";
    const testing::HostDouble host(connection_class<Connection>("Connection"), options);
    const Config config(host.abi());
    EXPECT_EQ(config.get<std::string>("text"), "t");
    EXPECT_EQ(config.get<double>("number"), 2.5);
    EXPECT_EQ(config.get<double>("whole"), 300.0);
    EXPECT_EQ(config.get<std::uint16_t>("whole"), 300);
    EXPECT_TRUE(config.get<bool>("flag"));
    EXPECT_EQ(config.get<int>("none", 7), 7);
    EXPECT_EQ(config.get<int>("deep.list.2"), 3);
    EXPECT_EQ(config.get<std::vector<std::string>>("list"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(config.get<std::vector<int>>("absent", {5}), std::vector<int>{5});
    EXPECT_EQ(config.size("deep"), 1u);
    EXPECT_EQ(config.size("absent"), std::nullopt);

    EXPECT_EQ(config.find<int>("text").error().message,
              "The config key 'text' must be an integer.");
    EXPECT_EQ(config.find<bool>("text").error().code, "config.wrong_type");
    EXPECT_EQ(config.find<std::uint8_t>("whole").error().message,
              "The config key 'whole' is 300; it must be between 0 and 255.");
    EXPECT_EQ(config.find<std::vector<std::string>>("mixed").error().message,
              "The config key 'mixed.1' must be text.");
    EXPECT_THROW(static_cast<void>(config.get<int>("absent")), ConfigError);
    EXPECT_FALSE(*config.find<int>("absent"));
}

TEST(Errors, AreCutToWhatTheAbiHolds) {
    const patchbay_error error =
        to_abi_error({ErrorClass::overloaded, std::string(100, 'c'), std::string(1000, 't')});
    EXPECT_EQ(error.status, PATCHBAY_OVERLOADED);
    EXPECT_EQ(std::strlen(error.code), PATCHBAY_ERROR_CODE_CAPACITY - 1u);
    EXPECT_EQ(std::strlen(error.text), PATCHBAY_ERROR_TEXT_CAPACITY - 1u);
}

}  // namespace
}  // namespace patchbay

PATCHBAY_REGISTER_CONNECTIONS("test/two:0.1.0", "\"One\",\"Two\"",
                              patchbay::connection_class<patchbay::Connection>("One"),
                              patchbay::connection_class<patchbay::Services>("Two"))

namespace patchbay {
namespace {

TEST(Entry, OffersTheClassesOrRefuses) {
    patchbay_entry_options options{};
    options.struct_size = sizeof options;
    options.abi_minimum = PATCHBAY_ABI_VERSION;
    options.abi_maximum = PATCHBAY_ABI_VERSION + 5;
    patchbay_plugin plugin{};
    plugin.struct_size = sizeof plugin;
    patchbay_error error{};
    error.struct_size = sizeof error;
    for (int call = 0; call < 2; ++call) {  // it may be called several times
        ASSERT_EQ(patchbay_plugin_entry(&options, &plugin, &error), PATCHBAY_OK);
        EXPECT_EQ(plugin.abi_version, PATCHBAY_ABI_VERSION);
        ASSERT_EQ(plugin.class_count, 2u);
        EXPECT_EQ(to_view(plugin.classes[0]->name), "One");
        EXPECT_EQ(to_view(plugin.classes[1]->name), "Two");
    }
    options.abi_minimum = options.abi_maximum = 2u << 16;
    EXPECT_EQ(patchbay_plugin_entry(&options, &plugin, &error), PATCHBAY_UNSUPPORTED);
    EXPECT_STREQ(error.code, "abi.no_common_version");
}

}  // namespace
}  // namespace patchbay
