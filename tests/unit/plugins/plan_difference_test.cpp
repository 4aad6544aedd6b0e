// SPDX-License-Identifier: Apache-2.0
#include "plugins/plan_difference.hpp"

#include "plan_scenario.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using test::catalogue_of;
using test::host_of;
using test::ManifestText;

ManifestText plugin_text(const std::string& name, const std::string& connections = "[]",
                         const std::string& config = "{color: red}") {
    return {.name = name, .connections = connections, .config = config};
}

Plan plan_of(const std::vector<ManifestText>& manifests, const std::string& yaml = "{}") {
    return resolve(host_of(yaml), catalogue_of(manifests, true));
}

/// "-removed, +added, ~changed (parts), !replaced (parts), =reconfigured (parts)".
std::string show(const PlanDifference& difference) {
    std::string text;
    for (const InstanceDifference& each : difference.all()) {
        const char sign = each.kind == ChangeKind::added      ? '+'
                          : each.kind == ChangeKind::removed  ? '-'
                          : each.kind == ChangeKind::replaced ? '!'
                          : each.kind == ChangeKind::renewed  ? '~'
                                                              : '=';
        text += (text.empty() ? "" : ", ") + (sign + each.name);
        text += each.parts.empty() ? "" : " (" + parts_text(each.parts) + ')';
    }
    return text;
}

TEST(PlanDifference, OfEqualPlansIsEmptyHoweverTheyAreWritten) {
    const std::vector<ManifestText> manifests{plugin_text("one"),
                                              plugin_text("two", "['acme/one:1.2.3']")};
    const PlanDifference same = difference(
        plan_of(manifests), plan_of(manifests, "connections:\n\n  - {class: 'acme/one:1.2.3'}\n"));
    EXPECT_TRUE(same.empty()) << show(same);
    EXPECT_EQ(same.unchanged, (std::vector<std::string>{"one", "two"}));
}

TEST(PlanDifference, RemovesDependentsFirstAndAddsDependenciesFirst) {
    const Plan none = plan_of({});
    const Plan three = plan_of({plugin_text("zeta"), plugin_text("beta", "['acme/zeta:1.2.3']"),
                                plugin_text("alpha", "['acme/beta:1.2.3']")});
    EXPECT_EQ(show(difference(none, three)), "+zeta, +beta, +alpha");
    EXPECT_EQ(show(difference(three, none)), "-alpha, -beta, -zeta");
}

TEST(PlanDifference, NamesWhatOfAnInstanceChanged) {
    const std::vector<ManifestText> manifests{plugin_text("one")};
    const Plan before = plan_of(manifests);
    const auto changed = [&](const std::string& entry) {
        return show(difference(
            before, plan_of(manifests, "connections: [{class: 'acme/one:1.2.3', " + entry + "}]")));
    };
    EXPECT_EQ(changed("config: {color: blue}"), "~one (config)");
    EXPECT_EQ(changed("max_in_flight: 7"), "~one (limits)");
    EXPECT_EQ(changed("timeouts: {send: 3}"), "~one (limits)");
    EXPECT_EQ(changed("mailbox: {envelopes: 12}"), "!one (mailbox)");
    EXPECT_EQ(changed("on_failure: propagate"), "=one (policy)");
    EXPECT_EQ(changed("reconnect: {attempts: 3}"), "=one (policy)");
    EXPECT_EQ(changed("required: true"), "=one (required)");
    EXPECT_EQ(changed("required: true, config: {color: blue}"), "~one (config, required)");
    EXPECT_EQ(changed("allow_missing_certificates: true"), "~one (cert_requests)");
    EXPECT_EQ(changed("enabled: false"), "-one");
    EXPECT_EQ(changed("name: other"), "-one, +other");
}

TEST(PlanDifference, AnotherVersionOrPlaceOfAPluginReplacesItsInstance) {
    const Plan before = plan_of({plugin_text("one")});
    ManifestText next = plugin_text("one");
    next.version = "1.3.0";
    EXPECT_EQ(show(difference(before, plan_of({next}))), "!one (class)");
    Plan moved = before;
    moved.instances[0].library = "/elsewhere/libone.so";
    EXPECT_EQ(show(difference(before, moved)), "!one (library)");
    next = plugin_text("one");
    next.class_name = "Another";
    EXPECT_EQ(show(difference(before, plan_of({next}))), "!one (class_name)");
}

