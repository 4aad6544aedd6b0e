// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_generation.hpp"

#include "event_recorder.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

class PluginGenerationTest : public testing::Test {
  protected:
    Result<std::shared_ptr<PluginGeneration>> load(const std::string& name,
                                                   const HostIdentity& host = {}) {
        if (runs_ == nullptr) {
            auto made = RunFolder::create(data_.path());
            EXPECT_TRUE(made);
            runs_ = std::move(*made);
        }
        return PluginGeneration::load(runs_, test::fixture(name).string(),
                                      "tests/" + name + ":0.1.0", 3, host, 10s, events_);
    }
    /// Message of the failure to load.
    std::string refusal(const std::string& name, const std::string& code,
                        const HostIdentity& host = {}) {
        auto loaded = load(name, host);
        EXPECT_FALSE(loaded) << name;
        if (loaded) {
            return {};
        }
        EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
        return loaded.error().message;
    }

    test::TemporaryFolder data_;
    test::EventRecorder events_;
    std::shared_ptr<RunFolder> runs_;
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_F(PluginGenerationTest, NegotiatesAndFindsItsClasses) {
    auto loaded = load("behave");
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    EXPECT_EQ((*loaded)->abi_version(), PATCHBAY_ABI_VERSION);
    EXPECT_EQ((*loaded)->number(), 3U);
    EXPECT_EQ((*loaded)->class_names(), (std::vector<std::string>{"Driven", "Loop", "Beside"}));
    auto table = (*loaded)->find_class("Loop");
    ASSERT_TRUE(table);
    EXPECT_NE(table->run, nullptr);
    auto missing = (*loaded)->find_class("loop");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "plugin.no_class");
    EXPECT_TRUE(contains(missing.error().message, "Driven, Loop")) << missing.error().message;
}

TEST_F(PluginGenerationTest, TellsItsWayDown) {
    {
        auto loaded = load("plain");
        ASSERT_TRUE(loaded);
    }
    EXPECT_EQ(events_.count("plugin.loaded"), 1U);
    EXPECT_EQ(events_.count("plugin.unloaded"), 1U);
}

TEST_F(PluginGenerationTest, AHungOneStaysMapped) {
    std::filesystem::path copy;
    {
        auto loaded = load("plain");
        ASSERT_TRUE(loaded);
        copy = (*loaded)->library().copy().file;
        (*loaded)->mark_hung();
    }
    EXPECT_TRUE(platform::is_mapped(copy));
    EXPECT_TRUE(std::filesystem::exists(copy));
    EXPECT_EQ(events_.count("plugin.kept"), 1U);
}

TEST_F(PluginGenerationTest, ARefusalStatesVersionsPlatformAndFile) {
    HostIdentity old;
    old.abi_minimum = 7U << 16U;
    old.abi_maximum = (7U << 16U) + 2U;
    const std::string text = refusal("plain", "plugin.refused", old);
    EXPECT_TRUE(contains(text, "speaks ABI 1.0")) << text;
    EXPECT_TRUE(contains(text, "7.0 to 7.2")) << text;
    EXPECT_TRUE(contains(text, platform::name().data())) << text;
    EXPECT_TRUE(contains(text, "plain.so")) << text;
    EXPECT_TRUE(contains(refusal("bad_refusal", "plugin.refused"), "needs a newer host"));
}

TEST_F(PluginGenerationTest, WrongAnswersAreNamed) {
    EXPECT_TRUE(contains(refusal("bad_version", "plugin.abi_version"), "99.0"));
    EXPECT_TRUE(contains(refusal("bad_short", "plugin.class_table"), "shorter"));
    EXPECT_TRUE(contains(refusal("bad_null", "plugin.class_table"), "1 classes"));
    EXPECT_TRUE(contains(refusal("bad_idle", "plugin.class_table"), "neither run nor on_batch"));
}

TEST_F(PluginGenerationTest, AThreadLocalOfTheEntryDoesNotPinTheLibrary) {
    EXPECT_TRUE(contains(refusal("thread_local", "plugin.refused"), "touched on the calling"));
    EXPECT_EQ(events_.count("plugin.unloaded"), 1U);
    EXPECT_EQ(events_.count("plugin.still_mapped"), 0U) << events_.text("plugin.still_mapped");
}

}  // namespace
}  // namespace patchbay::plugins
