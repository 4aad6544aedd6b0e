// SPDX-License-Identifier: Apache-2.0
#include "app/agent_options.hpp"

#include <charconv>
#include <system_error>
#include <utility>

namespace patchbay::app {

Result<ServerAddress> server_address(std::string_view text) {
    const auto bad = [text](const char* why) {
        return failure(ErrorClass::invalid, "cli.bad_server",
                       "The server `" + std::string(text) + "` " + why +
                           "; expected is for example 127.0.0.1:8570, [::1]:8570 or "
                           "wss://agents.example.org.");
    };
    ServerAddress address;
    std::string_view rest = text;
    if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
        if (rest.substr(0, scheme) != "ws" && rest.substr(0, scheme) != "wss") {
            return bad("is neither ws nor wss");
        }
        address.tls = rest.substr(0, scheme) == "wss";
        rest.remove_prefix(scheme + 3);
    }
    if (const auto path = rest.find('/'); path != std::string_view::npos) {
        address.path = rest.substr(path);
        rest = rest.substr(0, path);
    }
    std::string_view port;
    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos) {
            return bad("has no `]` after its IPv6 address");
        }
        address.host = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
        if (!rest.empty() && !rest.starts_with(':')) {
            return bad("has something between its IPv6 address and its port");
        }
        port = rest.empty() ? rest : rest.substr(1);
    } else {
        const auto colon = rest.find(':');
        address.host = rest.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    }
    if (address.host.empty()) {
        return bad("names no host");
    }
    if (!port.empty()) {
        const auto [end, error] =
            std::from_chars(port.data(), port.data() + port.size(), address.port);
        if (error != std::errc() || end != port.data() + port.size() || address.port == 0) {
            return bad("has a port that is no number from 1 to 65535");
        }
    }
    return address;
}

void AgentOptions::add_to(Command verb) {
    verb.add_option("id", agent_id, "Id of the agent").required();
    verb.add_option("--server", server, "Its server: [ws://|wss://]HOST[:PORT][/PATH]")
        .environment("PATCHBAY_SERVER")
        .show_default();
    verb.add_option("--ca-file", ca_file, "Authorities to trust for wss (default: the system's)");
    verb.add_option("--key-file", key_file,
                    "Ed25519 key (PEM) that a claim binds to the id, and proves it from then on");
    verb.add_option("--metadata", metadata, "JSON object that others see; no secrets")
        .show_default();
    verb.add_flag("--force", force_reconnect, "Take the id from a connection that has it");
    verb.add_flag("--json", json, "Print JSON");
}

Option AgentOptions::add_certificate_file(Command verb) {
    return verb.add_option("--certificate-file", certificate_file,
                           "Where the certificate is kept (only its owner can read it)");
}

std::unique_ptr<agent::Client> make_client(const AgentOptions& options) {
    agent::ClientOptions client;
    client.certificate_file = options.certificate_file;
    client.private_key_file = options.key_file;
    client.reconnect.enabled = false;
    return std::make_unique<agent::Client>(options.agent_id, std::move(client));
}

Result<agent::Network> connect(agent::Client& client, const AgentOptions& options) {
    const Result<ServerAddress> server = server_address(options.server);
    if (!server) {
        return tl::unexpected<Error>(server.error());
    }
    agent::ConnectOptions connect;
    connect.metadata = options.metadata;
    connect.force_reconnect = options.force_reconnect;
    connect.path = server->path;
    connect.tls.enabled = server->tls;
    connect.tls.ca_file = options.ca_file;
    return client.connect_to_server(server->host, server->port, std::move(connect));
}

}  // namespace patchbay::app
