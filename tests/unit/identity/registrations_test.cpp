// SPDX-License-Identifier: Apache-2.0
/// \file
/// Registration from request to answer: the branches of upstream's `register_agent` (reference,
/// section 4) and the weaknesses of section 8 that are its business.
#include "identity/agent_metadata.hpp"
#include "unit/identity/registrations_fixture.hpp"

#include <atomic>
#include <thread>

namespace patchbay::identity {
namespace {

using namespace std::chrono_literals;

TEST_F(RegistrationsTest, BranchMissingAgentIdIsRefusedInUpstreamsWords) {
    open();
    const Answer answer = enter("", 1);
    EXPECT_TRUE(answer.failed);
    EXPECT_EQ(answer.code, "identity.missing_agent_id");
    EXPECT_EQ(error_of(answer), "Missing agent_id");
}

TEST_F(RegistrationsTest, BranchNotConnectedIsAcceptedAndReachable) {
    open();
    const Answer answer = enter("alice", 7);
    ASSERT_FALSE(answer.failed) << answer.payload;
    EXPECT_NE(answer.value, 0u);
    const auto state = registrations->lookup("alice");
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->online);
    EXPECT_FALSE(state->claimed);
    EXPECT_EQ(state->session, answer.value);
    EXPECT_EQ(state->connection, 7u);
    EXPECT_EQ(directory.lookup("alice"), (multiplexer::AgentRoute{1, 0}));
    EXPECT_FALSE(registrations->lookup("bob"));
    EXPECT_TRUE(events.has("agent.joined"));
}

TEST_F(RegistrationsTest, BranchNotConnectedWithAnInvalidCertificateIsAcceptedWhenUnclaimed) {
    open();
    RegistrationRequest wanted = request("alice", 1);
    wanted.certificate = R"({"agent_id": "alice"})";
    const Answer answer = enter(wanted);
    EXPECT_FALSE(answer.failed);
    EXPECT_EQ(nlohmann::json::parse(answer.payload).at("certificate_valid"), false);
    EXPECT_EQ(nlohmann::json::parse(answer.payload).at("claimed"), false);
}

TEST_F(RegistrationsTest, Weakness3BranchAnOfflineOwnersIdNeedsItsCertificate) {
    open();
    const std::string certificate = owned_id("alice", 1);
    ASSERT_FALSE(registrations->lookup("alice")->online);
    const Answer stranger = enter("alice", 2);
    EXPECT_TRUE(stranger.failed);
    EXPECT_EQ(stranger.code, "identity.certificate_required");
    EXPECT_EQ(error_of(stranger).rfind("Agent ID already claimed", 0), 0u);
    RegistrationRequest forced = request("alice", 3);
    forced.force = true;
    EXPECT_EQ(enter(forced).code, "identity.certificate_required");
    RegistrationRequest broken = request("alice", 4);
    broken.certificate = R"({"agent_id": "alice"})";
    const Answer refused = enter(broken);
    EXPECT_EQ(refused.code, "identity.certificate_refused");
    EXPECT_EQ(error_of(refused), "Certificate validation failed");
    EXPECT_TRUE(events.has("identity.certificate_refused")) << "the log tells why";
    RegistrationRequest owner = request("alice", 5);
    owner.certificate = certificate;
    const Answer back = enter(owner);
    EXPECT_FALSE(back.failed) << back.payload;
    EXPECT_EQ(nlohmann::json::parse(back.payload).at("claimed"), true);
}

TEST_F(RegistrationsTest, BranchConnectedWithoutForceIsRefusedInUpstreamsWords) {
    open();
    const Answer first = enter("alice", 1);
    const Answer second = enter("alice", 2);
    EXPECT_EQ(second.code, "identity.already_connected");
    EXPECT_EQ(error_of(second),
              "Agent with this ID is already connected to the network. Use force_reconnect=true "
              "or provide valid certificate to override.");
    EXPECT_EQ(registrations->lookup("alice")->session, first.value);
    EXPECT_TRUE(transports.ends.empty());
}

TEST_F(RegistrationsTest, BranchConnectedWithForceProbesAndIsRefusedWhenTheOldOneAnswers) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t cookie = ask(forced);
    ASSERT_EQ(transports.pings.size(), 1u);
    EXPECT_EQ(transports.pings[0].first, 1u);
    EXPECT_FALSE(transports.has_answer(cookie));
    registrations->pong(first.value, transports.pings[0].second, true);
    EXPECT_EQ(transports.await(cookie).code, "identity.already_connected");
    EXPECT_EQ(registrations->lookup("alice")->session, first.value);
    pass(10s);
    EXPECT_TRUE(transports.ends.empty());
}

