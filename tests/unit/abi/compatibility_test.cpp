// SPDX-License-Identifier: Apache-2.0
/// \file
/// Host and plugin from different headers. This file is built twice: with a host double from
/// today's abi.h and with one from the frozen header; both load plugins built from today's and from
/// the frozen header. All envelopes cross in batches of three and more.
#include <patchbay/testing/host_double.hpp>
#include <patchbay/testing/plugin_library.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay {
namespace {

using testing::HostDouble;
using testing::HostOptions;
using testing::PluginLibrary;

constexpr std::size_t batch = 20;

struct Running {
    Running(const std::string& path, HostOptions options)
        : library(PluginLibrary::open(path).value()),
          host(std::make_unique<HostDouble>(*library.classes().at(0), std::move(options))) {}
    PluginLibrary library;
    std::unique_ptr<HostDouble> host;
};

std::vector<Envelope> some_envelopes() {
    std::vector<Envelope> envelopes;
    for (std::size_t i = 0; i < batch; ++i) {
        envelopes.push_back({"mirror", "sender" + std::to_string(i), "test/any:1.0.0",
                             std::string(i * 7, 'm'), i % 2 == 0 ? "/uri" : "", "context"});
    }
    return envelopes;
}

/// Pushes a batch and expects it mirrored; fields from `cut` on were beyond somebody's stride.
void expect_mirrored(HostDouble& host, std::size_t cut = sizeof(patchbay_envelope)) {
    const auto envelopes = some_envelopes();
    ASSERT_TRUE(host.connect());
    const auto tokens = host.push(envelopes);
    const auto made = host.wait_for_deliveries(batch);
    const auto completed = host.wait_for_completions(batch);
    for (std::size_t i = 0; i < batch; ++i) {
        Envelope expected = envelopes[i];
        std::swap(expected.to, expected.sender);
        if (cut < offsetof(patchbay_envelope, connection_id_size) + sizeof(std::uint32_t)) {
            expected.context_connection_id.clear();
        }
        EXPECT_EQ(made[i].envelope, expected);
        EXPECT_EQ(made[i].parent, tokens[i]);
        EXPECT_EQ(made[i].reply_to.check, static_cast<std::uint32_t>(tokens[i]));
        EXPECT_EQ(made[i].hops, cut < sizeof(patchbay_envelope) ? 0u : 1u);
        EXPECT_EQ(completed[i].status, PATCHBAY_OK);
    }
    ASSERT_TRUE(host.disconnect());
    EXPECT_EQ(host.misbehaviour(), std::vector<std::string>{});
}

/// An earlier struct: without the last fields.
constexpr std::size_t shorter = offsetof(patchbay_envelope, connection_id);
/// A later struct: with more fields, not a multiple of the size.
constexpr std::size_t longer = sizeof(patchbay_envelope) + 40;

class Compatibility : public ::testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] static std::string plugin(const std::string& name) {
        return std::string(PATCHBAY_TEST_PLUGINS) + "/lib" + name + '_' + GetParam() + ".so";
    }
};

INSTANTIATE_TEST_SUITE_P(PluginFrom, Compatibility, ::testing::Values("today", "frozen"),
                         [](const auto& variant) { return variant.param; });

TEST_P(Compatibility, HostDrivenClass) {
    Running running(plugin("loopback"), {});
    expect_mirrored(*running.host);
}

TEST_P(Compatibility, HostDrivenClassOfALaterHost) {
    HostOptions options;
    options.envelope_stride = static_cast<std::uint32_t>(longer);
    options.host_table_size = static_cast<std::uint32_t>(sizeof(patchbay_host) + 64);
    Running running(plugin("loopback"), options);
    expect_mirrored(*running.host);
}

TEST_P(Compatibility, HostDrivenClassOfAnEarlierHost) {
    HostOptions options;
    options.envelope_stride = static_cast<std::uint32_t>(shorter);
    Running running(plugin("loopback"), options);
    expect_mirrored(*running.host, shorter);
}

TEST_P(Compatibility, ClassWithItsOwnLoop) {
    Running running(plugin("stride_probe"), {});
    expect_mirrored(*running.host);
}

TEST_P(Compatibility, LaterPlugin) {
    HostOptions options;
    options.config_json = "{\"take_stride\": " + std::to_string(longer) +
                          ", \"deliver_stride\": " + std::to_string(longer + 8) +
                          ", \"result_stride\": " + std::to_string(sizeof(patchbay_delivery) + 24) +
                          ", \"signal_stride\": " + std::to_string(sizeof(patchbay_signal) + 8) +
                          "}";
    Running running(plugin("stride_probe"), options);
    expect_mirrored(*running.host);
}

TEST_P(Compatibility, EarlierPluginTakes) {
    HostOptions options;
    options.config_json = "{\"take_stride\": " + std::to_string(shorter) + "}";
    Running running(plugin("stride_probe"), options);
    expect_mirrored(*running.host, shorter);
}

TEST_P(Compatibility, EarlierPluginDelivers) {
    HostOptions options;
    options.config_json =
        "{\"deliver_stride\": " + std::to_string(shorter) +
        ", \"result_stride\": " + std::to_string(offsetof(patchbay_delivery, destination)) +
        ", \"signal_stride\": " + std::to_string(offsetof(patchbay_signal, name)) + "}";
    Running running(plugin("stride_probe"), options);
    expect_mirrored(*running.host, shorter);
}

TEST_P(Compatibility, VersionsAreNegotiated) {
    const std::uint32_t first = PATCHBAY_ABI_MAJOR << 16;
    // A host with later minor versions gets the highest that the plugin speaks.
    const auto later = PluginLibrary::open(plugin("loopback"), first, first + 100);
    ASSERT_TRUE(later);
    EXPECT_GE(later->abi_version(), first);
    EXPECT_LE(later->abi_version(), first + 99);
    // The first host gets 1.0, also from later plugins.
    const auto earlier = PluginLibrary::open(plugin("loopback"), first, first);
    ASSERT_TRUE(earlier);
    EXPECT_EQ(earlier->abi_version(), first);
    EXPECT_FALSE(PluginLibrary::open(plugin("loopback"), 2u << 16, 2u << 16));
}

TEST(Sdk, TodaysPluginsRunInThisHost) {
    Running running(PATCHBAY_TEST_ECHO, {});
    ASSERT_TRUE(running.host->connect());
    running.host->push({"echo", "peer", "other/protocol:1.0.0", "", "", ""});
    EXPECT_EQ(running.host->wait_for_completions(1)[0].code, "echo.protocol");
    ASSERT_TRUE(running.host->disconnect());
}

}  // namespace
}  // namespace patchbay
