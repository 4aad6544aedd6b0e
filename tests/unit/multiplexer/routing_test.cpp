// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/routing.hpp"

#include "harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::multiplexer::testing {
namespace {

constexpr const char* http = "valory/http:1.0.0";

TEST(Routing, InboundPrecedenceIsInstanceThenDirectoryThenRulesThenInBox) {
    Harness host;
    const Peer gateway = host.add("gateway");
    const Peer echo = host.add("echo");
    const Peer other = host.add("other");
    InstanceOptions inbox = Harness::options("agent");
    inbox.resident_agent = true;
    const Peer agent = host.add(inbox);

    gateway.deliver({.to = "bob"});
    EXPECT_EQ(agent.messages().size(), 1U) << "the InBox takes the rest";

    RoutingTable table;
    table.inbound.push_back({.to = {"echo"}});
    host.multiplexer.set_routing(table);
    EXPECT_TRUE(echo.instance->is_consumer());
    EXPECT_FALSE(gateway.instance->is_consumer());
    gateway.deliver({.to = "bob"});
    EXPECT_EQ(echo.messages().size(), 1U) << "rules come before the InBox";

    ASSERT_TRUE(host.multiplexer.agents().attach("bob", {other.instance->number()}).has_value());
    gateway.deliver({.to = "bob"});
    EXPECT_EQ(other.messages().size(), 1U) << "the directory comes before rules";

    gateway.deliver({.to = agent.id()});
    EXPECT_EQ(agent.messages().size(), 1U) << "a component named by 'to' comes first";
    gateway.deliver({.to = "test/other:9.9.9"});
    EXPECT_EQ(other.messages().size(), 1U) << "with any version when none fits exactly";

    EXPECT_TRUE(host.multiplexer.agents().detach("bob", {other.instance->number()}));
    host.multiplexer.set_routing({});
    gateway.deliver({.to = "bob"});
    EXPECT_EQ(agent.messages().size(), 1U);
    EXPECT_EQ(host.dead_letters.count(), 0U);
}

TEST(Routing, RulesMatchByProtocolSourceAndAddressFirstMatch) {
    Harness host;
    const Peer web = host.add("web");
    const Peer stub = host.add("stub");
    const Peer a = host.add("a");
    const Peer b = host.add("b");
    const Peer c = host.add("c");
    const Peer d = host.add("d");
    RoutingTable table;
    table.inbound.push_back({.protocol = http, .source = "web", .address = "bob", .to = {"a"}});
    table.inbound.push_back({.protocol = http, .to = {"b"}});
    table.inbound.push_back({.address = "bob", .to = {"c"}});
    table.inbound.push_back({.source = "test/stub:0.1.0", .to = {"d"}});
    host.multiplexer.set_routing(table);

    web.deliver({.to = "bob", .protocol_id = http});
    EXPECT_EQ(a.messages().size(), 1U);
    stub.deliver({.to = "bob", .protocol_id = http});
    EXPECT_EQ(b.messages().size(), 1U);
    stub.deliver({.to = "bob"});
    EXPECT_EQ(c.messages().size(), 1U);
    stub.deliver({.to = "carol"});
    EXPECT_EQ(d.messages().size(), 1U);
    const auto result = web.deliver({.to = "carol"});
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_DEAD_LETTERED);
    EXPECT_EQ(result.reason, PATCHBAY_REASON_NO_ROUTE);
}