TEST_F(RegistrationsTest, BranchConnectedWithForceReplacesWhoDoesNotAnswerWithinPingTimeout) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t cookie = ask(forced);
    pass(4s);
    EXPECT_FALSE(transports.has_answer(cookie));
    pass(2s);
    const Answer second = transports.await(cookie);
    ASSERT_FALSE(second.failed);
    EXPECT_NE(second.value, first.value);
    transports.await_ends(1);
    EXPECT_EQ(transports.ends[0].connection, 1u);
    EXPECT_EQ(transports.ends[0].reason, SessionEnd::replaced);
    EXPECT_EQ(directory.lookup("alice"), (multiplexer::AgentRoute{1, 0}));
    EXPECT_EQ(transports.order.at(1), "answer " + std::to_string(cookie))
        << "the new session is complete before the old one ends";
    EXPECT_EQ(transports.order.at(2), "end 1");
    EXPECT_EQ(events.text("agent.probe_missed").rfind("Connection timeout during ping", 0), 0u);
}

TEST_F(RegistrationsTest, AnyTrafficIsASignOfLifeForAProbe) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t cookie = ask(forced);
    pass(2s);
    registrations->touch(first.value);
    pass(4s);
    EXPECT_EQ(transports.await(cookie).code, "identity.already_connected");
}

TEST_F(RegistrationsTest, AFailedPongIsNoAnswer) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t cookie = ask(forced);
    registrations->pong(first.value, transports.pings.at(0).second, false);
    pass(6s);
    EXPECT_FALSE(transports.await(cookie).failed);
}

TEST_F(RegistrationsTest, LegacyForceReplacesAtOnce) {
    rules.legacy_force = true;
    open();
    enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    EXPECT_FALSE(enter(forced).failed);
    EXPECT_TRUE(transports.pings.empty());
    transports.await_ends(1);
}

TEST_F(RegistrationsTest, BranchConnectedOwnerIsReplacedByItsCertificate) {
    open();
    const std::string certificate = owned_id("alice", 1);
    RegistrationRequest owner = request("alice", 2);
    owner.certificate = certificate;
    const Answer first = enter(owner);
    owner.connection = 3;
    const Answer second = enter(owner);
    ASSERT_FALSE(second.failed) << second.payload;
    transports.await_ends(1);
    EXPECT_EQ(transports.ends[0].connection, 2u);
    EXPECT_EQ(registrations->lookup("alice")->session, second.value);
    EXPECT_TRUE(transports.pings.empty()) << "an owner needs no probe";
    // What the old socket still says changes nothing.
    registrations->unregister(first.value);
    EXPECT_TRUE(registrations->lookup("alice")->online);
    EXPECT_TRUE(directory.lookup("alice"));
}

TEST_F(RegistrationsTest, ASessionMovesToAnotherGeneration) {
    open();
    const Answer alice = enter("alice", 1);
    const TransportLane next{1, 2, 3};
    ASSERT_TRUE(registrations->move(alice.value, next, 7));
    EXPECT_EQ(registrations->lookup("alice")->session, alice.value);
    EXPECT_EQ(registrations->lookup("alice")->connection, 7U);
    EXPECT_EQ(registrations->lookup("alice")->lane, next);
    EXPECT_EQ(directory.lookup("alice")->lane, 3U);
    // The end of the old generation is nothing to it.
    registrations->end_generation(1, 1);
    EXPECT_TRUE(registrations->lookup("alice")->online);
    EXPECT_TRUE(directory.lookup("alice"));
    pass(45s);
    ASSERT_FALSE(transports.pings.empty());
    EXPECT_EQ(transports.pings[0].first, 7U) << "its new socket is asked for signs of life";
    // Another agent may have the number that its socket had.
    EXPECT_FALSE(enter("bob", 1).failed);
    registrations->unregister(alice.value);
    EXPECT_FALSE(registrations->lookup("alice")->online);
}

