// SPDX-License-Identifier: Apache-2.0
/// \file
/// A http_client in a host double, and an agent that asks it.
#pragma once

#include "http_client_connection.hpp"
#include "peer.hpp"

#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/registration.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace patchbay::http_client {

/// A response as the agent sees it.
struct Answer {
    std::int32_t status = 0;
    std::string text;
    std::string version;
    std::string headers;
    std::string body;
};

/// What the client under test gets for a host name; tests that set it run one after the other.
struct TestNames {
    static TestNames& instance() {
        static TestNames names;
        return names;
    }
    static Result<Addresses> look_up(const std::string& name) {
        std::unique_lock lock(instance().mutex);
        ++instance().questions;
        instance().changed.notify_all();
        instance().changed.wait(lock, [&] { return name != instance().held; });
        const auto found = instance().names.find(name);
        if (found == instance().names.end()) {
            return failure(ErrorClass::failed, "dns.not_found", "no such name: " + name);
        }
        return found->second;
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, Addresses> names;
    /// The look-up of this name takes until it is another.
    std::string held;
    int questions = 0;
};

class TestClient final : public HttpClientConnection {
  public:
    explicit TestClient(Host& host) : HttpClientConnection(host, &TestNames::look_up) {}
};

class ClientFixture : public ::testing::Test {
  protected:
    static constexpr std::string_view address = "valory/http_client:0.23.0";

    ClientFixture() : dialogues_("agent", protocols::http_dialogue_rules) {
        TestNames::instance().names = {{"localhost", {boost::asio::ip::address_v4::loopback()}}};
        TestNames::instance().questions = 0;
    }

    void TearDown() override {
        hold_name({});
        if (host_) {
            host_->stop();
            EXPECT_TRUE(host_->misbehaviour().empty());
            EXPECT_EQ(host_->blocks_held(), 0U);
            for (const auto& line : host_->misbehaviour()) {
                ADD_FAILURE() << line;
            }
        }
    }

    testing::HostDouble& start(const std::string& config = "{}",
                               testing::HostOptions options = {}) {
        options.component_id = address;
        options.config_json = config;
        options.disconnect_limit = std::chrono::milliseconds(500);
        host_ = std::make_unique<testing::HostDouble>(
            connection_class<TestClient>("HTTPClientConnection"), std::move(options));
        EXPECT_TRUE(host_->creation());
        const auto connected = host_->connect();
        EXPECT_TRUE(connected) << connected.error().message;
        return *host_;
    }

    /// The bytes of a request in a new dialogue, as an envelope.
    Envelope request(std::string_view url, std::string_view method = "GET",
                     std::string_view headers = {}, std::string_view body = {}) {
        const auto opened =
            dialogues_.create(address, static_cast<unsigned>(protocols::HttpPerformative::request));
        protocols::HttpMessageView message;
        message.header = opened->with({});
        message.body = protocols::HttpRequestView{method, url, "", headers, body};
        return {std::string(address), "agent", std::string(protocols::http_protocol_id),
                protocols::encode(message).value()};
    }
    std::uint64_t ask(std::string_view url, std::string_view method = "GET",
                      std::string_view headers = {}, std::string_view body = {}) {
        return host_->push(request(url, method, headers, body));
    }

    /// The next answer that was not looked at yet; checks that it belongs to a dialogue of ours.
    Answer answer() {
        const auto delivered = host_->wait_for_deliveries(seen_ + 1).at(seen_);
        ++seen_;
        EXPECT_EQ(delivered.envelope.to, "agent");
        EXPECT_EQ(delivered.envelope.sender, address);
        EXPECT_EQ(delivered.envelope.protocol_id, protocols::http_protocol_id);
        EXPECT_TRUE(delivered.in_block);
        EXPECT_NE(delivered.parent, 0U);
        const auto message = protocols::decode_http(delivered.envelope.message);
        if (!message) {
            ADD_FAILURE() << message.error().message;
            return {};
        }
        const auto updated = dialogues_.update(
            incoming(delivered.envelope.to, delivered.envelope.sender, message->header,
                     static_cast<unsigned>(message->performative())));
        EXPECT_TRUE(updated) << updated.error().message;
        const auto& response = std::get<protocols::HttpResponseView>(message->body);
        return {response.status_code, std::string(response.status_text),
                std::string(response.version), std::string(response.headers),
                std::string(response.body)};
    }

    /// The code at the end of the body of an answer with status 600.
    std::string failure_code() {
        const Answer got = answer();
        EXPECT_EQ(got.status, 600);
        EXPECT_EQ(got.text, "HTTPConnection request error.");
        EXPECT_EQ(got.headers, "\n");
        const std::size_t begin = got.body.rfind('[');
        const std::size_t end = got.body.rfind(']');
        if (begin == std::string::npos || end == std::string::npos) {
            ADD_FAILURE() << got.status << ' ' << got.body;
            return {};
        }
        return got.body.substr(begin + 1, end - begin - 1);
    }

    /// Returns when the lane has finished the turn in which it was: what it does next is new.
    void finish_turn() {
        const std::size_t before = host_->completions().size();
        host_->push(Envelope{std::string(address), "nobody",
                             std::string(protocols::http_protocol_id), "not a message"});
        host_->wait_for_completions(before + 1);
    }

    /// Waits until a metric has the value.
    void wait_for_metric(const std::string& name, std::int64_t value) {
        host_->wait_until([&] { return host_->metrics()[name] == value; }, name);
    }

    void advance(std::chrono::nanoseconds time) {
        finish_turn();
        host_->advance(time);
    }

    testing::HostDouble& host() { return *host_; }
    static void set_name(const std::string& name, const std::vector<const char*>& addresses) {
        const std::lock_guard lock(TestNames::instance().mutex);
        Addresses list;
        for (const char* each : addresses) {
            list.push_back(boost::asio::ip::make_address(each));
        }
        TestNames::instance().names[name] = list;
    }
    static void hold_name(const std::string& name) {
        const std::lock_guard lock(TestNames::instance().mutex);
        TestNames::instance().held = name;
        TestNames::instance().changed.notify_all();
    }
    static int questions() {
        const std::lock_guard lock(TestNames::instance().mutex);
        return TestNames::instance().questions;
    }

    std::unique_ptr<testing::HostDouble> host_;
    Dialogues dialogues_;
    std::size_t seen_ = 0;
};

}  // namespace patchbay::http_client