TEST(Routing, ARuleMayNameSeveralConsumers) {
    Harness host;
    const Peer web = host.add("web");
    const Peer a = host.add("a");
    const Peer b = host.add("b");
    RoutingTable table;
    table.inbound.push_back({.to = {"a", "b"}});
    host.multiplexer.set_routing(table);
    const auto result = web.deliver(
        {.to = "bob", .message = "m", .flags = PATCHBAY_ENVELOPE_RECEIPT, .receipt = 7});
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_ACCEPTED);
    const auto at_a = a.take();
    const auto at_b = b.take();
    ASSERT_EQ(at_a.size(), 1U);
    ASSERT_EQ(at_b.size(), 1U);
    EXPECT_EQ(at_a[0].block, at_b[0].block) << "one payload";
    a.complete(at_a[0].token);
    EXPECT_TRUE(web.signals().empty()) << "the receipt waits for all";
    b.complete(at_b[0].token, PATCHBAY_FAILED, "b.broken");
    const auto signals = web.signals();
    ASSERT_EQ(signals.size(), 1U);
    EXPECT_EQ(signals[0].kind, std::uint32_t{PATCHBAY_SIGNAL_RECEIPT});
    EXPECT_EQ(signals[0].token, 7U);
    EXPECT_EQ(signals[0].value, std::uint64_t{PATCHBAY_RECEIPT_FAILED}) << "the worst wins";
    EXPECT_EQ(signals[0].name, "b.broken");
    EXPECT_TRUE(host.multiplexer.is_idle());
}