TEST_F(RegistrationsTest, ASessionThatHasEndedDoesNotMove) {
    open();
    const Answer alice = enter("alice", 1);
    registrations->unregister(alice.value);
    EXPECT_EQ(registrations->move(alice.value, {1, 2, 0}, 7).error().code, "identity.no_session");
    const Answer bob = enter("bob", 2);
    EXPECT_FALSE(registrations->move(bob.value, {2, 1, 0}, 7)) << "to another instance";
    transports.dead.emplace(1, 2);
    EXPECT_FALSE(registrations->move(bob.value, {1, 2, 0}, 7)) << "to one that has ended";
    EXPECT_EQ(registrations->lookup("bob")->connection, 2U);
}

TEST_F(RegistrationsTest, Weakness4AConnectedOwnerIsNotForcedAway) {
    open();
    const Answer owner = enter("alice", 1);
    ASSERT_FALSE(claim_id(owner.value, "alice").failed);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    EXPECT_EQ(enter(forced).code, "identity.certificate_required");
    EXPECT_TRUE(transports.pings.empty());
    EXPECT_EQ(registrations->lookup("alice")->session, owner.value);
}

TEST_F(RegistrationsTest, Weakness5BranchACertificateOfAnotherIdIsRefused) {
    open();
    const std::string mallory = owned_id("mallory", 1);
    const Answer alice = enter("alice", 2);
    RegistrationRequest wanted = request("alice", 3);
    wanted.certificate = mallory;
    wanted.force = true;
    const Answer refused = enter(wanted);
    EXPECT_EQ(error_of(refused),
              "Agent with this ID is already connected to the network. Certificate validation "
              "failed.");
    ASSERT_FALSE(claim_id(alice.value, "alice").failed);
    EXPECT_EQ(enter(wanted).code, "identity.certificate_refused");
    EXPECT_EQ(registrations->lookup("alice")->session, alice.value);
}

TEST_F(RegistrationsTest, BranchConnectedWithAnInvalidCertificateIsRefusedEvenWithForce) {
    open();
    enter("alice", 1);
    for (const bool force : {false, true}) {
        RegistrationRequest wanted = request("alice", 2);
        wanted.certificate = R"({"agent_id": "alice", "signature": "x"})";
        wanted.force = force;
        EXPECT_EQ(error_of(enter(wanted)),
                  "Agent with this ID is already connected to the network. Certificate "
                  "validation failed.");
    }
    EXPECT_TRUE(transports.pings.empty());
}

TEST_F(RegistrationsTest, BranchAnEmptyCertificateIsNone) {
    rules.legacy_force = true;
    open();
    enter("alice", 1);
    for (const char* empty : {"{}", "null", " { } "}) {
        RegistrationRequest wanted = request("alice", 2);
        wanted.certificate = empty;
        wanted.force = true;
        const Answer answer = enter(wanted);
        EXPECT_FALSE(answer.failed) << empty << answer.payload;
    }
}

TEST_F(RegistrationsTest, BranchNullMetadataAndNoneAreEmpty) {
    open();
    EXPECT_FALSE(enter("alice", 1).failed);
    EXPECT_EQ(registrations->list("", 10).at(0).metadata, "{}");
}

TEST_F(RegistrationsTest, OpenAgents05TrustsAsUpstreamDoes) {
    rules.openagents_05 = true;
    open();
    const std::string mallory = owned_id("mallory", 1);
    const std::string alice = owned_id("alice", 2);
    EXPECT_FALSE(enter("alice", 3).failed) << "a claim protects nothing while the owner is away";
    EXPECT_EQ(enter("alice", 4).code, "identity.already_connected");
    RegistrationRequest wanted = request("alice", 5);
    wanted.force = true;
    EXPECT_FALSE(enter(wanted).failed) << "whoever forces gets it";
    wanted.connection = 6;
    wanted.force = false;
    wanted.certificate = mallory;
    EXPECT_FALSE(enter(wanted).failed) << "with whatever certificate";
    wanted.connection = 7;
    wanted.certificate = R"({"agent_id": "alice"})";
    wanted.force = true;
    EXPECT_TRUE(enter(wanted).failed) << "but a bad one is worse than none";
}

