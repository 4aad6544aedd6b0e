// SPDX-License-Identifier: Apache-2.0
#include "app/agent_service.hpp"

#include <patchbay/private_file.hpp>

#include <array>
#include <chrono>
#include <random>
#include <utility>

namespace patchbay::app {

namespace {

constexpr std::size_t largest_page_bytes = std::size_t{4} << 20U;
constexpr double seconds_in_hour = 3600;
constexpr double nanoseconds_in_second = 1e9;

identity::TransportLane lane_of(const plugins::AgentLane& lane) {
    return {lane.instance, lane.generation, lane.lane};
}

plugins::AgentLane lane_of(const identity::TransportLane& lane) {
    return {lane.instance, lane.generation, lane.lane};
}

std::chrono::nanoseconds lifetime_of(const config::Identity& identity) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(
        identity.certificate_ttl_hours * seconds_in_hour * nanoseconds_in_second));
}

bool is_openagents_05(const config::Identity& identity) {
    return identity.compatibility == "openagents-0.5";
}

identity::ClaimPolicy policy_of(config::ClaimMode mode) {
    switch (mode) {
        case config::ClaimMode::token:
            return identity::ClaimPolicy::token;
        case config::ClaimMode::closed:
            return identity::ClaimPolicy::closed;
        case config::ClaimMode::open:
            break;
    }
    return identity::ClaimPolicy::open;
}

identity::ClaimLimits limits_of(const config::IdentityLimits& configured) {
    constexpr std::chrono::hours hour(1);
    constexpr std::chrono::minutes minute(1);
    identity::ClaimLimits limits;
    limits.claims = configured.max_claims;
    limits.audit_rows = configured.max_audit_entries;
    limits.claims_per_address = {configured.claims_per_hour_and_address, hour};
    limits.claims_in_all = {configured.claims_per_hour, hour};
    limits.validations_per_address = {configured.validations_per_minute_and_address, minute};
    limits.validations_in_all = {configured.validations_per_minute, minute};
    return limits;
}

std::uint64_t nanoseconds(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(time.count());
}

}  // namespace

AgentService::AgentService(const config::HostConfiguration& configuration,
                           multiplexer::AgentDirectory& directory, events::EventSink& events,
                           const multiplexer::Clock& clock)
    : configuration_(configuration), directory_(directory), events_(events), clock_(clock) {}

AgentService::~AgentService() {
    is_open_.store(false, std::memory_order_release);
    claims_.reset();  // answers what was asked, through the registrations
}

void AgentService::run_on(plugins::Scheduler& scheduler) {
    const std::lock_guard lock(opening_);
    scheduler_ = &scheduler;
    if (is_open_.load()) {
        tick_later();
    }
}

Result<void> AgentService::open() {
    const std::lock_guard lock(opening_);
    if (is_open_.load()) {
        return {};
    }
    if (auto opened = open_files(); !opened) {
        claims_.reset();
        return opened;
    }
    is_open_.store(true, std::memory_order_release);
    if (scheduler_ != nullptr) {
        tick_later();
    }
    return {};
}

