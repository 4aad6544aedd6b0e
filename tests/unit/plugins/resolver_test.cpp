// SPDX-License-Identifier: Apache-2.0
#include "plugins/resolver.hpp"

#include "plan_scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using test::catalogue_of;
using test::host_of;
using test::ManifestText;
using test::show;
using ::testing::HasSubstr;

ManifestText plugin(const std::string& name, const std::string& connections = "[]") {
    return {.name = name, .version = "1.0.0", .connections = connections};
}

TEST(Resolver, StartsDependenciesFirstAndBreaksTiesByName) {
    const Catalogue catalogue =
        catalogue_of({plugin("zeta"), plugin("beta", "['acme/zeta:1.0.0']"),
                      plugin("alpha", "['acme/zeta:1.0.0']"), plugin("gamma")},
                     true);
    EXPECT_EQ(show(resolve(host_of("{}"), catalogue)), "start: gamma zeta alpha beta\n");
}

TEST(Resolver, MakesInstancesOfEntriesAndOfAutostart) {
    const Catalogue catalogue = catalogue_of(
        {plugin("one"), plugin("two"), {.name = "defaults", .is_abstract = true}}, true);
    const Plan plan = resolve(host_of("connections:\n"
                                      "  - {class: 'acme/one:1.0.0', name: first, required: true}\n"
                                      "  - {class: 'acme/one:1.0.0', name: second}\n"
                                      "  - {class: 'acme/one:1.0.0', name: off, enabled: false}\n"),
                              catalogue);
    EXPECT_EQ(show(plan), "start: first second two\ndisabled: off\n");
    EXPECT_EQ(plan.instances[0].component_id, "acme/first:1.0.0");
    EXPECT_EQ(plan.instances[0].class_id, "acme/one:1.0.0");
    EXPECT_TRUE(plan.instances[0].required);
    EXPECT_FALSE(plan.instances[0].automatic);
    EXPECT_EQ(plan.instances[2].component_id, "acme/two:1.0.0");
    EXPECT_EQ(plan.instances[2].library, "/plugins/two/libtwo.so");
    EXPECT_TRUE(plan.instances[2].automatic);
    EXPECT_EQ(plan.find("first")->name, "first");
    EXPECT_EQ(plan.find("acme/second:9.9.9")->name, "second");
    EXPECT_EQ(plan.find("acme/two")->name, "two");
    EXPECT_EQ(plan.find("acme/one:1.0.0"), nullptr) << "three instances: not to be guessed";
    EXPECT_EQ(plan.find("nobody"), nullptr);
}

TEST(Resolver, AutostartLeavesAloneWhatAnEntryDisabled) {
    const Plan plan = resolve(host_of("connections: [{class: 'acme/one:1.0.0', enabled: false}]"),
                              catalogue_of({plugin("one")}, true));
    EXPECT_EQ(show(plan), "start:\ndisabled: one\n");
}

TEST(Resolver, ReportsEveryMissingDependencyWithNearestNameAndFolders) {
    const Catalogue catalogue =
        catalogue_of({plugin("stub"), plugin("user", "['acme/sub:1.0.0', 'other/thing:2.0.0']")});
    const Plan plan = resolve(host_of("connections:\n"
                                      "  - {class: 'acme/user:1.0.0', required: true}\n"
                                      "  - {class: 'acme/stub:1.0.0'}\n"),
                              catalogue);
    EXPECT_EQ(
        show(plan),
        "start: stub\n"
        "failed: user\n"
        "  /plugins/user/connection.yaml:10:15: `user` needs acme/sub:1.0.0, which was not "
        "found; did you mean `acme/stub:1.0.0`?; searched: /plugins (host configuration) "
        "[graph.dependency_missing]\n"
        "  /plugins/user/connection.yaml:10:33: `user` needs other/thing:2.0.0, which was not "
        "found; searched: /plugins (host configuration) [graph.dependency_missing]\n"
        "problem: /plugins/user/connection.yaml:10:15: `user` needs acme/sub:1.0.0, which was "
        "not found; did you mean `acme/stub:1.0.0`?; searched: /plugins (host configuration) "
        "[graph.dependency_missing]\n"
        "problem: /plugins/user/connection.yaml:10:33: `user` needs other/thing:2.0.0, which "
        "was not found; searched: /plugins (host configuration) [graph.dependency_missing]\n");
}