TEST_F(RegistrationsTest, Weakness9And10NumbersOfOtherSessionsChangeNothing) {
    open();
    const Answer alice = enter("alice", 1);
    const Answer bob = enter("bob", 2);
    pass(34s);
    ASSERT_EQ(transports.pings.size(), 2u);
    const auto ping_of = [&](std::uint64_t connection) {
        return transports.pings[transports.pings[0].first == connection ? 0 : 1].second;
    };
    // Bob answers for alice; only what comes over her own socket counts.
    registrations->pong(bob.value, ping_of(1), true);
    registrations->pong(bob.value, ping_of(2), true);
    pass(58s);
    transports.await_ends(1);
    EXPECT_EQ(transports.ends[0].agent_id, "alice");
    EXPECT_TRUE(registrations->lookup("bob")->online);
    EXPECT_FALSE(registrations->lookup("alice"));
    registrations->touch(alice.value);
    registrations->unregister(alice.value);
}

TEST_F(RegistrationsTest, Weakness9OnlyTheRegisteredIdCanBeClaimed) {
    open();
    const Answer alice = enter("alice", 1);
    EXPECT_EQ(claim_id(0, "bob").code, "identity.not_registered");
    EXPECT_EQ(error_of(claim_id(0, "bob")), "Not registered");
    EXPECT_EQ(claim_id(alice.value, "bob").code, "identity.not_registered");
    EXPECT_FALSE(claim_id(alice.value, "alice").failed);
    EXPECT_FALSE(claims->find("bob"));
}

TEST_F(RegistrationsTest, Weakness14TheMetadataOfOneDoesNotSpoilTheListForAll) {
    open();
    RegistrationRequest wanted = request("alice", 1);
    wanted.metadata = R"("text")";
    EXPECT_EQ(enter(wanted).code, "identity.bad_metadata");
    wanted.metadata = "{\"a\":NaN}";
    EXPECT_EQ(enter(wanted).code, "identity.bad_metadata");
    wanted.metadata = "{\"a\":\"\xff\"}";
    EXPECT_EQ(enter(wanted).code, "identity.bad_metadata");
    wanted.metadata = std::string(40, '[');
    EXPECT_EQ(enter(wanted).code, "identity.bad_metadata");
    wanted.metadata = "{\"a\":" + std::string(30'000, '[') + std::string(30'000, ']') + '}';
    EXPECT_EQ(enter(wanted).code, "identity.bad_metadata");
    wanted.metadata = "{\"a\":\"" + std::string(max_metadata_bytes, 'x') + "\"}";
    EXPECT_EQ(enter(wanted).code, "identity.bad_metadata");
    wanted.metadata =
        R"({"name":"Alice","certificate":{"signature":"secret"},"proof":{},"force_reconnect":true})";
    EXPECT_FALSE(enter(wanted).failed);
    EXPECT_EQ(registrations->list("", 10).at(0).metadata, R"({"name":"Alice"})")
        << "credentials are not published";
}

TEST_F(RegistrationsTest, Weakness19AClosedSocketIsNoticedAtOnceAndTheClaimStays) {
    open();
    const Answer alice = enter("alice", 1);
    ASSERT_FALSE(claim_id(alice.value, "alice").failed);
    registrations->unregister(alice.value);
    EXPECT_FALSE(registrations->lookup("alice")->online);
    EXPECT_TRUE(registrations->lookup("alice")->claimed);
    EXPECT_FALSE(directory.lookup("alice"));
    EXPECT_TRUE(transports.ends.empty()) << "whose socket closed is not told to close it";
    pass(6s);
    EXPECT_TRUE(events.await("agent.left"));
    EXPECT_EQ(registrations->statistics().agents, 0u);
    EXPECT_TRUE(registrations->lookup("alice")->claimed);
}

TEST_F(RegistrationsTest, Weakness19WhoComesBackWithinTheGraceHasNeverLeft) {
    open();
    EXPECT_TRUE(registrations->subscribe({1, 1, 0}, true));
    const Answer first = enter("alice", 1);
    registrations->unregister(first.value);
    pass(2s);
    const Answer second = enter("alice", 2);
    ASSERT_FALSE(second.failed);
    EXPECT_EQ(nlohmann::json::parse(second.payload).at("resumed"), true);
    pass(10s);
    transports.await_changes(2);
    EXPECT_EQ(transports.changes[0].change, AgentChange::joined);
    EXPECT_EQ(transports.changes[1].change, AgentChange::replaced);
    EXPECT_TRUE(directory.lookup("alice"));
}

TEST_F(RegistrationsTest, Weakness20TrafficKeepsAnAgentAliveThatIgnoresPings) {
    open();
    const Answer alice = enter("alice", 1);
    for (int i = 0; i < 20; ++i) {
        pass(20s);
        registrations->touch(alice.value);
    }
    EXPECT_TRUE(transports.ends.empty());
}

TEST_F(RegistrationsTest, Weakness21TwoConcurrentOverridesSettleCleanly) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t second = ask(forced);
    forced.connection = 3;
    const std::uint64_t third = ask(forced);
    EXPECT_EQ(transports.pings.size(), 1u) << "one probe serves both";
    pass(6s);
    const Answer winner = transports.await(second);
    ASSERT_FALSE(winner.failed);
    EXPECT_FALSE(transports.has_answer(third)) << "it asks the new holder now";
    ASSERT_EQ(transports.pings.size(), 2u);
    EXPECT_EQ(transports.pings[1].first, 2u);
    registrations->pong(winner.value, transports.pings[1].second, true);
    EXPECT_EQ(transports.await(third).code, "identity.already_connected");
    EXPECT_EQ(registrations->lookup("alice")->session, winner.value);
    EXPECT_EQ(registrations->statistics().agents, 1u);
    transports.await_ends(1);
    EXPECT_EQ(transports.answer_counts[second], 1);
    EXPECT_EQ(transports.answer_counts[third], 1);
    EXPECT_NE(first.value, winner.value);
}

