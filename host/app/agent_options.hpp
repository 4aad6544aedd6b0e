// SPDX-License-Identifier: Apache-2.0
/// \file
/// What all verbs of `agent` share: who the agent is, and where its server.
#pragma once

#include "app/command.hpp"

#include <patchbay/agent/client.hpp>
#include <patchbay/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::app {

/// `ws://127.0.0.1:8570/`, in parts.
struct ServerAddress {
    std::string host;
    std::uint16_t port = 8570;
    std::string path = "/";
    bool tls = false;
};

/// HOST, HOST:PORT, [IPv6]:PORT, and the same after ws:// or wss://, with a path. Without a port
/// 8570. `cli.bad_server` for anything else.
[[nodiscard]] Result<ServerAddress> server_address(std::string_view text);

struct AgentOptions {
    std::string agent_id;
    std::string server = "127.0.0.1:8570";
    std::string certificate_file;
    std::string key_file;
    std::string ca_file;
    std::string metadata = "{}";
    bool force_reconnect = false;
    bool json = false;

    /// Adds the id and the options; --certificate-file is added apart, because a verb may need it.
    void add_to(Command verb);
    Option add_certificate_file(Command verb);
};

/// A client that has not connected yet; it does not reconnect.
[[nodiscard]] std::unique_ptr<agent::Client> make_client(const AgentOptions& options);

/// Connects as the options say.
[[nodiscard]] Result<agent::Network> connect(agent::Client& client, const AgentOptions& options);

}  // namespace patchbay::app