TEST(Resolver, ShowsEveryCycleWithThePlaceOfEachEdge) {
    const Catalogue catalogue =
        catalogue_of({plugin("a", "['acme/b:1.0.0']"), plugin("b", "['acme/c:1.0.0']"),
                      plugin("c", "['acme/a:1.0.0']"), plugin("d", "['acme/c:1.0.0']"),
                      plugin("own", "['acme/own:1.0.0']"), plugin("free")},
                     true);
    EXPECT_EQ(
        show(resolve(host_of("{}"), catalogue)),
        "start: free\n"
        "failed: a\n"
        "  /plugins/a/connection.yaml:10:15: connections depend on each other in a circle: "
        "a -> b -> c -> a (a lists acme/b:1.0.0 in /plugins/a/connection.yaml:10, b lists "
        "acme/c:1.0.0 in /plugins/b/connection.yaml:10, c lists acme/a:1.0.0 in "
        "/plugins/c/connection.yaml:10); remove one of these entries [graph.cycle]\n"
        "failed: b\n"
        "  /plugins/a/connection.yaml:10:15: connections depend on each other in a circle: "
        "a -> b -> c -> a (a lists acme/b:1.0.0 in /plugins/a/connection.yaml:10, b lists "
        "acme/c:1.0.0 in /plugins/b/connection.yaml:10, c lists acme/a:1.0.0 in "
        "/plugins/c/connection.yaml:10); remove one of these entries [graph.cycle]\n"
        "failed: c\n"
        "  /plugins/a/connection.yaml:10:15: connections depend on each other in a circle: "
        "a -> b -> c -> a (a lists acme/b:1.0.0 in /plugins/a/connection.yaml:10, b lists "
        "acme/c:1.0.0 in /plugins/b/connection.yaml:10, c lists acme/a:1.0.0 in "
        "/plugins/c/connection.yaml:10); remove one of these entries [graph.cycle]\n"
        "failed: d\n"
        "  /plugins/d/connection.yaml:10:15: `d` needs `c`, which cannot start [graph.cycle] "
        "[graph.dependency_failed]\n"
        "failed: own\n"
        "  /plugins/own/connection.yaml:10:15: connections depend on each other in a circle: "
        "own -> own (own lists acme/own:1.0.0 in /plugins/own/connection.yaml:10); remove one of "
        "these entries [graph.cycle]\n");
}

TEST(Resolver, FailsTheOptionalSubgraphAndStartsTheRest) {
    const Catalogue catalogue =
        catalogue_of({plugin("bottom", "['acme/nothing_like_it:1.0.0']"),
                      plugin("middle", "['acme/bottom:1.0.0']"),
                      plugin("top", "['acme/middle:1.0.0']"), plugin("other")},
                     true);
    const Plan plan = resolve(host_of("{}"), catalogue);
    EXPECT_TRUE(plan.ok());
    ASSERT_EQ(plan.instances.size(), 1U);
    EXPECT_EQ(plan.instances[0].name, "other");
    ASSERT_EQ(plan.left_out.size(), 3U);
    EXPECT_EQ(plan.find("top")->errors[0].code, "graph.dependency_failed");
    EXPECT_THAT(plan.find("top")->errors[0].message, HasSubstr("needs `middle`"));
    EXPECT_FALSE(
        resolve(host_of("connections: [{class: 'acme/top:1.0.0', required: true}]"), catalogue)
            .ok());
}

