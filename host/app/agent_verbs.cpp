// SPDX-License-Identifier: Apache-2.0
#include "app/agent_verbs.hpp"

#include "app/host_process.hpp"
#include "app/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::json;
using ReplyPointer = std::shared_ptr<control::Reply>;

constexpr std::size_t page_bytes = std::size_t{1} << 20U;
constexpr std::size_t largest_page = 1'000;
constexpr std::size_t audit_rows_looked_at = 10'000;
constexpr std::size_t audit_rows_shown = 20;
constexpr double seconds_per_hour = 3600;

std::size_t limit_of(const json& arguments) {
    return std::clamp<std::size_t>(arguments.value("limit", largest_page), 1, largest_page);
}

json row_json(const identity::AgentRow& row) {
    json entry = json::parse(row.to_json());
    entry["remote"] = row.remote;
    entry["session"] = row.session;
    entry["since"] = utc_text(row.since);
    entry["last_seen"] = utc_text(row.last_seen);
    return entry;
}

json claim_json(const identity::ClaimInfo& claim) {
    return {{"agent_id", claim.agent_id},
            {"claim", claim.claim},
            {"claimed_at", utc_text(claim.claimed_at)},
            {"expires_at", utc_text(claim.expires_at)},
            {"has_public_key", claim.has_public_key},
            {"provisioned", claim.provisioned},
            {"revoked", claim.revoked}};
}

json token_json(const identity::TokenInfo& token) {
    return {{"number", token.number},
            {"agent_id", token.agent_id},
            {"note", token.note},
            {"issued_at", utc_text(token.issued_at)},
            {"expires_at", utc_text(token.expires_at)}};
}

std::string id_of(const json& arguments) {
    return arguments.at("agent_id").get<std::string>();
}

/// Answers with what `make` makes of the outcome.
template <class Outcome, class Make>
void tell(control::Reply& reply, const Result<Outcome>& outcome, Make make) {
    if (outcome) {
        reply.result(make());
    } else {
        reply.fail(outcome.error());
    }
}

void list_agents(HostProcess& host, const json& arguments, control::Reply& reply) {
    json agents = json::array();
    if (const identity::Registrations* open = host.agents().registrations(); open != nullptr) {
        for (const identity::AgentRow& row :
             open->list(arguments.value("after", ""), limit_of(arguments), page_bytes)) {
            agents.push_back(row_json(row));
        }
    }
    reply.result({{"agents", std::move(agents)}});
}

void kick_agent(HostProcess& host, const json& arguments, control::Reply& reply) {
    const std::string id = id_of(arguments);
    identity::Registrations* open = host.agents().registrations();
    if (open == nullptr) {
        reply.fail({ErrorClass::invalid,
                    "identity.unknown_agent",
                    "No agent '" + id + "' is registered.",
                    {}});
        return;
    }
    tell(reply, open->kick(id, arguments.value("reason", "")), [&] {
        return json{{"agent_id", id}, {"removed", true}};
    });
}

void show_identity(AgentService& agents, const json& arguments, control::Reply& reply) {
    const std::string id = id_of(arguments);
    const auto claim = agents.claims()->find(id);
    const auto row = agents.registrations()->find(id);
    const auto log = agents.claims()->audit_log(audit_rows_looked_at);
    json audit = json::array();
    if (log) {
        for (const identity::AuditEntry& entry : *log) {
            if (entry.agent_id == id && audit.size() < audit_rows_shown) {
                audit.push_back({{"time", utc_text(entry.time)},
                                 {"action", entry.action},
                                 {"outcome", entry.outcome},
                                 {"remote", entry.remote},
                                 {"detail", entry.detail}});
            }
        }
    }
    if (!claim && !row && audit.empty()) {
        reply.fail({ErrorClass::invalid,
                    "identity.unknown_agent",
                    "Nothing is known of an agent '" + id + "'.",
                    {}});
        return;
    }
    reply.result({{"agent_id", id},
                  {"claim", claim ? claim_json(*claim) : json(nullptr)},
                  {"session", row ? row_json(*row) : json(nullptr)},
                  {"audit", std::move(audit)}});
}

void claim_identity(AgentService& agents, const json& arguments, const ReplyPointer& reply) {
    identity::ClaimRequest request;
    request.agent_id = id_of(arguments);
    request.by_operator = true;
    request.force = arguments.value("force", false);
    request.remote = "operator";
    const auto then = [&agents, reply](const Result<identity::ClaimOutcome>& outcome) {
        if (outcome) {
            agents.registrations()->claim_changed(outcome->agent_id);
        }
        tell(*reply, outcome, [&] {
            return json{{"agent_id", outcome->agent_id},
                        {"certificate", json::parse(outcome->certificate)},
                        {"expires_at", utc_text(outcome->expires_at)}};
        });
    };
    if (const auto queued = agents.claims()->claim(std::move(request), then); !queued) {
        reply->fail(queued.error());
    }
}

/// The end of a release or a revocation.
identity::Done claim_ended(AgentService& agents, std::string id, const ReplyPointer& reply) {
    return [&agents, agent_id = std::move(id), reply](const Result<void>& outcome) {
        if (outcome) {
            agents.registrations()->claim_changed(agent_id);
        }
        tell(*reply, outcome, [&] { return json{{"agent_id", agent_id}}; });
    };
}

