// SPDX-License-Identifier: Apache-2.0
/// \file
/// How sessions end: the socket closed, the agent was silent, or an operator wished it.
#include "identity/descriptions.hpp"
#include "identity/registrations.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::identity {

namespace {

std::string seconds_text(std::chrono::nanoseconds time) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    std::string text = std::to_string(milliseconds / 1000);
    if (milliseconds % 1000 != 0) {
        text += '.' + std::to_string(1000 + milliseconds % 1000).substr(1);
    }
    return text + " s";
}

}  // namespace

void Registrations::detach(const Session& session) {
    directory_.detach(session.agent_id(),
                      {.instance = session.lane.instance, .lane = session.lane.lane});
}

void Registrations::forget(SessionNumber session) {
    heartbeat_.remove(session);
    sessions_.remove(session);
}

void Registrations::end(const Session& session, SessionEnd reason, std::string text) {
    if (session.online) {
        detach(session);
        outbox_.add([this, lane = session.lane, connection = session.connection, reason,
                     id = std::string(session.agent_id()), sentence = std::move(text)] {
            transports_.end(lane, connection, reason, id, sentence);
        });
    }
    settle_waiting(session.number, false);
    forget(session.number);
}

void Registrations::close(Session& session) {
    detach(session);
    session.online = false;
    heartbeat_.rest(session.number);
    graces_.emplace_back(
        clock_.monotonic() + static_cast<std::uint64_t>(options_.resume_grace.count()),
        session.number);
    settle_waiting(session.number, false);
}

void Registrations::unregister(SessionNumber number) {
    Lock lock(mutex_);
    if (Session* session = sessions_.find(number); session != nullptr && session->online) {
        if (wants_debug("network")) {
            publish(events::Level::debug, "network", "agent.closed",
                    "The connection of agent " + quote_id(session->agent_id()) + " (" +
                        where(*session) + ") has closed; it may come back within " +
                        seconds_text(options_.resume_grace) + '.');
        }
        close(*session);
    }
    work(lock);
}

Result<void> Registrations::move(SessionNumber number, const TransportLane& lane,
                                 std::uint64_t connection) {
    const Lock lock(mutex_);
    const Session* session = sessions_.find(number);
    if (session == nullptr || !session->online || session->lane.instance != lane.instance ||
        !transports_.is_live(lane)) {
        return failure(ErrorClass::unsupported, "identity.no_session",
                       "There is no such session any more.");
    }
    auto attached =
        directory_.attach(session->agent_id(), {.instance = lane.instance, .lane = lane.lane});
    if (attached) {
        sessions_.move(number, lane, connection);
    }
    return attached;
}

void Registrations::end_generation(std::uint32_t instance, std::uint32_t generation) {
    Lock lock(mutex_);
    changes_.drop_generation(instance, generation);
    for (const SessionNumber number : sessions_.of(instance, generation)) {
        if (Session* session = sessions_.find(number); session != nullptr && session->online) {
            close(*session);
        }
    }
    work(lock);
}

void Registrations::ping(SessionNumber number, std::uint64_t value, std::uint32_t missed) {
    const Session* session = sessions_.find(number);
    if (session == nullptr) {
        return;
    }
    ++statistics_.pings;
    if (missed != 0) {
        ++statistics_.misses;
    }
    outbox_.add([this, lane = session->lane, connection = session->connection, value] {
        transports_.ping(lane, connection, value);
    });
    if (wants_debug("network")) {
        std::string text = "Agent " + quote_id(session->agent_id()) + " (" + where(*session) +
                           ") was silent for " + seconds_text(heartbeat_.silence(number)) +
                           " and is pinged";
        if (missed != 0) {
            text += "; " + std::to_string(missed) + " earlier pings were not answered";
        }
        publish(events::Level::debug, "network", missed == 0 ? "agent.ping" : "agent.ping_missed",
                text + '.');
    }
}

void Registrations::lost(SessionNumber number) {
    const Session* session = sessions_.find(number);
    if (session == nullptr) {
        heartbeat_.remove(number);
        return;
    }
    ++statistics_.lost;
    const std::string silence = seconds_text(options_.heartbeat.timeout);
    publish(events::Level::warning, "network", "agent.lost",
            "Connection timeout during ping: agent " + quote_id(session->agent_id()) + " (" +
                where(*session) + ") was silent for " + silence +
                " and is no longer registered. Look at the network and at the agent, or make "
                "heartbeat.agent_timeout longer.");
    tell_change(AgentChange::lost, *session);
    audit("evict", "identity.timeout", session->agent_id(), session->remote(),
          "silent for " + silence);
    end(*session, SessionEnd::timeout,
        "Connection timeout during ping: nothing was heard of the agent for " + silence + '.');
}