Result<void> AgentService::open_files() {
    const config::Identity& identity = configuration_.identity;
    Result<std::string> id = network_id_of(configuration_.data_dir + "/network-id");
    if (!id) {
        return tl::unexpected<Error>(std::move(id.error()));
    }
    network_id_ = std::move(*id);
    identity::ClaimsOptions options;
    options.data_dir = configuration_.data_dir;
    options.key = {identity.secret_key_file, identity.secret_key_env, identity.secret_key};
    options.certificate_lifetime = lifetime_of(identity);
    options.policy = policy_of(identity.claims);
    options.openagents_05 = is_openagents_05(identity);
    options.network_id = network_id_;
    options.limits = limits_of(identity.limits);
    Result<std::unique_ptr<identity::Claims>> claims =
        identity::Claims::open(std::move(options), events_, clock_);
    if (!claims) {
        return tl::unexpected<Error>(std::move(claims.error()));
    }
    identity::RegistrationOptions rules;
    rules.network_name = configuration_.network.name;
    rules.network_id = network_id_;
    rules.heartbeat = {configuration_.heartbeat.heartbeat_interval,
                       configuration_.heartbeat.agent_timeout};
    rules.ping_timeout = configuration_.heartbeat.ping_timeout;
    rules.legacy_force = identity.legacy_force;
    rules.openagents_05 = is_openagents_05(identity);
    claims_ = std::move(*claims);
    identity::Transports& transports = *this;
    registrations_ = std::make_unique<identity::Registrations>(
        std::move(rules), *claims_, directory_, transports, events_, clock_);
    if (identity.legacy_force) {
        events_.publish({events::Level::warning, "identity", "identity.legacy_force",
                         "identity.legacy_force is on: whoever sets force_reconnect takes the "
                         "place of any connected agent that has not claimed its id. Switch it off "
                         "when the migration is done."});
    }
    if (is_openagents_05(identity)) {
        events_.publish({events::Level::warning, "identity", "identity.openagents_05",
                         "identity.compatibility is openagents-0.5: claims protect no agent, and "
                         "whoever insists takes any agent's place. Use it in trusted networks "
                         "only."});
    }
    return {};
}

Result<std::string> AgentService::network_id_of(const std::string& path) const {
    if (!configuration_.network.id.empty()) {
        return configuration_.network.id;
    }
    Result<std::string> kept = read_private_file(path);
    if (!kept && kept.error().code != "file.missing") {
        return kept;
    }
    if (kept && !kept->empty()) {
        std::string id = std::move(*kept);
        while (!id.empty() && (id.back() == '\n' || id.back() == '\r')) {
            id.pop_back();
        }
        return id;
    }
    // As upstream makes it.
    constexpr std::string_view digits = "0123456789abcdef";
    std::random_device random;
    std::string id = "network-";
    for (int i = 0; i < 8; ++i) {
        id += digits[random() % digits.size()];
    }
    if (auto written = write_private_file(path, id + '\n'); !written) {
        return tl::unexpected<Error>(std::move(written.error()));
    }
    return id;
}

void AgentService::tick_later() {
    scheduler_->after(nanoseconds(registrations_->resolution()), [this] {
        registrations_->tick();
        tick_later();
    });
}

// ---- What plugins ask for -----------------------------------------------------------------------

void AgentService::end_generation(std::uint32_t instance, std::uint32_t generation) {
    if (identity::Registrations* open = registrations(); open != nullptr) {
        open->end_generation(instance, generation);
    }
}

plugins::AgentIdentitySettings AgentService::settings() const {
    const identity::RegistrationOptions& rules = registrations_->options();
    return {.network_name = rules.network_name,
            .network_id = rules.network_id,
            .heartbeat_interval = nanoseconds(rules.heartbeat.interval),
            .agent_timeout = nanoseconds(rules.heartbeat.timeout),
            .ping_timeout = nanoseconds(rules.ping_timeout),
            .certificate_lifetime = nanoseconds(claims_->options().certificate_lifetime),
            .openagents_05 = rules.openagents_05};
}

Result<void> AgentService::register_agent(const plugins::AgentLane& lane,
                                          const plugins::AgentRegistration& wanted,
                                          std::uint64_t cookie) {
    identity::RegistrationRequest request;
    request.lane = lane_of(lane);
    request.cookie = cookie;
    request.connection = wanted.connection;
    request.agent_id = wanted.agent_id;
    request.metadata = wanted.metadata;
    request.certificate = wanted.certificate;
    request.proof = wanted.proof;
    request.remote = wanted.remote;
    request.transport = wanted.transport;
    request.force = wanted.force;
    return registrations_->register_agent(std::move(request));
}

void AgentService::unregister(std::uint64_t session) {
    registrations_->unregister(session);
}

Result<void> AgentService::move(const plugins::AgentLane& lane, std::uint64_t session,
                                std::uint64_t connection) {
    return registrations_->move(session, lane_of(lane), connection);
}

void AgentService::pong(std::uint64_t session, std::uint64_t value, bool success) {
    registrations_->pong(session, value, success);
}