void release_identity(AgentService& agents, const json& arguments, const ReplyPointer& reply) {
    identity::OwnerRequest request;
    request.agent_id = id_of(arguments);
    request.by_operator = true;
    request.remote = "operator";
    const auto then = claim_ended(agents, request.agent_id, reply);
    if (const auto queued = agents.claims()->release(std::move(request), then); !queued) {
        reply->fail(queued.error());
    }
}

void revoke_identity(AgentService& agents, const json& arguments, const ReplyPointer& reply) {
    const std::string id = id_of(arguments);
    if (const auto queued = agents.claims()->revoke(id, "operator", claim_ended(agents, id, reply));
        !queued) {
        reply->fail(queued.error());
    }
}

void rotate_key(AgentService& agents, control::Reply& reply) {
    const Result<std::string> made = agents.claims()->rotate_key();
    tell(reply, made, [&] {
        json keys = json::array();
        for (const identity::KeyInfo& key : agents.claims()->keys()) {
            json entry = {{"id", key.id}, {"current", key.current}};
            if (!key.current) {
                entry["verifies_until"] = utc_text(key.verifies_until);
            }
            keys.push_back(std::move(entry));
        }
        return json{{"key", *made}, {"keys", std::move(keys)}};
    });
}

void issue_token(AgentService& agents, const json& arguments, const ReplyPointer& reply) {
    identity::TokenRequest request;
    request.agent_id = arguments.value("agent_id", "");
    request.note = arguments.value("note", "");
    request.lifetime = std::chrono::seconds(
        static_cast<std::int64_t>(arguments.value("hours", 24.0) * seconds_per_hour));
    const auto then = [reply](const Result<identity::IssuedToken>& issued) {
        tell(*reply, issued, [&] {
            json entry = token_json(issued->info);
            entry["token"] = issued->token;
            return entry;
        });
    };
    if (const auto queued = agents.claims()->issue_token(std::move(request), then); !queued) {
        reply->fail(queued.error());
    }
}

/// {"issue": {...}}, {"revoke": NUMBER}, or neither: lists.
void tokens(AgentService& agents, const json& arguments, const ReplyPointer& reply) {
    if (arguments.contains("issue")) {
        issue_token(agents, arguments.at("issue"), reply);
        return;
    }
    if (arguments.contains("revoke")) {
        const auto number = arguments.at("revoke").get<std::uint64_t>();
        const auto queued =
            agents.claims()->revoke_token(number, [reply, number](const Result<void>& outcome) {
                tell(*reply, outcome, [&] { return json{{"number", number}}; });
            });
        if (!queued) {
            reply->fail(queued.error());
        }
        return;
    }
    const auto found = agents.claims()->tokens(limit_of(arguments));
    tell(*reply, found, [&] {
        json list = json::array();
        for (const identity::TokenInfo& token : *found) {
            list.push_back(token_json(token));
        }
        return json{{"tokens", std::move(list)}};
    });
}

void list_identities(AgentService& agents, const json& arguments, control::Reply& reply) {
    json claims = json::array();
    for (const identity::ClaimInfo& claim :
         agents.claims()->list(arguments.value("after", ""), limit_of(arguments))) {
        json entry = claim_json(claim);
        const auto state = agents.registrations()->lookup(claim.agent_id);
        entry["online"] = state.has_value() && state->online;
        claims.push_back(std::move(entry));
    }
    reply.result({{"claims", std::move(claims)}});
}

using AgentHandler = void (*)(AgentService&, const json&, const ReplyPointer&);

/// A verb that needs the open subsystem.
void add(control::Registry& registry, HostProcess& host, const char* verb, AgentHandler handler) {
    registry.add(verb, [&host, handler](const json& arguments, const ReplyPointer& reply) {
        if (const auto opened = host.agents().open(); !opened) {
            reply->fail(opened.error());
            return;
        }
        handler(host.agents(), arguments, reply);
    });
}

}  // namespace

void register_agent_verbs(control::Registry& registry, HostProcess& host) {
    registry.add("agents-list", [&host](const json& arguments, const ReplyPointer& reply) {
        list_agents(host, arguments, *reply);
    });
    registry.add("agents-kick", [&host](const json& arguments, const ReplyPointer& reply) {
        kick_agent(host, arguments, *reply);
    });
    add(registry, host, "identity-list",
        [](AgentService& agents, const json& arguments, const ReplyPointer& reply) {
            list_identities(agents, arguments, *reply);
        });
    add(registry, host, "identity-show",
        [](AgentService& agents, const json& arguments, const ReplyPointer& reply) {
            show_identity(agents, arguments, *reply);
        });
    add(registry, host, "identity-claim", claim_identity);
    add(registry, host, "identity-release", release_identity);
    add(registry, host, "identity-revoke", revoke_identity);
    add(registry, host, "identity-rotate-key",
        [](AgentService& agents, const json&, const ReplyPointer& reply) {
            rotate_key(agents, *reply);
        });
    add(registry, host, "identity-tokens", tokens);
    // Copying may take a while; the socket serves others meanwhile.
    auto copier = std::make_shared<std::jthread>();
    registry.add(
        "identity-backup", [&host, copier](const json& arguments, const ReplyPointer& reply) {
            if (const auto opened = host.agents().open(); !opened) {
                reply->fail(opened.error());
                return;
            }
            *copier = std::jthread([&host, reply, path = arguments.at("path").get<std::string>()] {
                tell(*reply, host.agents().claims()->backup(path), [&] {
                    return json{{"path", path}};
                });
            });
        });
}

}  // namespace patchbay::app
