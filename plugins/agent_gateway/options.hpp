// SPDX-License-Identifier: Apache-2.0
/// \file
/// The options of an agent_gateway. README.md of this folder has the table.
#pragma once

#include <patchbay/host.hpp>
#include <patchbay/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::agent_gateway {

/// What becomes of a message for an agent that does not read what was sent to it.
enum class SlowConsumer : std::uint8_t {
    close,  ///< its socket is closed
    drop,   ///< the message is; its sender is told
};

/// Zero means no limit where the README says so.
struct Limits {
    std::size_t message_size = 0;
    std::size_t sockets = 0;
    std::size_t sockets_per_address = 0;
    std::size_t queue_bytes = 0;
    std::size_t queue_frames = 0;
    std::uint32_t requests_per_second = 0;
    /// Envelopes that wait for the answer of one agent.
    std::size_t pending_answers = 0;
    /// Agents in one answer to list_agents.
    std::size_t listed_agents = 0;
    std::chrono::nanoseconds handshake_time{};
    std::chrono::nanoseconds registration_time{};
    std::chrono::nanoseconds message_time{};
    std::chrono::nanoseconds write_time{};
    std::chrono::nanoseconds answer_time{};
    std::chrono::nanoseconds keepalive{};
};

struct Options {
    std::string host;  ///< name, address, or `unix:/path`
    std::uint16_t port = 0;
    std::string path;  ///< empty = any
    std::vector<std::string> allowed_origins;
    std::uint32_t backlog = 0;
    std::uint32_t lanes = 1;
    std::optional<net::TlsServerOptions> tls;
    /// Names that agents may send to beside agents.
    std::vector<std::string> may_address;
    bool deflate = false;
    std::size_t deflate_minimum_size = 0;
    SlowConsumer slow_consumer = SlowConsumer::close;
    Limits limits;
};

/// Reads the instance's `config`. Throws ConfigError, which names the key and what was expected.
[[nodiscard]] Options read_options(const Host& host);

}  // namespace patchbay::agent_gateway