TEST_F(RegistrationsTest, Weakness21TwoOwnersAtOnceLeaveNoOrphan) {
    open();
    const std::string certificate = owned_id("alice", 1);
    std::vector<std::uint64_t> cookies;
    for (std::uint64_t connection = 2; connection < 10; ++connection) {
        RegistrationRequest owner = request("alice", connection);
        owner.certificate = certificate;
        cookies.push_back(ask(owner));
    }
    std::set<SessionNumber> sessions;
    for (const std::uint64_t cookie : cookies) {
        const Answer answer = transports.await(cookie);
        EXPECT_FALSE(answer.failed);
        sessions.insert(answer.value);
    }
    EXPECT_EQ(sessions.size(), 8u);
    transports.await_ends(7);  // all but the last were told that they were replaced
    EXPECT_EQ(registrations->statistics().agents, 1u);
    EXPECT_TRUE(sessions.contains(registrations->lookup("alice")->session));
}

TEST_F(RegistrationsTest, Weakness21AnOverrideDoesNotWaitForTheOldSocket) {
    open();
    enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t cookie = ask(forced);
    pass(5s + 2 * registrations->resolution());
    EXPECT_TRUE(transports.has_answer(cookie)) << "ping_timeout, and nothing on top";
}

TEST_F(RegistrationsTest, AProbeEndsWhenTheSocketCloses) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest forced = request("alice", 2);
    forced.force = true;
    const std::uint64_t cookie = ask(forced);
    registrations->unregister(first.value);
    EXPECT_TRUE(transports.has_answer(cookie));
    EXPECT_FALSE(transports.await(cookie).failed);
}

TEST_F(RegistrationsTest, Weakness22TheSameSocketKeepsItsSessionAndChangesItsMetadata) {
    open();
    const Answer first = enter("alice", 1);
    RegistrationRequest again = request("alice", 1);
    again.metadata = R"({"name":"Alice"})";
    again.force = true;
    const Answer second = enter(again);
    EXPECT_FALSE(second.failed);
    EXPECT_EQ(second.value, first.value);
    EXPECT_TRUE(transports.ends.empty());
    EXPECT_TRUE(transports.pings.empty());
    EXPECT_EQ(nlohmann::json::parse(registrations->list("", 1).at(0).to_json()).at("name"),
              "Alice");
}

TEST_F(RegistrationsTest, Weakness22OneSocketHasOneId) {
    open();
    enter("alice", 1);
    EXPECT_EQ(enter("bob", 1).code, "identity.already_registered");
    RegistrationRequest elsewhere = request("bob", 1);
    elsewhere.lane.instance = 2;
    EXPECT_FALSE(enter(elsewhere).failed) << "numbers of sockets are those of the instance";
}

