// SPDX-License-Identifier: Apache-2.0
/// \file
/// What others see of the registered agents, and what is told and written of them.
#include "identity/descriptions.hpp"
#include "identity/registrations.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::uint64_t nanoseconds_in_second = 1'000'000'000;
constexpr std::uint64_t nanoseconds_in_millisecond = 1'000'000;

/// `name` of the metadata when that is a text, or else the id, as upstream has it.
std::string name_of(const AgentRow& row) {
    if (row.metadata.find("\"name\"") == std::string::npos) {
        return row.agent_id;
    }
    const nlohmann::json metadata = nlohmann::json::parse(row.metadata, nullptr, false);
    const auto name = metadata.find("name");
    return name != metadata.end() && name->is_string() &&
                   !name->get_ref<const std::string&>().empty()
               ? name->get<std::string>()
               : row.agent_id;
}

}  // namespace

std::string AgentRow::to_json() const {
    const std::uint64_t milliseconds =
        last_seen % nanoseconds_in_second / nanoseconds_in_millisecond;
    std::string json = "{\"agent_id\":" + json_text(agent_id);
    json += ",\"name\":" + json_text(name_of(*this));
    json += online ? ",\"connected\":true" : ",\"connected\":false";
    json += ",\"metadata\":" + metadata;
    json += claimed ? ",\"claimed\":true" : ",\"claimed\":false";
    json += ",\"last_seen\":" + std::to_string(last_seen / nanoseconds_in_second) + '.' +
            std::to_string(1000 + milliseconds).substr(1);
    json += ",\"transport\":" + json_text(transport) + '}';
    return json;
}

AgentRow Registrations::row_of(const Session& session) const {
    AgentRow row;
    row.agent_id = std::string(session.agent_id());
    row.metadata = std::string(session.metadata());
    row.remote = std::string(session.remote());
    row.transport = std::string(session.transport());
    row.online = session.online;
    row.claimed = claims_.find(session.agent_id()).has_value();
    row.session = session.number;
    row.instance = session.lane.instance;
    row.since = session.since;
    const std::uint64_t wall = clock_.wall();
    row.last_seen =
        wall -
        std::min(wall, static_cast<std::uint64_t>(heartbeat_.silence(session.number).count()));
    return row;
}

std::optional<AgentState> Registrations::lookup(std::string_view agent_id) const {
    AgentState state;
    state.claimed = claims_.find(agent_id).has_value();
    const std::shared_lock lock(mutex_);
    const Session* session = sessions_.find(agent_id);
    if (session == nullptr) {
        return state.claimed ? std::optional(state) : std::nullopt;
    }
    state.online = session->online;
    state.session = session->number;
    state.connection = session->connection;
    state.lane = session->lane;
    return state;
}

std::vector<AgentRow> Registrations::list(std::string_view after, std::size_t limit,
                                          std::size_t bytes) const {
    // What a row has beside its texts, and ids count twice, as `name`, when all is escaped.
    constexpr std::size_t frame = 160;
    constexpr std::size_t growth = 6;
    std::vector<AgentRow> rows;
    std::size_t used = 0;
    const std::shared_lock lock(mutex_);
    for (const Session* session = sessions_.next(after); session != nullptr && rows.size() < limit;
         session = sessions_.next(session->agent_id())) {
        const std::size_t size = frame + 2 * growth * session->agent_id().size() +
                                 growth * session->transport().size() +
                                 2 * session->metadata().size();
        if (!rows.empty() && used + size > bytes) {
            break;
        }
        used += size;
        rows.push_back(row_of(*session));
    }
    return rows;
}

std::optional<AgentRow> Registrations::find(std::string_view agent_id) const {
    const std::shared_lock lock(mutex_);
    const Session* session = sessions_.find(agent_id);
    return session == nullptr ? std::nullopt : std::optional(row_of(*session));
}

RegistrationStatistics Registrations::statistics() const {
    const std::shared_lock lock(mutex_);
    RegistrationStatistics statistics = statistics_;
    statistics.agents = sessions_.size();
    statistics.online = sessions_.online();
    return statistics;
}

void Registrations::tell_change(AgentChange change, const Session& session) {
    if (changes_.has_followers()) {
        outbox_.add(
            changes_.message(change, std::string(session.agent_id()), row_of(session).to_json()));
    }
}

void Registrations::publish(events::Level level, const char* subsystem, const char* code,
                            std::string text) {
    outbox_.add([this, level, subsystem, code, sentence = std::move(text)]() mutable {
        events_.publish({level, subsystem, code, std::move(sentence)});
    });
}

void Registrations::audit(std::string action, std::string outcome, std::string_view agent_id,
                          std::string_view remote, std::string detail) {
    AuditEntry entry;
    entry.action = std::move(action);
    entry.outcome = std::move(outcome);
    entry.agent_id = std::string(agent_id);
    entry.remote = std::string(remote);
    entry.detail = std::move(detail);
    outbox_.add(
        [this, written = std::move(entry)]() mutable { claims_.audit(std::move(written)); });
}

}  // namespace patchbay::identity
