// SPDX-License-Identifier: Apache-2.0
// One host with a whole zoo of bad plugins and one good one: found in a folder, resolved, loaded,
// run, stopped. Each fault is reported where it belongs and bounded, and the good one never
// notices.
#include "config/host_configuration_reader.hpp"
#include "instance_bench.hpp"
#include "plugin_folders.hpp"
#include "plugins/connection_host.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::eventually;
using ::testing::HasSubstr;

class BadPlugins : public ::testing::Test {
  protected:
    BadPlugins() { test::make_folder(root_); }

    void put(const std::string& name) {
        test::ManifestText manifest;
        manifest.name = name;
        manifest.author = "zoo";
        manifest.version = "0.1.0";
        manifest.class_name = "Animal";
        test::write_plugin(root_ / name, manifest,
                           std::string(PATCHBAY_ZOO) + "/lib" + name + ".so");
    }

    /// Finds, resolves, loads and connects everything in the folder.
    void run() {
        auto configuration = config::parse_host_configuration(
            "plugin_folders: [{path: plugins, autostart: true}]\n"
            "connection_defaults:\n"
            "  timeouts: {connect: 0.3, send: 0.3, disconnect: 0.3}\n",
            "host.yaml", fs::canonical(temporary_.path()).string(), {});
        ASSERT_TRUE(configuration) << to_string(configuration.error().front());
        DiscoveryOptions options;
        options.folders = configuration->plugin_folders;
        options.packages = PackageSearch({}, {});
        catalogue_ = discover(options);
        plan_ = resolve(*configuration, catalogue_);
        ASSERT_TRUE(plan_.ok());
        ConnectionHostOptions host_options;
        host_options.data_dir = (temporary_.path() / "data").string();
        host_options.drain_timeout = 500ms;
        fs::create_directory(host_options.data_dir);
        auto host = ConnectionHost::make(plan_, traffic_.multiplexer, clock_, traffic_.events,
                                         nullptr, std::move(host_options));
        ASSERT_TRUE(host) << to_string(host.error());
        host_ = std::move(*host);
        traffic_.multiplexer.set_routing({});
        const auto started = host_->start();
        ASSERT_TRUE(started) << to_string(started.error());
    }

    /// First error of what discovery and the resolver left out.
    std::string refusal(const std::string& name) const {
        const InstancePlan* plan = plan_.find(name);
        if (plan == nullptr || plan->state != PlanState::failed) {
            return "not refused";
        }
        for (const Error& error : plan->errors) {
            if (error.code != "graph.class_broken") {
                return error.code;
            }
        }
        return "no reason";
    }

    InstanceStatus status(const std::string& name) const {
        for (const InstanceStatus& status : host_->status()) {
            if (status.name == name) {
                return status;
            }
        }
        ADD_FAILURE() << "no instance " << name;
        return {};
    }
    std::string last_error(const std::string& name) const {
        const InstanceStatus found = status(name);
        return found.last_error ? found.last_error->code : "";
    }

    void expect_good_works() {
        EXPECT_EQ(status("good").state, ConnectionState::connected);
        EXPECT_EQ(send("good", "hello"), PATCHBAY_DELIVERY_ACCEPTED);
        EXPECT_EQ(traffic_.receive(), "hello");
    }
    std::uint32_t send(const std::string& name, const std::string& message) {
        return traffic_.send(name, message, "zoo");
    }

    test::TemporaryFolder temporary_;
    fs::path root_ = temporary_.path() / "plugins";
    multiplexer::SystemClock clock_;
    test::Traffic traffic_{clock_};
    Catalogue catalogue_;
    Plan plan_;
    std::unique_ptr<ConnectionHost> host_;
};

TEST_F(BadPlugins, AreRefusedWithoutRunningThemWhereTheFileTells) {
    for (const char* name :
         {"no_note", "note_disagrees", "other_class", "future_abi", "no_entry", "good"}) {
        put(name);
    }
    run();
    EXPECT_EQ(refusal("no_note"), "plugin.no_note");
    EXPECT_EQ(refusal("note_disagrees"), "plugin.note_disagrees");
    EXPECT_EQ(refusal("other_class"), "plugin.class_unknown");
    EXPECT_EQ(refusal("future_abi"), "plugin.abi_unsupported");
    EXPECT_EQ(refusal("no_entry"), "plugin.no_entry");
    EXPECT_EQ(traffic_.events.count("plugin.loaded"), 1U) << "only the good one";
    expect_good_works();
    EXPECT_TRUE(host_->stop().clean());
}

TEST_F(BadPlugins, ThatCannotBeMadeAreReportedWithTheirOwnWords) {
    for (const char* name :
         {"refuses", "lies_about_class", "create_fails", "create_gives_nothing", "good"}) {
        put(name);
    }
    run();
    for (const char* name :
         {"refuses", "lies_about_class", "create_fails", "create_gives_nothing"}) {
        EXPECT_EQ(status(name).phase, InstancePhase::failed) << name;
        EXPECT_NE(last_error(name), "") << name;
    }
    EXPECT_THAT(status("refuses").last_error->message, HasSubstr("not on Mondays"));
    EXPECT_THAT(status("lies_about_class").last_error->message, HasSubstr("Impostor"));
    EXPECT_EQ(last_error("create_fails"), "zoo.config");
    expect_good_works();
    EXPECT_TRUE(host_->stop().clean());
    EXPECT_EQ(traffic_.events.count("plugin.still_mapped"), 0U);
}

TEST_F(BadPlugins, ThatDoNotConnectAreBoundedByTheirTimeLimit) {
    for (const char* name :
         {"connect_fails", "connect_never", "connect_slow", "connect_lies", "good"}) {
        put(name);
    }
    run();
    for (const char* name : {"connect_fails", "connect_never", "connect_slow", "connect_lies"}) {
        EXPECT_TRUE(eventually([&] { return status(name).state == ConnectionState::disconnected; }))
            << name;
        EXPECT_NE(last_error(name), "") << name;
    }
    EXPECT_EQ(last_error("connect_fails"), "zoo.refused");
    EXPECT_EQ(last_error("connect_lies"), "zoo.gone");
    expect_good_works();
    // The one that blocks has to come back before its code can be taken away.
    EXPECT_TRUE(eventually([&] { return !status("connect_slow").unresponsive; }));
    EXPECT_TRUE(host_->stop().hung.empty());
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 5U);
    EXPECT_EQ(traffic_.events.count("plugin.still_mapped"), 0U);
}

TEST_F(BadPlugins, ThatMisbehaveInTrafficHarmNobodyElse) {
    for (const char* name : {"completes_twice", "bad_views", "delivers_late", "never_completes",
                             "disconnect_fails", "good"}) {
        put(name);
    }
    run();
    for (const char* name : {"completes_twice", "bad_views"}) {
        EXPECT_EQ(send(name, name), PATCHBAY_DELIVERY_ACCEPTED);
        EXPECT_EQ(traffic_.receive(), name) << "what is right about it still works";
    }
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour"));
    EXPECT_EQ(send("never_completes", "x"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_TRUE(eventually([&] { return traffic_.dead_letters.all().size() >= 1; }))
        << "the time limit settles it";
    expect_good_works();
    host_->stop();
    EXPECT_TRUE(eventually([&] { return traffic_.events.count("plugin.unloaded") == 6; }));
    EXPECT_EQ(traffic_.events.count("plugin.still_mapped"), 0U);
}

}  // namespace
}  // namespace patchbay::plugins