TEST(PlanDifference, DependentsOfAReplacedInstanceAreBoundAnewAndNoOthers) {
    const auto plan = [](const std::string& version) {
        ManifestText base = plugin_text("base");
        base.version = version;
        return plan_of({base, plugin_text("middle", "['acme/base:1.2.3']"),
                        plugin_text("top", "['acme/middle:1.2.3']")});
    };
    EXPECT_EQ(show(difference(plan("1.2.3"), plan("1.3.0"))),
              "!base (class), ~middle (dependencies)");
}

// ---- What cannot be used at the moment ---------------------------------------------------------

std::vector<std::string> names_of(const Plan& plan) {
    std::vector<std::string> names;
    for (const InstancePlan& instance : plan.instances) {
        names.push_back(instance.name);
    }
    return names;
}

struct Broken {
    explicit Broken(const std::string& yaml = "{}") : host(host_of(yaml)) {
        running = resolve(host, catalogue);
    }
    std::vector<Error> keep() {
        next = resolve(host, catalogue);
        return keep_running(next, catalogue, running);
    }

    config::HostConfiguration host;
    Catalogue catalogue = catalogue_of(
        {plugin_text("base"), plugin_text("middle", "['acme/base:1.2.3']"), plugin_text("other")},
        true);
    Plan running;
    Plan next;
};

TEST(KeepRunning, AnInstanceWhoseLibraryIsBrokenStaysWithItsDependents) {
    Broken broken;
    broken.catalogue.plugins[0].errors.push_back(
        {ErrorClass::failed, "plugin.no_library", "there is no library", {}});
    const auto reasons = broken.keep();
    EXPECT_EQ(names_of(broken.next), (std::vector<std::string>{"other", "base", "middle"}));
    EXPECT_TRUE(difference(broken.running, broken.next).empty());
    EXPECT_TRUE(broken.next.left_out.empty());
    EXPECT_FALSE(reasons.empty());
}

TEST(KeepRunning, AnInstanceWhoseConnectionYamlCannotBeReadStays) {
    Broken broken;
    FoundPlugin& other = broken.catalogue.plugins[2];
    other.manifest = nullptr;
    other.errors.push_back({ErrorClass::invalid, "yaml.syntax", "a brace is missing", {}});
    EXPECT_EQ(broken.keep().front().code, "yaml.syntax");
    EXPECT_TRUE(difference(broken.running, broken.next).empty());
}

TEST(KeepRunning, AnAutomaticInstanceOfAFolderThatIsGoneDoesNotStay) {
    Broken broken;
    broken.catalogue.plugins.erase(broken.catalogue.plugins.begin() + 2);
    EXPECT_TRUE(broken.keep().empty());
    EXPECT_EQ(show(difference(broken.running, broken.next)), "-other");
}

TEST(KeepRunning, AConfiguredInstanceOfAFolderThatIsGoneStaysAndIsNoProblem) {
    Broken broken("connections: [{class: 'acme/other:1.2.3', required: true}]");
    broken.catalogue.plugins.erase(broken.catalogue.plugins.begin() + 2);
    EXPECT_EQ(broken.keep().front().code, "graph.class_missing");
    EXPECT_TRUE(broken.next.ok());
    EXPECT_TRUE(difference(broken.running, broken.next).empty());
}

TEST(KeepRunning, WhatNeverRanIsNotKept) {
    Broken broken;
    broken.running.instances.clear();
    broken.catalogue.plugins[2].errors.push_back(
        {ErrorClass::failed, "plugin.no_library", "there is no library", {}});
    EXPECT_TRUE(broken.keep().empty());
    EXPECT_EQ(names_of(broken.next), (std::vector<std::string>{"base", "middle"}));
    EXPECT_EQ(broken.next.left_out.size(), 1U);
}

}  // namespace
}  // namespace patchbay::plugins
