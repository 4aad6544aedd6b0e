// SPDX-License-Identifier: Apache-2.0
/// \file
/// A host configuration as a value: which folders hold plugins, which instances run with which
/// limits, how envelopes are routed. Placeholders are filled in and relative paths are absolute.
/// Every default here is also in schemas/host-configuration.schema.json; a test keeps them equal.
#pragma once

#include "config/cert_request.hpp"
#include "config/connection_manifest.hpp"
#include "config/value.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::config {

/// Written in seconds in the file, fractions allowed.
using Duration = std::chrono::milliseconds;

struct PluginFolder {
    std::string path;
    /// Every non-abstract plugin of the folder without an entry gets one instance named after it.
    bool autostart = false;
    /// Look at the folder while the host runs.
    bool watch = false;
    SourceLocation location{};
};

/// What happens when connect, receive or send of a connection fails. Upstream's names.
enum class FailurePolicy : std::uint8_t { propagate, just_log, stop_and_exit };

/// Most lanes that an instance may be allowed.
inline constexpr std::uint32_t most_lanes = 64;

struct MailboxLimits {
    std::uint32_t envelopes = 8192;
    std::uint64_t bytes = 16U << 20U;
};

struct Timeouts {
    Duration connect{60'000};
    Duration send{60'000};
    Duration disconnect{5'000};
};

struct Reconnect {
    /// Attempts after a loss or a failed connect: 0 is "none", no value is "forever".
    std::optional<std::uint32_t> attempts = 0;
    Duration initial_delay{500};
    Duration max_delay{30'000};
    /// Part of each delay that is random, 0 to 1.
    double jitter = 0.2;
};

/// What can be limited per instance; `connection_defaults` of the file fills in what an instance
/// leaves out, and is all that instances made by autostart have.
struct ConnectionLimits {
    FailurePolicy on_failure = FailurePolicy::just_log;
    MailboxLimits mailbox;
    Timeouts timeouts;
    Reconnect reconnect;
    /// Uncompleted sends; without a value what the plugin declares (1 when it does not).
    std::optional<std::uint32_t> max_in_flight;
    /// Synchronous connections: one `on_send` at a time; without a value what the plugin declares.
    std::optional<bool> ordered_sends;
    /// Synchronous connections: threads of the executor pool; without a value what the plugin
    /// declares (5 when it does not).
    std::optional<std::uint32_t> max_thread_workers;
    /// Most lanes of a class with several; without a value the number of processors, because a lane
    /// is a thread with a loop of its own.
    std::optional<std::uint32_t> lane_limit;
};

/// What an instance may change of its class's connection.yaml; upstream's list. Kept as written:
/// `merge_instance_config` checks it against the manifest.
struct InstanceOverrides {
    std::optional<Value> config;
    std::optional<Value> cert_requests;
    std::optional<Value> is_abstract;
    std::optional<Value> build_directory;
};

/// Binds a dependency of an instance to one of several instances of the dependency's class.
struct Binding {
    /// Public id as listed in `connections` of the class.
    std::string dependency;
    std::string instance;
    SourceLocation location{};
};

struct ConnectionInstance {
    /// Public id of the class.
    std::string class_id;
    /// Instance name, unique in the host; by default the name part of `class_id`.
    std::string name;
    /// A required instance that does not connect stops the start of the host.
    bool required = false;
    bool enabled = true;
    /// It may connect without the proofs of representation that its `cert_requests` ask for.
    bool allow_missing_certificates = false;
    InstanceOverrides overrides;
    std::vector<Binding> bind;
    ConnectionLimits limits;
    /// Of the entry, of `class` and of `name` (the entry when there is none).
    SourceLocation location{};
    SourceLocation class_location{};
    SourceLocation name_location{};
};

/// One entry of `default_routing`.
struct DefaultRoute {
    std::string protocol;
    /// Instance name or public id.
    std::string connection;
    SourceLocation location{};
};

/// One entry of `inbound`. Every matcher that is present must hold; an entry without matchers
/// takes every envelope that got that far.
struct InboundRoute {
    std::optional<std::string> protocol;
    /// Instance that delivered the envelope: name or public id.
    std::optional<std::string> source;
    /// The envelope's `to`, compared exactly.
    std::optional<std::string> address;
    /// Consumers (instance names or public ids); empty when `agent` is given.
    std::vector<Reference> to;
    /// Remote or resident agent to whom the envelope goes instead.
    std::optional<std::string> agent;
    SourceLocation location{};
    SourceLocation source_location{};
};

struct DeadLetterLimits {
    std::uint64_t max_count = 10'000;
    std::uint64_t max_bytes = 64U << 20U;
    Duration max_age{std::chrono::hours{7 * 24}};
};

struct RoutingLimits {
    std::uint32_t max_hops = 16;
    std::uint32_t learned_routes = 65'536;
    Duration learned_route_age{std::chrono::hours{1}};
    /// Envelopes waiting in the resident agent's InBox and OutBox.
    std::uint32_t agent_queue_envelopes = 8192;
};

struct Network {
    std::string name = "patchbay";
    /// Empty: made at the first start and kept in the data folder.
    std::string id;
};

enum class ClaimMode : std::uint8_t { open, token, closed };

/// Rates; 0 = no limit. An address of IPv6 counts as its first 64 bits.
struct IdentityLimits {
    std::uint32_t claims_per_hour_and_address = 100;
    std::uint32_t claims_per_hour = 10'000;
    /// Certificates that are presented or asked about.
    std::uint32_t validations_per_minute_and_address = 300;
    std::uint32_t validations_per_minute = 100'000;
    std::uint32_t max_claims = 100'000;
    std::uint32_t max_audit_entries = 100'000;
};

/// At most one of the three sources of the key is set; none means a file in the data folder.
struct Identity {
    std::string secret_key_file;
    std::string secret_key_env;
    /// Secret: never log, never print.
    std::string secret_key;
    double certificate_ttl_hours = 24.0;
    ClaimMode claims = ClaimMode::open;
    bool legacy_force = false;
    /// Empty, or "openagents-0.5".
    std::string compatibility;
    IdentityLimits limits;
};

struct Heartbeat {
    Duration heartbeat_interval{30'000};
    Duration agent_timeout{90'000};
    Duration ping_timeout{5'000};
};

enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical, off };
enum class LogFormat : std::uint8_t { text, json };

struct Log {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    /// By subsystem ("network", "identity", "multiplexer", ...) or instance name.
    std::map<std::string, LogLevel> levels;
};

struct Control {
    bool enabled = true;
    /// Unix domain socket; empty: `control.sock` in the data folder.
    std::string socket;
};

/// What to do when a file of a plugin does not have the fingerprint its connection.yaml states.
enum class FingerprintPolicy : std::uint8_t { off, warn, required };

struct Shutdown {
    /// How long mailboxes may drain before connections are disconnected.
    Duration drain_timeout{10'000};
};

struct Reload {
    /// How long a new library may take when it is tried in a process of its own before it comes
    /// into this one; 0 = it is not tried.
    Duration probe{10'000};
    /// How long new code may still have to give way to the old one; 0 = not at all.
    Duration probation{500};
};

struct HostConfiguration {
    /// Absolute path of the file; empty when it was read from a text.
    std::string path;

    std::vector<PluginFolder> plugin_folders;
    ConnectionLimits connection_defaults;
    std::vector<ConnectionInstance> connections;
    std::vector<DefaultRoute> default_routing;
    std::optional<Reference> default_connection;
    std::vector<InboundRoute> inbound;
    DeadLetterLimits dead_letters;
    RoutingLimits limits;
    /// Absolute.
    std::string data_dir;
    Network network;
    Identity identity;
    Heartbeat heartbeat;
    Log log;
    Control control;
    FingerprintPolicy fingerprint = FingerprintPolicy::warn;
    Shutdown shutdown;
    Reload reload;
};

}  // namespace patchbay::config