TEST(Routing, SeveralConsumersKeepOrderWithEarlierEnvelopesOfTheBatch) {
    Harness host;
    const Peer web = host.add("web");
    const Peer a = host.add("a");
    const Peer b = host.add("b");
    RoutingTable table;
    table.inbound.push_back({.address = "both", .to = {"a", "b"}});
    host.multiplexer.set_routing(table);
    web.deliver_all({{.to = a.id(), .message = "1"},
                     {.to = "both", .message = "2"},
                     {.to = a.id(), .message = "3"}});
    EXPECT_EQ(a.messages(), (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(b.messages(), (std::vector<std::string>{"2"}));
}

TEST(Routing, SeveralConsumersGetItAllOrNone) {
    Harness host;
    const Peer web = host.add("web");
    const Peer a = host.add("a");
    InstanceOptions small = Harness::options("b");
    small.mailbox_envelopes = 1;
    const Peer b = host.add(small);
    RoutingTable table;
    table.inbound.push_back({.to = {"a", "b"}});
    host.multiplexer.set_routing(table);
    EXPECT_EQ(web.deliver({.to = "x"}).status, PATCHBAY_DELIVERY_ACCEPTED);
    const auto second = web.deliver({.to = "x"});
    EXPECT_EQ(second.status, PATCHBAY_DELIVERY_FULL);
    EXPECT_EQ(second.destination, b.instance->number());
    EXPECT_EQ(a.messages().size(), 1U);
    EXPECT_EQ(b.messages().size(), 1U);
    EXPECT_EQ(web.signals().at(0).kind, std::uint32_t{PATCHBAY_SIGNAL_ROOM});
}

TEST(Routing, ARuleMayNameAnAgent) {
    Harness host;
    const Peer web = host.add("web");
    const Peer gateway = host.add("gateway");
    InstanceOptions inbox = Harness::options("agent");
    inbox.resident_agent = true;
    const Peer agent = host.add(inbox);
    RoutingTable table;
    table.resident_agent = "me";
    table.inbound.push_back({.protocol = http, .agent = "remote"});
    table.inbound.push_back({.agent = "me"});
    host.multiplexer.set_routing(table);
    EXPECT_EQ(web.deliver({.to = "x", .protocol_id = http}).reason, PATCHBAY_REASON_AGENT_OFFLINE);
    ASSERT_EQ(host.dead_letters.count(), 1U);
    EXPECT_EQ(reason_name(host.dead_letters.last().reason), "agent_offline");
    ASSERT_TRUE(
        host.multiplexer.agents().attach("remote", {gateway.instance->number()}).has_value());
    web.deliver({.to = "x", .protocol_id = http});
    EXPECT_EQ(gateway.messages().size(), 1U);
    web.deliver({.to = "x"});
    EXPECT_EQ(agent.messages().size(), 1U);
}

TEST(Routing, TheTakerSeesTheAgentWhomARuleNamed) {
    Harness host;
    const Peer web = host.add("web");
    const Peer gateway = host.add("gateway");
    RoutingTable table;
    table.inbound.push_back({.address = "first", .agent = "alice"});
    table.inbound.push_back({.address = "second", .agent = "bob"});
    host.multiplexer.set_routing(table);
    AgentDirectory& agents = host.multiplexer.agents();
    for (const char* name : {"alice", "bob", "carol"}) {
        ASSERT_TRUE(agents.attach(name, {gateway.instance->number(), 0}).has_value());
    }
    web.deliver_all({{.to = "first"}, {.to = "carol"}, {.to = "second"}, {.to = "first"}});
    // What waits keeps its agent when the routing is replaced.
    host.multiplexer.set_routing({});
    const std::vector<Taken> taken = gateway.take();
    ASSERT_EQ(taken.size(), 4U);
    EXPECT_EQ(taken[0].agent, "alice");
    EXPECT_EQ(taken[0].to, "first");
    EXPECT_EQ(taken[1].agent, "") << "'to' itself is the agent";
    EXPECT_EQ(taken[2].agent, "bob");
    EXPECT_EQ(taken[3].agent, "alice");
    for (const Taken& one : taken) {
        gateway.complete(one.token);
    }
    // Blocks are used again, and no agent sticks to them.
    web.deliver_all({{.to = "carol"}, {.to = "carol"}});
    for (const Taken& one : gateway.take()) {
        EXPECT_EQ(one.agent, "");
        gateway.complete(one.token);
    }
}

TEST(Routing, AnAgentOfARuleWhoLeftIsOffline) {
    Harness host;
    const Peer web = host.add("web");
    const Peer gateway = host.add("gateway");
    RoutingTable table;
    table.inbound.push_back({.agent = "alice"});
    host.multiplexer.set_routing(table);
    AgentDirectory& agents = host.multiplexer.agents();
    const AgentRoute route{gateway.instance->number(), 0};
    ASSERT_TRUE(agents.attach("alice", route).has_value());
    EXPECT_EQ(web.deliver({.to = "x"}).status, std::uint32_t{PATCHBAY_DELIVERY_ACCEPTED});
    ASSERT_TRUE(agents.detach("alice", route));
    const patchbay_delivery refused = web.deliver({.to = "x", .protocol_id = http});
    EXPECT_EQ(refused.status, std::uint32_t{PATCHBAY_DELIVERY_DEAD_LETTERED});
    EXPECT_EQ(refused.reason, std::uint32_t{PATCHBAY_REASON_AGENT_OFFLINE});
    // The sender is answered as for every other dead letter.
    const std::vector<Taken> answers = web.take();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_NE(answers[0].message.find("not connected"), std::string::npos);
}

TEST(Routing, OutboundPrecedence) {
    Harness host;
    const Peer consumer = host.add("consumer");
    const Peer by_context = host.add("context");
    const Peer by_learned = host.add("learned");
    const Peer by_directory = host.add("directory");
    const Peer by_protocol = host.add("protocol");
    const Peer by_default = host.add("default");
    RoutingTable table;
    table.inbound.push_back({.address = "consumer-only", .to = {"consumer"}});
    table.default_routing["fetchai/default:1.0.0"] = "protocol";
    table.default_connection = "test/default:0.1.0";
    host.multiplexer.set_routing(table);

    consumer.deliver({.to = "bob", .protocol_id = http});
    EXPECT_EQ(by_default.messages().size(), 1U);
    consumer.deliver({.to = "bob"});
    EXPECT_EQ(by_protocol.messages().size(), 1U);
    ASSERT_TRUE(
        host.multiplexer.agents().attach("bob", {by_directory.instance->number()}).has_value());
    consumer.deliver({.to = "bob"});
    EXPECT_EQ(by_directory.messages().size(), 1U);
    by_learned.deliver({.to = "consumer-only", .sender = "bob"});
    EXPECT_EQ(consumer.messages().size(), 1U);
    consumer.deliver({.to = "bob"});
    EXPECT_EQ(by_learned.messages().size(), 1U);
    consumer.deliver({.to = "bob", .connection_id = "test/context:0.1.0"});
    EXPECT_EQ(by_context.messages().size(), 1U);
    consumer.deliver({.to = by_default.id(), .connection_id = "test/context:0.1.0"});
    EXPECT_EQ(by_default.messages().size(), 1U);
    // And reply_to before all of them.
    by_protocol.deliver({.to = "consumer-only", .sender = "zoe"});
    const auto asked = consumer.take();
    ASSERT_EQ(asked.size(), 1U);
    consumer.deliver({.to = by_default.id(), .reply_to = asked[0].origin});
    EXPECT_EQ(by_protocol.messages().size(), 1U);
    consumer.complete(asked[0].token);
}

TEST(Routing, AContextThatNamesNobodyIsADeadLetter) {
    Harness host;
    const Peer consumer = host.add("consumer");
    const Peer fallback = host.add("fallback");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    table.default_connection = "fallback";
    host.multiplexer.set_routing(table);
    const auto result = consumer.deliver({.to = "bob", .connection_id = "no/such:0.1.0"});
    EXPECT_EQ(result.status, PATCHBAY_DELIVERY_DEAD_LETTERED);
    EXPECT_EQ(fallback.take().size(), 0U);
}

TEST(Routing, NothingReturnsToItsDelivererExceptByReplyToOrTo) {
    Harness host;
    const Peer consumer = host.add("consumer");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    table.default_connection = "consumer";
    table.default_routing[http] = "consumer";
    host.multiplexer.set_routing(table);
    EXPECT_EQ(consumer.deliver({.to = "bob"}).reason, PATCHBAY_REASON_NO_ROUTE);
    EXPECT_EQ(consumer.deliver({.to = "bob", .protocol_id = http}).reason,
              PATCHBAY_REASON_NO_ROUTE);
    EXPECT_EQ(consumer.deliver({.to = consumer.id()}).status, PATCHBAY_DELIVERY_ACCEPTED);
    // Two agents of one gateway reach each other.
    const Peer gateway = host.add("gateway");
    ASSERT_TRUE(host.multiplexer.agents().attach("bob", {gateway.instance->number()}).has_value());
    EXPECT_EQ(gateway.deliver({.to = "bob"}).status, PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(gateway.take().size(), 1U);
}

TEST(Routing, NamesThatDoNotRunMakeDeadLettersNotDetours) {
    Harness host;
    const Peer web = host.add("web");
    const Peer echo = host.add("echo");
    RoutingTable table;
    table.inbound.push_back({.protocol = http, .to = {"missing"}});
    table.inbound.push_back({.to = {"echo"}});
    host.multiplexer.set_routing(table);
    EXPECT_EQ(web.deliver({.to = "x", .protocol_id = http}).reason, PATCHBAY_REASON_NOT_CONNECTED);
    EXPECT_EQ(echo.take().size(), 0U);
    // It starts later: the rule finds it.
    const Peer missing = host.add("missing");
    EXPECT_EQ(web.deliver({.to = "x", .protocol_id = http}).status, PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(missing.messages().size(), 1U);
}

TEST(Routing, ProtocolPoliciesHoldInBothDirections) {
    Harness host;
    InstanceOptions strict = Harness::options("strict");
    strict.restricted_to_protocols = {http};
    const Peer only_http = host.add(strict);
    InstanceOptions picky = Harness::options("picky");
    picky.excluded_protocols = {http};
    const Peer no_http = host.add(picky);
    const Peer free_one = host.add("free");

    EXPECT_EQ(free_one.deliver({.to = only_http.id(), .protocol_id = http}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(free_one.deliver({.to = only_http.id()}).reason, PATCHBAY_REASON_PROTOCOL_REFUSED);
    EXPECT_EQ(only_http.deliver({.to = free_one.id()}).reason, PATCHBAY_REASON_PROTOCOL_REFUSED);
    EXPECT_EQ(free_one.deliver({.to = no_http.id(), .protocol_id = http}).reason,
              PATCHBAY_REASON_PROTOCOL_REFUSED);
    EXPECT_EQ(no_http.deliver({.to = free_one.id(), .protocol_id = http}).reason,
              PATCHBAY_REASON_PROTOCOL_REFUSED);
    EXPECT_EQ(no_http.deliver({.to = free_one.id()}).status, PATCHBAY_DELIVERY_ACCEPTED);
    // The version counts, a hash does not.
    EXPECT_EQ(free_one.deliver({.to = no_http.id(), .protocol_id = "valory/http:2.0.0"}).status,
              PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(free_one
                  .deliver({.to = no_http.id(),
                            .protocol_id = std::string(http) +
                                           ":QmTPmo5vEx8XvvwSvNvHnXHhFVfvrHrrTUxtyodpgRr6jF"})
                  .reason,
              PATCHBAY_REASON_PROTOCOL_REFUSED);
}

TEST(Routing, AnUnknownProtocolHurtsNobody) {
    Options options;
    options.protocols = 8;
    Harness host(options);
    InstanceOptions picky = Harness::options("picky");
    picky.excluded_protocols = {http};
    const Peer source = host.add("source");
    const Peer target = host.add(picky);
    for (int i = 0; i < 100; ++i) {
        const std::string protocol = "made/up_" + std::to_string(i) + ":1.0.0";
        ASSERT_EQ(source.deliver({.to = target.id(), .protocol_id = protocol}).status,
                  PATCHBAY_DELIVERY_ACCEPTED);
    }
    EXPECT_EQ(target.messages().size(), 100U);
    EXPECT_EQ(source.deliver({.to = target.id(), .protocol_id = http}).reason,
              PATCHBAY_REASON_PROTOCOL_REFUSED)
        << "configured protocols keep their policy when strangers fill the table";
}

TEST(Routing, LearnedRoutesFollowTheLastConnection) {
    Harness host;
    const Peer consumer = host.add("consumer");
    const Peer one = host.add("one");
    const Peer two = host.add("two");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    host.multiplexer.set_routing(table);
    one.deliver({.to = "me", .sender = "bob"});
    consumer.deliver({.to = "bob"});
    EXPECT_EQ(one.messages().size(), 1U);
    two.deliver({.to = "me", .sender = "bob"});
    consumer.deliver({.to = "bob"});
    EXPECT_EQ(two.messages().size(), 1U);
    EXPECT_EQ(one.messages().size(), 0U);
    // A component is not learned.
    two.deliver({.to = "me", .sender = "some/skill:0.1.0"});
    EXPECT_EQ(consumer.deliver({.to = "some/skill:0.1.0"}).reason, PATCHBAY_REASON_NO_ROUTE);
    EXPECT_EQ(host.multiplexer.metrics().learned_routes, 1U);
}

TEST(Routing, LearnedRoutesAreBoundedUnderAHundredThousandSenders) {
    Options options;
    options.learned_routes = 1000;
    Harness host(options);
    const Peer consumer = host.add("consumer");
    const Peer gateway = host.add("gateway");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    host.multiplexer.set_routing(table);
    for (int i = 0; i < 100'000; i += 100) {
        std::vector<Draft> drafts;
        for (int j = 0; j < 100; ++j) {
            drafts.push_back({.to = "me", .sender = "agent_" + std::to_string(i + j)});
        }
        gateway.deliver_all(drafts);
        consumer.messages();
        // One that keeps talking is not forgotten.
        gateway.deliver({.to = "me", .sender = "regular"});
        consumer.messages();
        if (i % 10'000 == 0) {
            host.clock.advance_seconds(1);
            host.multiplexer.tick();
        }
    }
    const Metrics metrics = host.multiplexer.metrics();
    EXPECT_EQ(metrics.learned_routes, 1000U);
    EXPECT_GE(metrics.learned_routes_evicted, 99'000U);
    EXPECT_EQ(consumer.deliver({.to = "agent_99999"}).status, PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(consumer.deliver({.to = "regular"}).status, PATCHBAY_DELIVERY_ACCEPTED);
}

TEST(Routing, LearnedRoutesAge) {
    Options options;
    options.learned_route_age = 60'000'000'000;
    Harness host(options);
    const Peer consumer = host.add("consumer");
    const Peer gateway = host.add("gateway");
    RoutingTable table;
    table.inbound.push_back({.to = {"consumer"}});
    host.multiplexer.set_routing(table);
    gateway.deliver({.to = "me", .sender = "bob"});
    host.clock.advance_seconds(50);
    host.multiplexer.tick();
    EXPECT_EQ(consumer.deliver({.to = "bob"}).status, PATCHBAY_DELIVERY_ACCEPTED);
    gateway.deliver({.to = "me", .sender = "bob"});
    host.clock.advance_seconds(50);
    host.multiplexer.tick();
    EXPECT_EQ(consumer.deliver({.to = "bob"}).status, PATCHBAY_DELIVERY_ACCEPTED);
    host.clock.advance_seconds(62);
    host.multiplexer.tick();
    EXPECT_EQ(consumer.deliver({.to = "bob"}).reason, PATCHBAY_REASON_NO_ROUTE);
}

TEST(Routing, TheDirectoryIgnoresALateDetach) {
    Harness host;
    const Peer one = host.add("one");
    const Peer two = host.add("two");
    AgentDirectory& agents = host.multiplexer.agents();
    ASSERT_TRUE(agents.attach("bob", {one.instance->number()}).has_value());
    ASSERT_TRUE(agents.attach("bob", {two.instance->number(), 0}).has_value());
    EXPECT_FALSE(agents.detach("bob", {one.instance->number()}));
    EXPECT_EQ(agents.lookup("bob"), (AgentRoute{two.instance->number(), 0}));
    EXPECT_TRUE(agents.detach("bob", {two.instance->number(), 0}));
    EXPECT_EQ(agents.lookup("bob"), std::nullopt);
    EXPECT_FALSE(agents.attach("", {1}).has_value());
    EXPECT_FALSE(agents.attach("a/b:1.0.0", {1}).has_value()) << "that is no agent";
    EXPECT_FALSE(agents.attach(std::string(300, 'x'), {1}).has_value());
}

TEST(Routing, RemovedInstancesAreForgottenEverywhere) {
    Harness host;
    const Peer source = host.add("source");
    const Peer gone = host.add("gone");
    ASSERT_TRUE(host.multiplexer.agents().attach("bob", {gone.instance->number()}).has_value());
    source.deliver({.to = "bob"});
    gone.instance->detach(*gone.generation);
    const std::string id = gone.id();
    host.multiplexer.remove_instance(*gone.instance);
    EXPECT_EQ(host.dead_letters.count(), 1U) << "what waited for it";
    EXPECT_EQ(host.multiplexer.metrics().agents, 0U);
    EXPECT_EQ(source.deliver({.to = "bob"}).reason, PATCHBAY_REASON_NO_ROUTE);
    EXPECT_EQ(source.deliver({.to = id}).reason, PATCHBAY_REASON_NO_ROUTE);
    EXPECT_EQ(host.multiplexer.find("gone"), nullptr);
    const Peer again = host.add("gone");
    EXPECT_EQ(source.deliver({.to = id}).status, PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(again.take().size(), 1U);
}

TEST(Routing, InstancesNeedDistinctNames) {
    Harness host;
    host.add("one");
    EXPECT_EQ(host.multiplexer.add_instance(Harness::options("one")).error().code,
              "multiplexer.duplicate_instance");
    InstanceOptions bad = Harness::options("two");
    bad.component_id = "two";
    EXPECT_EQ(host.multiplexer.add_instance(bad).error().code, "multiplexer.instance_name");
}

TEST(Routing, ExplainAgreesWithTheRunningHost) {
    Harness host;
    [[maybe_unused]] const Peer web = host.add("web");
    [[maybe_unused]] const Peer echo = host.add("echo");
    [[maybe_unused]] const Peer stub = host.add("stub");
    RoutingTable table;
    table.inbound.push_back({.protocol = http, .to = {"echo"}});
    table.default_connection = "stub";
    host.multiplexer.set_routing(table);
    const auto inbound =
        host.multiplexer.explain({.to = "bob", .protocol_id = http, .source = "web"});
    EXPECT_FALSE(inbound.outbound);
    EXPECT_EQ(inbound.destinations, std::vector<std::string>{"echo"});
    ASSERT_FALSE(inbound.steps.empty());
    EXPECT_EQ(inbound.steps.back().rule, "inbound[0]");
    const auto outbound =
        host.multiplexer.explain({.to = "bob", .protocol_id = http, .source = "echo"});
    EXPECT_TRUE(outbound.outbound);
    EXPECT_EQ(outbound.destinations, std::vector<std::string>{"stub"});
    stub.instance->set_state(InstanceState::disconnected);
    EXPECT_EQ(host.multiplexer.explain({.to = "bob", .protocol_id = http, .source = "echo"}).reason,
              std::uint32_t{PATCHBAY_REASON_NOT_CONNECTED});
    const auto lost = host.multiplexer.explain({.to = "bob", .protocol_id = "a/b:1.0.0"});
    EXPECT_EQ(lost.reason, std::uint32_t{PATCHBAY_REASON_NO_ROUTE});
}

TEST(Routing, ExplainNeedsNoHost) {
    RoutingTable table;
    table.inbound.push_back({.protocol = http, .source = "web", .to = {"echo"}});
    table.inbound.push_back({.protocol = "fetchai/default:1.0.0", .to = {"missing"}});
    std::vector<RoutingInstance> instances{
        {.number = 1, .name = "web", .component_id = "valory/web:0.1.0"},
        {.number = 2,
         .name = "echo",
         .component_id = "patchbay/echo:0.1.0",
         .excluded_protocols = {"bad/one:1.0.0"}}};
    const auto ask = [&](RouteQuery query) { return explain_route(table, instances, query); };
    EXPECT_EQ(ask({.to = "patchbay/echo:0.1.0", .protocol_id = "x/y:1.0.0"}).destinations,
              std::vector<std::string>{"echo"});
    EXPECT_EQ(ask({.to = "patchbay/echo:any", .protocol_id = "x/y:1.0.0"}).destinations,
              std::vector<std::string>{"echo"});
    EXPECT_EQ(ask({.to = "bob", .protocol_id = http, .source = "web"}).destinations,
              std::vector<std::string>{"echo"});
    EXPECT_EQ(ask({.to = "bob", .protocol_id = http, .source = "echo"}).reason,
              std::uint32_t{PATCHBAY_REASON_NO_ROUTE});
    EXPECT_EQ(ask({.to = "bob", .protocol_id = "fetchai/default:1.0.0", .source = "web"}).reason,
              std::uint32_t{PATCHBAY_REASON_NOT_CONNECTED});
    EXPECT_EQ(ask({.to = "patchbay/echo:0.1.0", .protocol_id = "bad/one:1.0.0"}).reason,
              std::uint32_t{PATCHBAY_REASON_PROTOCOL_REFUSED});
    EXPECT_EQ(ask({.to = "bob", .protocol_id = http, .hops = 16}).reason,
              std::uint32_t{PATCHBAY_REASON_HOP_LIMIT});
}

}  // namespace
}  // namespace patchbay::multiplexer::testing