void Registrations::settle_waiting(SessionNumber holder, bool silent) {
    const auto found = probes_.find(holder);
    if (found == probes_.end()) {
        return;
    }
    std::vector<PendingPointer> waiting = std::move(found->second.waiting);
    probes_.erase(found);
    if (silent) {
        // The first one gets the place; for the others somebody else has it then.
        waiting.front()->silent_holder = holder;
    }
    ready_.insert(ready_.end(), waiting.begin(), waiting.end());
}

void Registrations::refuse_waiting(SessionNumber holder) {
    const auto found = probes_.find(holder);
    if (found == probes_.end()) {
        return;
    }
    const std::vector<PendingPointer> waiting = std::move(found->second.waiting);
    probes_.erase(found);
    for (const PendingPointer& pending : waiting) {
        refuse(pending, RegistrationVerdict::connected);
    }
}

void Registrations::end_probes(std::uint64_t now) {
    while (!probe_ends_.empty() && probe_ends_.front().first <= now) {
        const SessionNumber holder = probe_ends_.front().second;
        probe_ends_.pop_front();
        const auto found = probes_.find(holder);
        if (found == probes_.end() || found->second.deadline > now) {
            continue;  // answered, and perhaps asked again
        }
        if (heartbeat_.seen(holder) > found->second.seen) {
            refuse_waiting(holder);  // no pong, but something else was heard of it
            continue;
        }
        if (const Session* session = sessions_.find(holder); session != nullptr) {
            ++statistics_.misses;
            publish(events::Level::info, "network", "agent.probe_missed",
                    "Connection timeout during ping: agent " + quote_id(session->agent_id()) +
                        " (" + where(*session) + ") gave no sign of life within " +
                        seconds_text(options_.ping_timeout) +
                        ", and another connection takes its "
                        "place.");
        }
        settle_waiting(holder, true);
    }
}

void Registrations::end_graces(std::uint64_t now) {
    while (!graces_.empty() && graces_.front().first <= now) {
        const Session* session = sessions_.find(graces_.front().second);
        graces_.pop_front();
        if (session == nullptr) {
            continue;  // it came back
        }
        ++statistics_.left;
        publish(events::Level::info, "identity", "agent.left",
                "Agent " + quote_id(session->agent_id()) + " left (" + where(*session) + ").");
        tell_change(AgentChange::left, *session);
        forget(session->number);
    }
}

Result<void> Registrations::kick(std::string_view agent_id, std::string_view text) {
    Lock lock(mutex_);
    const Session* session = sessions_.find(agent_id);
    if (session == nullptr) {
        lock.unlock();
        return failure(ErrorClass::invalid, "identity.unknown_agent",
                       "No agent " + quote_id(agent_id) + " is registered.");
    }
    ++statistics_.left;
    publish(
        events::Level::info, "identity", "agent.kicked",
        "Agent " + quote_id(agent_id) + " (" + where(*session) + ") was removed by the operator.");
    tell_change(AgentChange::left, *session);
    audit("kick", "ok", agent_id, "operator", where(*session));
    end(*session, SessionEnd::removed,
        text.empty() ? std::string("The operator of the network removed this agent.")
                     : std::string(text));
    work(lock);
    return {};
}

void Registrations::claim_changed(std::string_view agent_id) {
    Lock lock(mutex_);
    Session* session = sessions_.find(agent_id);
    if (session == nullptr) {
        lock.unlock();
        return;
    }
    const std::optional<ClaimInfo> claim = claims_.find(agent_id);
    if (!claim) {
        if (std::exchange(session->proven_claim, 0) != 0) {
            tell_change(AgentChange::released, *session);
        }
    } else if (claim->revoked || session->proven_claim != claim->claim) {
        ++statistics_.left;
        publish(events::Level::info, "identity", "agent.removed",
                "Agent " + quote_id(agent_id) + " (" + where(*session) +
                    ") does not own its id any more and was removed.");
        tell_change(AgentChange::left, *session);
        end(*session, SessionEnd::removed,
            claim->revoked ? "The operator of the network revoked this agent ID."
                           : "The operator of the network gave this agent ID to its owner.");
    }
    work(lock);
}

}  // namespace patchbay::identity
