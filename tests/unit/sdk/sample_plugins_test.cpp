// SPDX-License-Identifier: Apache-2.0
/// \file
/// The built sample plugins, loaded and run by the host double.
#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/testing/host_double.hpp>
#include <patchbay/testing/plugin_library.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay {
namespace {

using testing::HostDouble;
using testing::HostOptions;
using testing::PluginLibrary;

std::string path_of(const std::string& name) {
    return std::string(PATCHBAY_TEST_PLUGINS) + '/' + name + "/lib" + name + ".so";
}

/// A plugin with one class, and an instance of it.
struct Loaded {
    explicit Loaded(const std::string& name, HostOptions options = {})
        : library(PluginLibrary::open(path_of(name)).value()),
          host(std::make_unique<HostDouble>(*library.classes().at(0), std::move(options))) {}
    PluginLibrary library;
    std::unique_ptr<HostDouble> host;
};

Envelope plain(std::string text, std::string to = "mirror", std::string sender = "me") {
    return {std::move(to), std::move(sender), "test/any:1.0.0", std::move(text), "/uri", ""};
}

// ---- loopback -----------------------------------------------------------------------------------

TEST(Loopback, SwapsToAndSenderAndKeepsTheRest) {
    Loaded loopback("loopback");
    ASSERT_TRUE(loopback.host->connect());
    const auto token = loopback.host->push(plain("hello"));
    const auto made = loopback.host->wait_for_deliveries(1)[0];
    EXPECT_EQ(made.envelope, (Envelope{"me", "mirror", "test/any:1.0.0", "hello", "/uri", ""}));
    EXPECT_EQ(made.parent, token);
    EXPECT_EQ(made.hops, 1u);
    EXPECT_EQ(made.reply_to.check, static_cast<std::uint32_t>(token));
    EXPECT_TRUE(made.in_block);  // no copy
    EXPECT_EQ(loopback.host->wait_for_completions(1)[0].status, PATCHBAY_OK);
    ASSERT_TRUE(loopback.host->disconnect());
}

TEST(Loopback, KeepsItsRequestsWhileThereIsNoRoomAndTheirOrder) {
    Loaded loopback("loopback");
    ASSERT_TRUE(loopback.host->connect());
    loopback.host->fill("slow");
    std::vector<Envelope> envelopes;
    for (int i = 0; i < 200; ++i) {
        envelopes.push_back(plain(std::to_string(i), "mirror", i % 2 == 0 ? "slow" : "fast"));
    }
    loopback.host->push(envelopes);
    loopback.host->wait_for_completions(100);
    EXPECT_EQ(loopback.host->deliveries().size(), 100u);
    loopback.host->make_room("slow");
    const auto made = loopback.host->wait_for_deliveries(200);
    loopback.host->wait_for_completions(200);
    int previous = -2;
    for (std::size_t i = 100; i < 200; ++i) {
        EXPECT_EQ(std::stoi(made[i].envelope.message), previous + 2);
        previous += 2;
    }
    EXPECT_EQ(loopback.host->misbehaviour(), std::vector<std::string>{});
}

TEST(Loopback, ForgetsWhatIsCancelledOrCutOffByTheEnd) {
    Loaded loopback("loopback");
    ASSERT_TRUE(loopback.host->connect());
    loopback.host->fill("slow");
    const auto tokens = loopback.host->push(
        {plain("1", "mirror", "slow"), plain("2", "mirror", "slow"), plain("3", "mirror", "slow")});
    loopback.host->wait_for_full_answers(3);
    loopback.host->cancel(tokens[1]);
    EXPECT_EQ(loopback.host->wait_for_completions(1)[0].token, tokens[1]);
    ASSERT_TRUE(loopback.host->disconnect());
    const auto completed = loopback.host->wait_for_completions(3);
    EXPECT_EQ(completed[1].token, tokens[0]);
    EXPECT_EQ(completed[2].code, "loopback.disconnected");
    EXPECT_TRUE(loopback.host->deliveries().empty());
}

TEST(Loopback, FailsWhatTheHostRefuses) {
    Loaded loopback("loopback");
    ASSERT_TRUE(loopback.host->connect());
    loopback.host->refuse("nobody", PATCHBAY_REASON_NO_ROUTE);
    loopback.host->push(plain("1", "mirror", "nobody"));
    EXPECT_EQ(loopback.host->wait_for_completions(1)[0].status, PATCHBAY_FAILED);
}

// ---- echo ---------------------------------------------------------------------------------------

/// A peer that holds its side of the dialogues.
class Peer {
  public:
    explicit Peer(std::string to) : to_(std::move(to)) {}