TEST(Resolver, BindsToTheOnlyInstanceElseToTheNamedOneElseListsTheCandidates) {
    const Catalogue catalogue =
        catalogue_of({plugin("server"), plugin("user", "['acme/server:1.0.0']")});
    const auto with = [&](const std::string& user, const std::string& servers) {
        return resolve(
            host_of("connections:\n  - {class: 'acme/user:1.0.0'" + user + "}\n" + servers),
            catalogue);
    };
    const std::string two =
        "  - {class: 'acme/server:1.0.0', name: east}\n"
        "  - {class: 'acme/server:1.0.0', name: west}\n";
    const Plan only = with("", "  - {class: 'acme/server:1.0.0', name: east}\n");
    EXPECT_EQ(show(only), "start: east user\n");
    EXPECT_EQ(only.instances[1].dependencies[0].instance, "east");

    const Plan named = with(", bind: {'acme/server:1.0.0': west}", two);
    EXPECT_EQ(show(named), "start: east west user\n");
    EXPECT_EQ(named.instances[2].dependencies[0].instance, "west");
    EXPECT_EQ(named.instances[2].dependencies[0].public_id, "acme/server:1.0.0");

    EXPECT_THAT(show(with("", two)),
                HasSubstr("`user` needs acme/server:1.0.0, which 2 instances are: `east`, `west`; "
                          "choose one in the host configuration with `bind: {acme/server:1.0.0: "
                          "east}` [graph.dependency_ambiguous]"));
    EXPECT_THAT(show(with(", bind: {'acme/server:1.0.0': wets}", two)),
                HasSubstr("did you mean `west`? [graph.bind_unknown]"));
    EXPECT_THAT(show(with(", bind: {'acme/server:1.0.0': user}", two)),
                HasSubstr("that is an instance of acme/user:1.0.0 [graph.bind_wrong_class]"));
    EXPECT_THAT(show(with(", bind: {'acme/sever:1.0.0': west}",
                          "  - {class: 'acme/server:1.0.0', name: west}\n")),
                HasSubstr("does not list under `connections`; did you mean `acme/server:1.0.0`? "
                          "[graph.bind_unused]"));
    EXPECT_THAT(show(with("", "  - {class: 'acme/server:1.0.0', enabled: false}\n")),
                HasSubstr("whose only instance is disabled"));
}

TEST(Resolver, SaysHowToConfigureADependencyThatIsThereButHasNoInstance) {
    EXPECT_THAT(
        show(resolve(host_of("connections: [{class: 'acme/user:1.0.0'}]"),
                     catalogue_of({plugin("server"), plugin("user", "['acme/server:1.0.0']")}))),
        HasSubstr("which is in /plugins/server but has no instance; add `- class: "
                  "acme/server:1.0.0` to `connections` of the host configuration "
                  "[graph.dependency_not_configured]"));
}

TEST(Resolver, IgnoresTheVersionWhereNoneMatchesExactlyAndSaysSo) {
    Catalogue catalogue = catalogue_of({plugin("server"), plugin("user", "['acme/server:0.9.0']")});
    EXPECT_EQ(show(resolve(host_of("connections:\n  - class: acme/user:7.0.0\n"
                                   "  - class: acme/server\n"),
                           catalogue)),
              "start: server user\n"
              "warning: host.yaml:2:12: instance `user` asks for acme/user:7.0.0 and gets "
              "acme/user:1.0.0, the version that was found [graph.version_differs]\n"
              "warning: /plugins/user/connection.yaml:10:15: `user` was written for "
              "acme/server:0.9.0 and gets acme/server:1.0.0, the version that was found "
              "[graph.version_differs]\n");
}

TEST(Resolver, PrefersTheExactVersionAmongSeveral) {
    ManifestText newer = plugin("server");
    newer.version = "2.0.0";
    const Plan plan =
        resolve(host_of("connections:\n"
                        "  - {class: 'acme/server:1.0.0', name: old}\n"
                        "  - {class: 'acme/server:2.0.0', name: young}\n"
                        "  - {class: 'acme/user:1.0.0'}\n"),
                catalogue_of({newer, plugin("server"), plugin("user", "['acme/server:1.0.0']")}));
    EXPECT_EQ(show(plan), "start: old user young\n");
    EXPECT_EQ(plan.find("user")->dependencies[0].instance, "old");
}

