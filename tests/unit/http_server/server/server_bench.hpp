// SPDX-License-Identifier: Apache-2.0
/// \file
/// An http_server that is run by the host double, with the test as its consumer.
#pragma once

#include "client.hpp"

#include <patchbay/testing/host_double.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::http_server::test {

/// A request as the consumer gets it.
struct Request {
    std::string method;
    std::string url;
    std::string version;
    std::string headers;
    std::string body;
    std::string reference;  ///< of its dialogue
    std::uint32_t lane = 0;
};

/// What the consumer answers.
struct Answer {
    std::int32_t status = 200;
    std::string text = "OK";
    std::string headers{};
    std::string body{};
};

/// Keys and values of `config`.
using Config = nlohmann::json;

class ServerBench {
  public:
    static constexpr std::string_view component_id = "valory/http_server:0.22.0";
    static constexpr std::string_view target = "test/consumer:0.1.0";

    /// Connects, with `config` on top of what every server needs.
    explicit ServerBench(const Config& config = {}, testing::HostOptions options = {});

    [[nodiscard]] testing::HostDouble& host() { return host_; }
    [[nodiscard]] std::uint16_t port() const { return host_.listeners().at(0).port; }
    [[nodiscard]] Client client() const { return Client(port()); }
    [[nodiscard]] std::int64_t metric(const std::string& name) const {
        return host_.metrics().at(name);
    }

    /// The consumer's request number `index`, from 0; waits for it.
    [[nodiscard]] Request request(std::size_t index) const;
    /// Requests that the consumer got so far.
    [[nodiscard]] std::size_t requests() const { return host_.deliveries().size(); }
    void answer(const Request& request, const Answer& answer = {});
    /// The envelope of an answer, for those who send it themselves.
    [[nodiscard]] static Envelope envelope(const Request& request, const Answer& answer = {});

    /// Waits until the server has seen everything that clients sent and that became of time.
    void settle();
    /// Lets the server's clock go on.
    void advance(std::chrono::nanoseconds time);
    /// Sends a request and answers it; what the client receives.
    [[nodiscard]] Response exchange(Client& client, std::string_view bytes,
                                    const Answer& answer = {});
    /// A new client is served.
    [[nodiscard]] bool serves();
    void wait_for_open_connections(std::int64_t count) const;
    /// A disconnect has begun, and nothing is left to answer; waits for its end.
    void wait_for_drain();
    /// Disconnects; nothing may be left over.
    void finish();

  private:
    void end_turn();

    testing::HostDouble host_;
};

/// A whole GET request for `target`.
[[nodiscard]] std::string get(std::string_view target, std::string_view more_headers = {});
/// A whole POST request.
[[nodiscard]] std::string post(std::string_view target, std::string_view body);

}  // namespace patchbay::http_server::test