TEST_F(RegistrationsTest, Weakness25AnEvictedClientIsToldWhy) {
    open();
    EXPECT_TRUE(registrations->subscribe({2, 1, 0}, true));
    enter("alice", 1);
    pass(92s);
    transports.await_ends(1);
    EXPECT_EQ(transports.ends[0].reason, SessionEnd::timeout);
    EXPECT_EQ(transports.ends[0].text.rfind("Connection timeout during ping", 0), 0u);
    EXPECT_EQ(events.text("agent.lost").rfind("Connection timeout during ping", 0), 0u);
    EXPECT_TRUE(events.has("agent.ping"));
    EXPECT_TRUE(events.has("agent.ping_missed"));
    transports.await_changes(2);
    EXPECT_EQ(transports.changes[1].change, AgentChange::lost);
    EXPECT_EQ(transports.changes[1].agent.at("agent_id"), "alice");
    EXPECT_FALSE(directory.lookup("alice"));
    EXPECT_FALSE(enter("alice", 2).failed);
}

TEST_F(RegistrationsTest, AStolenCertificateIsUselessWithoutTheBoundKey) {
    open();
    const Answer first = enter("alice", 1);
    SessionClaim wanted;
    wanted.lane = {1, 1, 0};
    wanted.cookie = next_cookie();
    wanted.session = first.value;
    wanted.agent_id = "alice";
    wanted.public_key = std::string(32, '\x07');
    ASSERT_TRUE(registrations->claim(wanted));
    const Answer claimed = transports.await(wanted.cookie);
    ASSERT_FALSE(claimed.failed) << claimed.payload;
    registrations->unregister(first.value);
    RegistrationRequest thief = request("alice", 2);
    thief.certificate = certificate_of(claimed);
    const Answer asked = enter(thief);
    EXPECT_EQ(asked.code, "identity.proof_required");
    const nlohmann::json challenge = nlohmann::json::parse(asked.payload).at("challenge");
    EXPECT_EQ(challenge.at("nonce").get<std::string>().size(), 64u);
    thief.proof =
        nlohmann::json{{"nonce", challenge.at("nonce")}, {"signature", std::string(128, '0')}}
            .dump();
    EXPECT_EQ(enter(thief).code, "identity.proof_refused");
    EXPECT_EQ(enter(thief).code, "identity.challenge_refused") << "a challenge is good for once";
}

TEST_F(RegistrationsTest, RenewalsWorkForTheOwnerAndTheOldCertificateUntilTheNewOneIsUsed) {
    open();
    const std::string old = owned_id("alice", 1);
    RegistrationRequest owner = request("alice", 2);
    owner.certificate = old;
    const Answer session = enter(owner);
    const std::uint64_t cookie = next_cookie();
    ASSERT_TRUE(registrations->renew({1, 1, 0}, cookie, session.value, false));
    const Answer renewed = transports.await(cookie);
    ASSERT_FALSE(renewed.failed) << renewed.payload;
    owner.connection = 3;
    EXPECT_FALSE(enter(owner).failed) << "the old one is still good";
    owner.connection = 4;
    owner.certificate = certificate_of(renewed);
    EXPECT_FALSE(enter(owner).failed);
    owner.connection = 5;
    owner.certificate = old;
    EXPECT_EQ(enter(owner).code, "identity.certificate_refused") << "superseded";
}

TEST_F(RegistrationsTest, OnlyAProvenOwnerRenewsAndReleases) {
    open();
    const Answer session = enter("alice", 1);
    const std::uint64_t renewal = next_cookie();
    ASSERT_TRUE(registrations->renew({1, 1, 0}, renewal, session.value, false));
    EXPECT_EQ(transports.await(renewal).code, "identity.not_owner");
    const std::uint64_t release = next_cookie();
    ASSERT_TRUE(registrations->release({1, 1, 0}, release, session.value + 1));
    EXPECT_EQ(transports.await(release).code, "identity.not_registered");
}