TEST(Resolver, HoldsRangesOfVersionsAgainstWhatIsThere) {
    ManifestText newer = plugin("server");
    newer.version = "2.1.0";
    const auto with = [&](const std::string& range, const std::string& servers) {
        return resolve(host_of("connections:\n  - {class: 'acme/user:1.0.0'}\n" + servers),
                       catalogue_of({plugin("server"), newer,
                                     plugin("user", "['acme/server:" + range + "']")}));
    };
    const std::string both =
        "  - {class: 'acme/server:1.0.0', name: old}\n"
        "  - {class: 'acme/server:2.1.0', name: young}\n";
    EXPECT_EQ(with(">=2.0.0, <3", both).find("user")->dependencies[0].instance, "young");
    EXPECT_EQ(with("<2", both).find("user")->dependencies[0].instance, "old");
    EXPECT_EQ(with("<2", both).find("user")->dependencies[0].public_id, "acme/server");
    EXPECT_EQ(
        show(with(">=2.2", "  - {class: 'acme/server:2.1.0', name: young}\n")),
        "start: young\n"
        "failed: user\n"
        "  /plugins/user/connection.yaml:10:15: `user` needs acme/server:>=2.2, but `young` is "
        "acme/server:2.1.0 (/plugins/server) [graph.version_conflict]\n");
    EXPECT_THAT(show(with(">=3", "")),
                HasSubstr("but the version that was found is acme/server:2.1.0 in /plugins/server "
                          "[graph.version_conflict]"));
}

TEST(Resolver, LetsAbstractConnectionsSupplyDefaults) {
    ManifestText common{.name = "common", .version = "1.0.0", .is_abstract = true};
    common.config = "{retries: 3, tls: {verify: true, depth: 2}}";
    ManifestText user = plugin("user", "['acme/common:1.0.0']");
    user.config = "{port: 80, tls: {depth: 9}}";
    const Plan plan =
        resolve(host_of("connections: [{class: 'acme/user:1.0.0', config: {retries: 5}}]"),
                catalogue_of({common, user}));
    EXPECT_EQ(show(plan), "start: common user\n");
    EXPECT_TRUE(plan.instances[0].is_abstract);
    EXPECT_TRUE(plan.instances[0].automatic);
    EXPECT_EQ(plan.instances[0].library, "");
    const std::string& json = plan.instances[1].config_json;
    for (const char* part :
         {R"("retries":5)", R"("port":80)", R"("verify":true)", R"("depth":9)"}) {
        EXPECT_THAT(json, HasSubstr(part));
    }
}

TEST(Resolver, AppliesOverridesOfTheAbstractInstanceToo) {
    ManifestText common{.name = "common", .version = "1.0.0", .is_abstract = true};
    common.config = "{retries: 3}";
    const Plan plan =
        resolve(host_of("connections:\n  - {class: 'acme/common:1.0.0', config: {retries: 8}}\n"
                        "  - {class: 'acme/user:1.0.0'}\n"),
                catalogue_of({common, plugin("user", "['acme/common:1.0.0']")}));
    EXPECT_EQ(plan.find("user")->config_json, R"({"retries":8})");
}

TEST(Resolver, KeepsBadOverridesWithTheirInstance) {
    const Plan plan =
        resolve(host_of("connections:\n  - {class: 'acme/user:1.0.0', config: {prot: 1}}\n"
                        "  - {class: 'acme/other:1.0.0'}\n"),
                catalogue_of({{.name = "user", .version = "1.0.0", .config = "{port: 1}"},
                              plugin("other")}));
    ASSERT_EQ(plan.left_out.size(), 1U);
    EXPECT_EQ(plan.left_out[0].errors[0].code, "override.unknown_key");
    EXPECT_EQ(plan.left_out[0].errors[0].location.line, 2U);
    EXPECT_EQ(plan.instances[0].name, "other");
}

TEST(Resolver, RefusesAnInstanceThatIsNotAbstractAndHasNothingToLoad) {
    ManifestText common{.name = "common", .version = "1.0.0", .is_abstract = true};
    EXPECT_THAT(
        show(resolve(host_of("connections: [{class: 'acme/common:1.0.0', is_abstract: false}]"),
                     catalogue_of({common}))),
        HasSubstr("[graph.no_library]"));
}