Result<void> AgentService::claim(const plugins::AgentLane& lane, const plugins::AgentClaim& wanted,
                                 std::uint64_t cookie) {
    identity::SessionClaim request;
    request.lane = lane_of(lane);
    request.cookie = cookie;
    request.session = wanted.session;
    request.agent_id = wanted.agent_id;
    request.certificate = wanted.certificate;
    request.token = wanted.token;
    request.public_key = wanted.public_key;
    request.remote = wanted.remote;
    request.force = wanted.force;
    return registrations_->claim(std::move(request));
}

Result<void> AgentService::renew(const plugins::AgentLane& lane, std::uint64_t session,
                                 bool void_earlier, std::uint64_t cookie) {
    return registrations_->renew(lane_of(lane), cookie, session, void_earlier);
}

Result<void> AgentService::release(const plugins::AgentLane& lane, std::uint64_t session,
                                   std::uint64_t cookie) {
    return registrations_->release(lane_of(lane), cookie, session);
}

Result<void> AgentService::validate(const plugins::AgentLane& lane, std::string_view certificate,
                                    std::string_view remote, std::uint64_t cookie) {
    return registrations_->validate(lane_of(lane), cookie, certificate, remote);
}

std::optional<plugins::KnownAgent> AgentService::lookup(std::string_view agent_id) const {
    const auto known = registrations_->lookup(agent_id);
    if (!known) {
        return std::nullopt;
    }
    return plugins::KnownAgent{.online = known->online,
                               .claimed = known->claimed,
                               .session = known->session,
                               .connection = known->connection,
                               .lane = lane_of(known->lane)};
}

std::string AgentService::list(std::string_view after, std::uint32_t limit) const {
    std::string json = "[";
    for (const identity::AgentRow& row : registrations_->list(after, limit, largest_page_bytes)) {
        json += (json.size() == 1 ? "" : ",") + row.to_json();
    }
    return json + ']';
}

Result<void> AgentService::subscribe(const plugins::AgentLane& lane, bool wanted) {
    return registrations_->subscribe(lane_of(lane), wanted);
}

// ---- What lanes are told ------------------------------------------------------------------------

void AgentService::answer(const identity::TransportLane& lane, std::uint64_t cookie,
                          const identity::Answer& answer) {
    multiplexer::Signal signal;
    signal.kind = PATCHBAY_SIGNAL_IDENTITY_RESULT;
    signal.status =
        answer.failed ? static_cast<patchbay_status>(*answer.failed) : patchbay_status{PATCHBAY_OK};
    signal.token = cookie;
    signal.value = answer.value;
    signal.name = answer.code;
    signal.payload = answer.payload;
    (void)lanes_.post(lane_of(lane), std::move(signal));
}

void AgentService::ping(const identity::TransportLane& lane, std::uint64_t connection,
                        std::uint64_t value) {
    multiplexer::Signal signal;
    signal.kind = PATCHBAY_SIGNAL_AGENT_PING;
    signal.token = connection;
    signal.value = value;
    (void)lanes_.post(lane_of(lane), std::move(signal));
}

void AgentService::end(const identity::TransportLane& lane, std::uint64_t connection,
                       identity::SessionEnd reason, std::string_view agent_id,
                       std::string_view text) {
    multiplexer::Signal signal;
    signal.kind = PATCHBAY_SIGNAL_SESSION_END;
    signal.token = connection;
    signal.value = static_cast<std::uint64_t>(reason);
    signal.name = agent_id;
    signal.payload = text;
    (void)lanes_.post(lane_of(lane), std::move(signal));
}

bool AgentService::changed(const identity::TransportLane& lane, identity::AgentChange change,
                           std::string_view agent_id, std::string_view agent,
                           std::uint64_t missed) {
    multiplexer::Signal signal;
    signal.kind = PATCHBAY_SIGNAL_AGENT_CHANGED;
    signal.token = missed;
    signal.value = static_cast<std::uint64_t>(change);
    signal.name = agent_id;
    signal.payload = agent;
    return lanes_.post(lane_of(lane), std::move(signal));
}

bool AgentService::is_live(const identity::TransportLane& lane) const noexcept {
    return lanes_.is_live(lane_of(lane));
}

}  // namespace patchbay::app
