// SPDX-License-Identifier: Apache-2.0
/// \file
/// How an agent attaches to a server.
#pragma once

#include <patchbay/agent/certificate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace patchbay::agent {

/// `wss` instead of `ws`.
struct Tls {
    bool enabled = false;
    /// PEM file of the authorities to trust; empty: those of the system.
    std::string ca_file;
    /// Name that the server's certificate must have; empty: the host that is connected to.
    std::string server_name;
    /// False trusts every server, and is for tests.
    bool verify = true;
};

/// After a connection was lost. The n-th pause is twice the one before it, within `longest`.
struct Reconnect {
    bool enabled = true;
    std::chrono::milliseconds first{500};
    std::chrono::milliseconds longest{30'000};
    /// Part of each pause that is random, 0 to 1.
    double jitter = 0.5;
};

/// For the life of a client.
struct ClientOptions {
    /// Where the certificate is kept; empty: in memory only. One that is there is presented when
    /// the agent connects.
    std::string certificate_file;
    /// An Ed25519 key that proves who the agent is, beside the certificate: PEM (PKCS #8, no
    /// password) in a file that only its owner can read, made by
    /// `openssl genpkey -algorithm ed25519 -out FILE`. A claim binds it to the id; from then on a
    /// registration needs a signature with it, and a stolen certificate alone is useless. Patchbay
    /// only: OpenAgents' server binds nothing.
    std::string private_key_file;
    /// The same as text, for keys that are kept elsewhere; `private_key_file` must be empty then.
    /// Secret: never log.
    std::string private_key;
    Reconnect reconnect;
    /// Ask for a new certificate when a third of the life of the present one is left.
    bool renew = true;
    /// Look-up, TCP, TLS and WebSocket handshake together.
    std::chrono::milliseconds connect_limit{10'000};
    std::chrono::milliseconds register_limit{10'000};
    std::chrono::milliseconds request_limit{10'000};
    /// One frame handed to the kernel.
    std::chrono::milliseconds write_limit{30'000};
    /// Without a sign of life from the server for that long the connection counts as lost; the
    /// client asks for one halfway.
    std::chrono::milliseconds idle_limit{60'000};
    /// Frames that wait to be written.
    std::size_t queue_frames = 1024;
    std::size_t queue_bytes = std::size_t{16} << 20U;
    /// Requests without an answer yet.
    std::size_t requests = 64;
    /// Largest frame that is accepted.
    std::size_t frame_bytes = std::size_t{10} << 20U;
};

/// For one `connect_to_server`, and for the reconnects that follow it.
struct ConnectOptions {
    /// A JSON object that others see in `list_agents`: put no secrets there.
    std::string metadata = "{}";
    /// Overrides the one of `certificate_file`.
    std::optional<Certificate> certificate;
    /// Take the id from a connection that has it. Only now: reconnects never force, so that two
    /// instances of one agent do not push each other out for ever.
    bool force_reconnect = false;
    Tls tls;
    std::string path = "/";
};

}  // namespace patchbay::agent