TEST(Resolver, TellsTheErrorsOfABrokenPlugin) {
    Catalogue catalogue = catalogue_of({plugin("one"), plugin("user", "['acme/one:1.0.0']")}, true);
    catalogue.plugins[0].errors.push_back(
        {ErrorClass::invalid, "plugin.no_note", "no note", {"/plugins/one/libone.so"}});
    EXPECT_EQ(show(resolve(host_of("{}"), catalogue)),
              "start:\n"
              "failed: one\n"
              "  instance `one`: the plugin acme/one:1.0.0 in /plugins/one cannot be used "
              "[graph.class_broken]\n"
              "  /plugins/one/libone.so: no note [plugin.no_note]\n"
              "failed: user\n"
              "  /plugins/user/connection.yaml:10:15: `user` needs `one`, which cannot start "
              "[graph.class_broken] [graph.dependency_failed]\n");
}

TEST(Resolver, ReportsAClassThatNoPluginOffers) {
    EXPECT_EQ(show(resolve(host_of("connections: [{class: 'acme/ohter:1.0.0', required: true}]"),
                           catalogue_of({plugin("other")}))),
              "start:\n"
              "failed: ohter\n"
              "  host.yaml:1:23: instance `ohter`: no plugin offers acme/ohter:1.0.0; did you mean "
              "`acme/other:1.0.0`?; searched: /plugins (host configuration) [graph.class_missing]\n"
              "problem: host.yaml:1:23: instance `ohter`: no plugin offers acme/ohter:1.0.0; did "
              "you mean `acme/other:1.0.0`?; searched: /plugins (host configuration) "
              "[graph.class_missing]\n");
}

TEST(Resolver, RefusesASecondInstanceOfAName) {
    ManifestText other = plugin("one");
    other.author = "zenith";
    EXPECT_THAT(show(resolve(host_of("{}"), catalogue_of({plugin("one"), other}, true))),
                HasSubstr("two instances would be called `one`: one of zenith/one:1.0.0 and one of "
                          "acme/one:1.0.0; add an entry with another `name`"));
}

TEST(Resolver, MarksConsumersAndReportsRoutesThatLeadNowhere) {
    const Plan plan = resolve(host_of("connections:\n"
                                      "  - {class: 'acme/one:1.0.0'}\n"
                                      "  - {class: 'acme/two:1.0.0', enabled: false}\n"
                                      "inbound:\n"
                                      "  - {protocol: 'a/b:1.0.0', to: 'acme/one:1.0.0'}\n"
                                      "  - {protocol: 'a/c:1.0.0', to: two}\n"
                                      "  - {protocol: 'a/d:1.0.0', to: onne}\n"),
                              catalogue_of({plugin("one"), plugin("two")}));
    EXPECT_TRUE(plan.find("one")->consumer);
    ASSERT_EQ(plan.problems.size(), 1U);
    EXPECT_EQ(plan.problems[0].code, "routing.unknown_target");
    EXPECT_THAT(plan.problems[0].message, HasSubstr("did you mean `one`"));
    ASSERT_EQ(plan.warnings.size(), 1U);
    EXPECT_EQ(plan.warnings[0].code, "routing.target_not_running");
}

TEST(Resolver, ResolvesTenThousandPluginsInARow) {
    std::vector<ManifestText> manifests;
    constexpr int count = 10'000;
    for (int i = 0; i < count; ++i) {
        const auto name = [](int n) { return "p" + std::to_string(100'000 + n); };
        manifests.push_back(plugin(
            name(i), i + 1 < count ? "['acme/" + name(i + 1) + ":1.0.0']" : std::string("[]")));
    }
    const Plan plan = resolve(host_of("{}"), catalogue_of(manifests, true));
    ASSERT_EQ(plan.instances.size(), manifests.size());
    EXPECT_EQ(plan.instances.front().name, manifests.back().name);
}

}  // namespace
}  // namespace patchbay::plugins