TEST_F(RegistrationsTest, AReleasedIdIsFreeAndItsHolderStays) {
    open();
    EXPECT_TRUE(registrations->subscribe({1, 1, 0}, true));
    const Answer session = enter("alice", 1);
    ASSERT_FALSE(claim_id(session.value, "alice").failed);
    const std::uint64_t cookie = next_cookie();
    ASSERT_TRUE(registrations->release({1, 1, 0}, cookie, session.value));
    EXPECT_FALSE(transports.await(cookie).failed);
    EXPECT_FALSE(claims->find("alice"));
    EXPECT_TRUE(registrations->lookup("alice")->online);
    pass(1s);
    transports.await_changes(3);
    EXPECT_EQ(transports.changes.at(1).change, AgentChange::claimed);
    EXPECT_EQ(transports.changes[1].agent.at("claimed"), true);
    EXPECT_EQ(transports.changes[2].change, AgentChange::released);
}

TEST_F(RegistrationsTest, ValidationTellsTheReasonBesideTheAnswer) {
    open();
    const std::string certificate = owned_id("alice", 1);
    std::uint64_t cookie = next_cookie();
    ASSERT_TRUE(registrations->validate({1, 1, 0}, cookie, certificate, "127.0.0.1:1"));
    EXPECT_EQ(transports.await(cookie).value, 1u);
    clock.advance(std::chrono::hours(25));
    cookie = next_cookie();
    ASSERT_TRUE(registrations->validate({1, 1, 0}, cookie, certificate, "127.0.0.1:1"));
    const Answer expired = transports.await(cookie);
    EXPECT_FALSE(expired.failed);
    EXPECT_EQ(expired.value, 0u);
    EXPECT_EQ(expired.code, "identity.certificate_expired");
    cookie = next_cookie();
    ASSERT_TRUE(registrations->validate({1, 1, 0}, cookie, "{}", "127.0.0.1:1"));
    EXPECT_EQ(error_of(transports.await(cookie)), "Missing certificate data");
}

TEST_F(RegistrationsTest, ARevokedAgentIsEndedAndStaysOut) {
    open();
    const Answer session = enter("alice", 1);
    const Answer claimed = claim_id(session.value, "alice");
    ASSERT_TRUE(revoke("alice"));
    registrations->claim_changed("alice");
    transports.await_ends(1);
    EXPECT_EQ(transports.ends[0].reason, SessionEnd::removed);
    RegistrationRequest owner = request("alice", 2);
    owner.certificate = certificate_of(claimed);
    EXPECT_EQ(enter(owner).code, "identity.revoked");
}

TEST_F(RegistrationsTest, AnOperatorRemovesAnAgent) {
    open();
    enter("alice", 1);
    EXPECT_EQ(registrations->kick("bob", "").error().code, "identity.unknown_agent");
    EXPECT_TRUE(registrations->kick("alice", "Go."));
    transports.await_ends(1);
    EXPECT_EQ(transports.ends[0].text, "Go.");
    EXPECT_FALSE(registrations->lookup("alice"));
    EXPECT_FALSE(enter("alice", 2).failed);
}

TEST_F(RegistrationsTest, AgentsOfAGenerationThatEndsMayComeBackThroughAnother) {
    open();
    enter("alice", 1);
    RegistrationRequest other = request("bob", 2);
    other.lane = {2, 1, 0};
    enter(other);
    transports.dead.insert({1, 1});
    registrations->end_generation(1, 1);
    EXPECT_FALSE(registrations->lookup("alice")->online);
    EXPECT_TRUE(registrations->lookup("bob")->online);
    EXPECT_TRUE(transports.ends.empty()) << "nobody is there to be told";
    EXPECT_EQ(enter("alice", 3).code, "identity.lane_ended");
    RegistrationRequest next = request("alice", 4);
    next.lane.generation = 2;
    EXPECT_FALSE(enter(next).failed);
}

TEST_F(RegistrationsTest, Weakness16BoundsHold) {
    rules.max_agents = 2;
    rules.max_requests = 2;
    rules.max_waiting = 1;
    open();
    enter("a", 1);
    enter("b", 2);
    EXPECT_EQ(enter("c", 3).code, "identity.too_many_agents");
    RegistrationRequest forced = request("a", 4);
    forced.force = true;
    ask(forced);
    forced.connection = 5;
    EXPECT_EQ(enter(forced).code, "identity.already_connected") << "one waits already";
    RegistrationRequest other = request("b", 6);
    other.force = true;
    ask(other);
    const auto third = registrations->register_agent(request("d", 7));
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, "identity.too_many_requests");
    EXPECT_EQ(third.error().error_class, ErrorClass::overloaded);
    pass(6s);
    EXPECT_EQ(registrations->statistics().agents, 2u);
}