    Envelope start(std::string content) {
        const auto first = dialogues_.create(to_, bytes);
        return wrap(*first, std::move(content));
    }
    /// The content of an answer, which must fit the dialogue.
    std::string accept(const Envelope& answer) {
        const auto message = protocols::decode_default(answer.message).value();
        const auto wrapper = protocols::decode_message(answer.message).value();
        const auto updated = dialogues_.update(incoming(
            answer.to, answer.sender, wrapper, static_cast<unsigned>(message.performative())));
        EXPECT_TRUE(updated) << to_string(updated.error());
        if (updated) {
            last_ = updated->id;
        }
        return std::get<protocols::DefaultBytes>(message.body).content;
    }
    Envelope go_on(std::string content) {
        const auto next = dialogues_.reply(last_, bytes);
        return wrap(*next, std::move(content));
    }

  private:
    static constexpr auto bytes = static_cast<unsigned>(protocols::DefaultPerformative::bytes);

    Envelope wrap(const OutgoingMessage& message, std::string content) {
        return {
            to_,
            "peer",
            std::string(protocols::default_protocol_id),
            protocols::encode(protocols::DefaultMessage{
                                  message.header(), protocols::DefaultBytes{std::move(content)}})
                .value(),
            "",
            ""};
    }

    std::string to_;
    Dialogues dialogues_{"peer", protocols::default_dialogue_rules};
    DialogueId last_{};
};

TEST(Echo, AnswersBytesInTheirDialogue) {
    Loaded echo("echo");
    ASSERT_TRUE(echo.host->connect());
    for (const std::string address : {"patchbay/echo:0.1.0", "echo"}) {
        Peer peer(address);
        const auto before = echo.host->deliveries().size();
        const auto token = echo.host->push(peer.start("hello"));
        auto made = echo.host->wait_for_deliveries(before + 1).back();
        EXPECT_EQ(made.envelope.to, "peer");
        EXPECT_EQ(made.envelope.sender, address);
        EXPECT_EQ(made.parent, token);
        EXPECT_EQ(peer.accept(made.envelope), "hello");
        echo.host->push(peer.go_on("again"));
        made = echo.host->wait_for_deliveries(before + 2).back();
        EXPECT_EQ(peer.accept(made.envelope), "again");
    }
    for (const auto& completed : echo.host->wait_for_completions(4)) {
        EXPECT_EQ(completed.status, PATCHBAY_OK);
    }
    ASSERT_TRUE(echo.host->disconnect());
}

TEST(Echo, AnswersHttpRequests) {
    Loaded echo("echo");
    ASSERT_TRUE(echo.host->connect());
    Dialogues dialogues("server", protocols::http_dialogue_rules);
    const auto first =
        dialogues.create("echo", static_cast<unsigned>(protocols::HttpPerformative::request));
    protocols::HttpMessageView request;
    request.header = first->with({});
    request.body = protocols::HttpRequestView{"post", "http://h/p", "1.1", "", "body"};
    const auto bytes = protocols::encode(request);
    ASSERT_TRUE(bytes);
    echo.host->push({"echo", "server", std::string(protocols::http_protocol_id), *bytes, "", ""});
    const auto made = echo.host->wait_for_deliveries(1)[0];
    const auto answer = protocols::decode_http(made.envelope.message);
    ASSERT_TRUE(answer);
    const auto& response = std::get<protocols::HttpResponseView>(answer->body);
    EXPECT_EQ(response.status_code, 200);
    EXPECT_EQ(response.body, "body");
    EXPECT_TRUE(
        dialogues.update(incoming(made.envelope.to, made.envelope.sender, answer->header,
                                  static_cast<unsigned>(protocols::HttpPerformative::response))));
}

TEST(Echo, GivesBackDialoguesThatItDoesNotHold) {
    Loaded old_echo("echo");
    Peer peer("echo");
    ASSERT_TRUE(old_echo.host->connect());
    old_echo.host->push(peer.start("hello"));
    static_cast<void>(peer.accept(old_echo.host->wait_for_deliveries(1)[0].envelope));
    Loaded new_echo("echo");
    ASSERT_TRUE(new_echo.host->connect());
    new_echo.host->push(peer.go_on("later"));
    EXPECT_EQ(new_echo.host->wait_for_completions(1)[0].status, PATCHBAY_NOT_MINE);
}

TEST(Echo, FailsWhatItCannotRead) {
    Loaded echo("echo");
    ASSERT_TRUE(echo.host->connect());
    echo.host->push({"echo", "peer", std::string(protocols::default_protocol_id), "\xff", "", ""});
    echo.host->push({"echo", "peer", "other/protocol:1.0.0", "", "", ""});
    const auto completed = echo.host->wait_for_completions(2);
    EXPECT_EQ(completed[0].status, PATCHBAY_INVALID);
    EXPECT_EQ(completed[1].code, "echo.protocol");
    EXPECT_TRUE(echo.host->deliveries().empty());
}

TEST(Echo, RefusesAConfigurationOfAnotherType) {
    HostOptions options;
    options.config_json = R"({"max_dialogues": "many"})";
    const Loaded echo("echo", options);
    ASSERT_FALSE(echo.host->creation());
    EXPECT_EQ(echo.host->creation().error().message,
              "The config key 'max_dialogues' must be an integer.");
}

// ---- greeter and phrases ------------------------------------------------------------------------

TEST(Greeter, GreetsWithTheWordsOfItsDependency) {
    HostOptions phrases_options;
    phrases_options.config_json = R"({"greetings": {"en": "Hello", "de": "Guten Tag"}})";
    Loaded phrases("phrases", phrases_options);
    ASSERT_TRUE(phrases.host->connect());
    HostOptions options;
    options.config_json = R"({"language": "de"})";
    Loaded greeter("greeter", options);
    greeter.host->provide("patchbay/phrases:0.1.0",
                          [&](std::string_view method, std::string_view arguments) {
                              return phrases.host->call(method, arguments);
                          });
    ASSERT_TRUE(greeter.host->connect());
    Peer peer("greeter");
    greeter.host->push(peer.start("Ada"));
    EXPECT_EQ(peer.accept(greeter.host->wait_for_deliveries(1)[0].envelope), "Guten Tag, Ada!");
    ASSERT_TRUE(greeter.host->disconnect());
    ASSERT_TRUE(phrases.host->disconnect());
}

TEST(Greeter, DoesNotConnectWithoutItsLanguage) {
    Loaded phrases("phrases");
    ASSERT_TRUE(phrases.host->connect());
    HostOptions options;
    options.config_json = R"({"language": "xx"})";
    Loaded greeter("greeter", options);
    greeter.host->provide("patchbay/phrases:0.1.0",
                          [&](std::string_view method, std::string_view arguments) {
                              return phrases.host->call(method, arguments);
                          });
    EXPECT_EQ(greeter.host->connect().error().code, "phrases.unknown_language");
    EXPECT_EQ(phrases.host->call("other", "").error().code, "call.unknown_method");
}

// ---- local --------------------------------------------------------------------------------------

HostOptions local_options(std::string name, std::string config = "{}") {
    HostOptions options;
    options.name = std::move(name);
    options.config_json = std::move(config);
    return options;
}

TEST(Local, CarriesEnvelopesBetweenAddresses) {
    Loaded alice("local", local_options("local_a", R"({"address": "alice"})"));
    Loaded bob("local", local_options("local_b", R"({"address": "bobby"})"));
    ASSERT_TRUE(alice.host->connect());
    ASSERT_TRUE(bob.host->connect());
    alice.host->push(plain("to bob", "bobby", "alice"));
    EXPECT_EQ(bob.host->wait_for_deliveries(1)[0].envelope, plain("to bob", "bobby", "alice"));
    bob.host->push(plain("to alice", "alice", "bobby"));
    const auto made = alice.host->wait_for_deliveries(1)[0];
    EXPECT_EQ(made.envelope.message, "to alice");
    EXPECT_EQ(made.hops, 1u);  // a circle of routes through the node comes to an end
    EXPECT_EQ(alice.host->wait_for_completions(1)[0].status, PATCHBAY_OK);
    ASSERT_TRUE(alice.host->disconnect());
    ASSERT_TRUE(bob.host->disconnect());
}

TEST(Local, AnswersForUnknownDestinations) {
    Loaded alice("local", local_options("alice"));
    ASSERT_TRUE(alice.host->connect());
    const auto token = alice.host->push(plain("x", "nobody", "alice"));
    const auto made = alice.host->wait_for_deliveries(1)[0];
    EXPECT_EQ(made.envelope.to, "alice");
    EXPECT_EQ(made.parent, token);
    const auto message = protocols::decode_default(made.envelope.message).value();
    const auto& error = std::get<protocols::DefaultError>(message.body);
    EXPECT_EQ(error.error_msg, "Destination not available");
    EXPECT_EQ(error.error_data.at("to"), "nobody");
}

TEST(Local, DoesNotSendItselfWhatTheHostWouldGiveItAgain) {
    Loaded alice("local", local_options("alice"));
    ASSERT_TRUE(alice.host->connect());
    alice.host->push(plain("x", "alice", "somebody"));
    EXPECT_EQ(alice.host->wait_for_completions(1)[0].code, "local.address_is_name");
    EXPECT_TRUE(alice.host->deliveries().empty());
}

TEST(Local, AnAddressIsTakenOnlyOnceAtATime) {
    Loaded first("local", local_options("alice"));
    Loaded second("local", local_options("alice"));
    Loaded elsewhere("local", local_options("alice", R"({"node": "other"})"));
    ASSERT_TRUE(first.host->connect());
    EXPECT_EQ(second.host->connect().error().code, "local.address_taken");
    EXPECT_TRUE(elsewhere.host->connect());
    ASSERT_TRUE(first.host->disconnect());
    EXPECT_TRUE(second.host->connect());
}

TEST(Local, SendersWaitWhileTheDestinationHasNoRoomAndNothingIsLost) {
    Loaded alice("local", local_options("alice"));
    Loaded bob("local", local_options("local_b", R"({"address": "bob", "inbox_size": 1})"));
    ASSERT_TRUE(alice.host->connect());
    ASSERT_TRUE(bob.host->connect());
    bob.host->fill("bob");
    std::vector<Envelope> envelopes;
    for (int i = 0; i < 500; ++i) {
        envelopes.push_back(plain(std::to_string(i), "bob", "alice"));
    }
    alice.host->push(envelopes);
    bob.host->wait_for_full_answers(1);
    bob.host->make_room("bob");
    EXPECT_EQ(bob.host->wait_for_deliveries(500).size(), 500u);
    for (const auto& completed : alice.host->wait_for_completions(500)) {
        EXPECT_EQ(completed.status, PATCHBAY_OK);
    }
}

// ---- the samples of the documentation -----------------------------------------------------------

TEST(ClockSample, TellsTheTimeByItselfAndWhenAsked) {
    const auto library =
        PluginLibrary::open(std::string(PATCHBAY_TEST_SAMPLES) + "/libclock.so").value();
    HostOptions options;
    options.config_json = R"({"listener": "agent", "interval_ms": 1})";
    HostDouble host(*library.find("ClockConnection"), options);
    ASSERT_TRUE(host.connect());
    EXPECT_EQ(host.wait_for_deliveries(2)[1].envelope.to, "agent");
    const auto token = host.push({"clock", "asker", "samples/time:0.1.0", "", "", ""});
    host.push({"clock", "asker", "other/protocol:0.1.0", "", "", ""});
    const auto completed = host.wait_for_completions(2);
    EXPECT_EQ(completed[0].token, token);
    EXPECT_EQ(completed[0].status, PATCHBAY_OK);
    EXPECT_EQ(completed[1].code, "clock.protocol");
    ASSERT_TRUE(host.disconnect());
    host.stop();
}

TEST(LinesSample, WritesLinesAndTellsHowMany) {
    const auto library =
        PluginLibrary::open(std::string(PATCHBAY_TEST_SAMPLES) + "/liblines.so").value();
    HostOptions options;
    options.data_folder = ::testing::TempDir();
    options.config_json = R"({"listener": "agent", "file": "patchbay-lines-test.txt"})";
    options.ordered_sends = true;
    HostDouble host(*library.find("LinesConnection"), options);
    ASSERT_TRUE(host.connect());
    host.push({plain("one"), plain("two")});
    host.wait_for_completions(2);
    host.wait_until(
        [&] {
            const auto made = host.deliveries();
            return !made.empty() && made.back().envelope.message == "2";
        },
        "the count");
    ASSERT_TRUE(host.disconnect());
    host.stop();
    const std::string path = ::testing::TempDir() + "/patchbay-lines-test.txt";
    std::ifstream file(path);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(text, "one\ntwo\n");
    std::remove(path.c_str());
}

/// The http message of the latest delivery.
protocols::HttpMessageView http_of(const std::vector<testing::Delivered>& deliveries) {
    return protocols::decode_http(deliveries.back().envelope.message).value();
}

Envelope http(std::string to, std::string sender, const protocols::HttpMessageView& message) {
    return {std::move(to),
            std::move(sender),
            std::string(protocols::http_protocol_id),
            protocols::encode(message).value(),
            "",
            ""};
}

TEST(HelloSample, GreetsWhoeverAsks) {
    const auto library =
        PluginLibrary::open(std::string(PATCHBAY_TEST_SAMPLES) + "/libhello.so").value();
    HostOptions options;
    options.config_json = R"({"greeting": "good day"})";
    HostDouble host(*library.find("HelloConnection"), options);
    ASSERT_TRUE(host.connect());
    protocols::HttpMessageView request;
    request.header = {"theirs", "", 1, 0, {}};
    request.body = protocols::HttpRequestView{"GET", "http://h/", "1.1", "\n", ""};
    host.push(http("hello", "server", request));
    const auto made = host.wait_for_deliveries(1);
    const auto answer = http_of(made);
    EXPECT_EQ(std::get<protocols::HttpResponseView>(answer.body).body, "good day");
    request.header.starter_reference = "";
    host.push(http("hello", "server", request));
    EXPECT_EQ(host.wait_for_completions(2)[1].code, "dialogue.no_reference");
    ASSERT_TRUE(host.disconnect());
}

TEST(ProbeSample, AnEnvelopeIsDoneWhenItsAnswerCame) {
    const auto library =
        PluginLibrary::open(std::string(PATCHBAY_TEST_SAMPLES) + "/libprobe.so").value();
    HostOptions options;
    options.component_id = "samples/probe:0.1.0";
    options.config_json = R"({"target": "web"})";
    HostDouble host(*library.find("ProbeConnection"), options);
    ASSERT_TRUE(host.connect());
    std::uint64_t token = 0;
    const auto ask = [&](const std::string& url) {
        const std::size_t before = host.deliveries().size();
        token = host.push({"samples/probe:0.1.0", "me", "samples/probe:0.1.0", url, "", ""});
        return host.wait_for_deliveries(before + 1);
    };
    const auto answer = [&](const std::vector<testing::Delivered>& request, std::int32_t status) {
        protocols::HttpMessageView response;
        response.header = {http_of(request).header.starter_reference, "theirs", -1, 1, {}};
        response.body = protocols::HttpResponseView{"1.1", status, "", "\n", ""};
        host.push(http("samples/probe:0.1.0", "web", response));
    };
    const auto good = ask("http://h/good");
    EXPECT_EQ(std::get<protocols::HttpRequestView>(http_of(good).body).url, "http://h/good");
    EXPECT_TRUE(host.completions().empty());
    answer(good, 200);
    EXPECT_EQ(host.wait_for_completions(2)[0].status, PATCHBAY_OK);
    answer(ask("http://h/bad"), 500);
    EXPECT_EQ(host.wait_for_completions(4)[2].code, "probe.bad_status");
    const auto slow = ask("http://h/slow");
    host.cancel(token);
    EXPECT_EQ(host.wait_for_completions(5)[4].code, "probe.no_answer");
    answer(slow, 200);
    EXPECT_EQ(host.wait_for_completions(6)[5].code, "dialogue.late");
    EXPECT_EQ(host.metrics().at("probe_late"), 1);
    static_cast<void>(ask("http://h/never"));
    ASSERT_TRUE(host.disconnect());
    EXPECT_EQ(host.wait_for_completions(7)[6].code, "probe.no_answer");
    EXPECT_EQ(host.misbehaviour(), std::vector<std::string>{});
}

// ---- all ----------------------------------------------------------------------------------------

TEST(SamplePlugins, AreGoneAfterUnloadingAHundredTimes) {
    for (const std::string name : {"loopback", "echo", "phrases", "greeter", "local"}) {
        for (int i = 0; i < 20; ++i) {
            HostOptions options;
            options.config_json = R"({"language": "en"})";
            {
                Loaded plugin(name, options);
                if (name != "greeter") {
                    ASSERT_TRUE(plugin.host->connect());
                    plugin.host->push(plain("x"));
                    plugin.host->wait_for_completions(1);
                    ASSERT_TRUE(plugin.host->disconnect());
                }
                ASSERT_TRUE(PluginLibrary::is_mapped(path_of(name)));
            }
            ASSERT_FALSE(PluginLibrary::is_mapped(path_of(name))) << name << " in round " << i;
        }
    }
}

TEST(SamplePlugins, RefuseAHostThatSpeaksAnotherVersion) {
    for (const std::string name : {"loopback", "echo"}) {
        const auto library = PluginLibrary::open(path_of(name), 2u << 16, 3u << 16);
        ASSERT_FALSE(library);
        EXPECT_EQ(library.error().code, "abi.no_common_version");
    }
}

}  // namespace
}  // namespace patchbay
