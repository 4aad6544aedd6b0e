// SPDX-License-Identifier: Apache-2.0
#include "server_bench.hpp"

#include "http_server_connection.hpp"

#include <patchbay/protocols/http.hpp>
#include <patchbay/registration.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace patchbay::http_server::test {

namespace {

constexpr patchbay_class server_class =
    connection_class<HttpServerConnection>("HTTPServerConnection");

testing::HostOptions options_for(const nlohmann::json& config, testing::HostOptions options) {
    nlohmann::json whole = {{"host", "127.0.0.1"},
                            {"port", 0},
                            {"target_skill_id", ServerBench::target},
                            {"timeout", 5}};
    if (!config.is_null()) {
        whole.update(config);
    }
    options.config_json = whole.dump();
    options.component_id = std::string(ServerBench::component_id);
    return options;
}

}  // namespace

ServerBench::ServerBench(const Config& config, testing::HostOptions options)
    : host_(server_class, options_for(config, std::move(options))) {
    if (!host_.creation()) {
        throw std::runtime_error(to_string(host_.creation().error()));
    }
    if (const auto connected = host_.connect(); !connected) {
        throw std::runtime_error(to_string(connected.error()));
    }
}

Request ServerBench::request(std::size_t index) const {
    const testing::Delivered delivered = host_.wait_for_deliveries(index + 1).at(index);
    EXPECT_EQ(delivered.envelope.to, target);
    EXPECT_EQ(delivered.envelope.sender, component_id);
    EXPECT_EQ(delivered.envelope.protocol_id, protocols::http_protocol_id);
    const auto message = protocols::decode_http(delivered.envelope.message).value();
    const auto& view = std::get<protocols::HttpRequestView>(message.body);
    return {std::string(view.method),
            std::string(view.url),
            std::string(view.version),
            std::string(view.headers),
            std::string(view.body),
            std::string(message.header.starter_reference),
            delivered.lane};
}

Envelope ServerBench::envelope(const Request& request, const Answer& answer) {
    protocols::HttpMessageView message;
    message.header = {request.reference, "answer", -1, 1, {}};
    message.body = protocols::HttpResponseView{request.version, answer.status, answer.text,
                                               answer.headers, answer.body};
    return {std::string(component_id),
            std::string(target),
            std::string(protocols::http_protocol_id),
            protocols::encode(message).value(),
            "",
            ""};
}

void ServerBench::answer(const Request& request, const Answer& answer) {
    host_.push(envelope(request, answer), request.lane);
}

/// What a client sent earlier is ready earlier, so this client, who is refused by the server alone,
/// is the last whom it looks at.
void ServerBench::settle() {
    Client last = client();
    last.send("!\x01");
    EXPECT_EQ(last.receive().status, 400U);
    end_turn();
}

/// A call is answered between the turns.
void ServerBench::end_turn() {
    EXPECT_FALSE(host_.call("nothing", ""));
}

void ServerBench::advance(std::chrono::nanoseconds time) {
    end_turn();  // or its timers would count from a time that has passed
    host_.advance(time);
}

Response ServerBench::exchange(Client& client, std::string_view bytes, const Answer& made) {
    const std::size_t index = requests();
    client.send(bytes);
    answer(request(index), made);
    return client.receive();
}

bool ServerBench::serves() {
    Client fresh = client();
    return exchange(fresh, get("/still-there"), {200, "OK", "", "yes"}).body == "yes";
}

void ServerBench::wait_for_open_connections(std::int64_t count) const {
    host_.wait_until([&] { return metric("open_connections") == count; }, "the end of a client");
}

void ServerBench::wait_for_drain() {
    host_.wait_until(
        [&] {
            advance(std::chrono::seconds(2));  // clients that have everything, and stay
            return host_.listeners().empty();
        },
        "the end of the drain");
    EXPECT_TRUE(host_.wait_for_operation());
}

void ServerBench::finish() {
    host_.begin_disconnect();
    wait_for_drain();
    EXPECT_EQ(metric("open_connections"), 0);
    EXPECT_EQ(host_.blocks_held(), 0U);
    EXPECT_TRUE(host_.listeners().empty());
    host_.stop();
    EXPECT_EQ(host_.misbehaviour(), std::vector<std::string>{});
}

std::string get(std::string_view target, std::string_view more_headers) {
    std::string text = "GET ";
    text.append(target).append(" HTTP/1.1\r\nHost: h\r\n").append(more_headers).append("\r\n");
    return text;
}

std::string post(std::string_view target, std::string_view body) {
    std::string text = "POST ";
    text.append(target).append(" HTTP/1.1\r\nHost: h\r\nContent-Length: ");
    text.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return text;
}

}  // namespace patchbay::http_server::test