TEST_F(RegistrationsTest, ListsComeInPagesInByteOrder) {
    open();
    for (int i = 0; i < 25; ++i) {
        enter("agent-" + std::to_string(100 + i), static_cast<std::uint64_t>(i) + 1);
    }
    std::vector<std::string> ids;
    for (std::string after;;) {
        const std::vector<AgentRow> page = registrations->list(after, 10);
        for (const AgentRow& row : page) {
            ids.push_back(row.agent_id);
        }
        if (page.size() < 10) {
            break;
        }
        after = page.back().agent_id;
    }
    ASSERT_EQ(ids.size(), 25u);
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    const nlohmann::json row =
        nlohmann::json::parse(registrations->list("agent-103", 1).at(0).to_json());
    EXPECT_EQ(row.at("agent_id"), "agent-104");
    EXPECT_EQ(row.at("name"), "agent-104");
    EXPECT_EQ(row.at("connected"), true);
    EXPECT_EQ(row.at("claimed"), false);
    EXPECT_EQ(row.at("metadata"), nlohmann::json::object());
    EXPECT_EQ(row.at("transport"), "websocket");
    EXPECT_NEAR(row.at("last_seen").get<double>(), static_cast<double>(clock.wall()) / 1e9, 1.0);
}

TEST_F(RegistrationsTest, WhoIsBehindMissesChangesAndHearsHowMany) {
    open();
    EXPECT_TRUE(registrations->subscribe({9, 1, 0}, true));
    enter("a", 1);
    transports.is_behind = true;
    enter("b", 2);
    enter("c", 3);
    transports.is_behind = false;
    enter("d", 4);
    transports.await_changes(2);
    EXPECT_EQ(transports.changes[0].missed, 0u);
    EXPECT_EQ(transports.changes[1].agent_id, "d");
    EXPECT_EQ(transports.changes[1].missed, 2u);
    EXPECT_TRUE(registrations->subscribe({9, 1, 0}, false));
    enter("e", 5);
    transports.await_changes(2);
}

TEST_F(RegistrationsTest, DecisionsAreInTheAuditLog) {
    open();
    const std::string certificate = owned_id("alice", 1);
    enter("alice", 2);
    ASSERT_TRUE(claims->flush(10s));
    const auto log = claims->audit_log(100);
    ASSERT_TRUE(log);
    const auto has = [&](const std::string& action, const std::string& outcome) {
        return std::any_of(log->begin(), log->end(), [&](const AuditEntry& entry) {
            return entry.action == action && entry.outcome == outcome && entry.agent_id == "alice";
        });
    };
    EXPECT_TRUE(has("register", "ok"));
    EXPECT_TRUE(has("register", "identity.certificate_required"));
    EXPECT_TRUE(has("claim", "ok"));
    EXPECT_FALSE(events.tells(certificate));
}

TEST_F(RegistrationsTest, ManyThreadsAtOnceLeaveOneSessionForEachId) {
    rules.legacy_force = true;
    rules.max_requests = 1'000'000;
    open();
    constexpr int rounds = 300;
    std::vector<std::thread> threads;
    for (std::uint32_t instance = 1; instance <= 4; ++instance) {
        threads.emplace_back([&, instance] {
            for (int i = 0; i < rounds; ++i) {
                RegistrationRequest wanted =
                    request("agent-" + std::to_string(i % 7), static_cast<std::uint64_t>(i) + 1);
                wanted.lane.instance = instance;
                wanted.force = true;
                wanted.cookie = std::uint64_t{instance} * 1'000'000 + static_cast<unsigned>(i);
                EXPECT_TRUE(registrations->register_agent(wanted));
                const Answer answer = transports.await(wanted.cookie);
                EXPECT_FALSE(answer.failed) << answer.payload;
                registrations->touch(answer.value);
                if (i % 3 == 0) {
                    registrations->unregister(answer.value);
                }
            }
        });
    }
    for (int i = 0; i < 100; ++i) {
        clock.advance(registrations->resolution());
        registrations->tick();
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    pass(6s);
    EXPECT_LE(registrations->statistics().agents, 7u);
    for (const AgentRow& row : registrations->list("", 100)) {
        EXPECT_TRUE(directory.lookup(row.agent_id)) << row.agent_id;
    }
}

}  // namespace
}  // namespace patchbay::identity
