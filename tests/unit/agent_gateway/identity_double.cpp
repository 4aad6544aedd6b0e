// SPDX-License-Identifier: Apache-2.0
#include "identity_double.hpp"

#include <nlohmann/json.hpp>

#include <cstring>
#include <stdexcept>
#include <utility>

namespace patchbay::agent_gateway::test {

namespace {

using Json = nlohmann::json;

IdentityDouble* current = nullptr;  // the table's functions have no other way to it

std::string text(patchbay_string view) {
    return {view.data, view.size};
}

constexpr std::uint64_t second = 1000000000;

}  // namespace

/// The functions of the table.
struct IdentityTable {
    static void settings(const patchbay_host*, patchbay_identity_settings* settings) {
        static constexpr std::string_view name = "TestNet";
        static constexpr std::string_view id = "test-node";
        settings->flags = current->flags_;
        settings->network_name = {name.data(), name.size()};
        settings->network_id = {id.data(), id.size()};
        settings->heartbeat_interval = 30 * second;
        settings->agent_timeout = 90 * second;
        settings->ping_timeout = 5 * second;
        settings->certificate_lifetime = 86400 * second;
    }

    static patchbay_status register_agent(patchbay_lane* lane,
                                          const patchbay_agent_registration* asked,
                                          std::uint64_t cookie) {
        const std::lock_guard lock(current->mutex_);
        const std::string id = text(asked->agent_id);
        const std::uint32_t index = current->index_of(lane);
        const bool forced = (asked->flags & PATCHBAY_IDENTITY_FORCE) != 0;
        auto found = current->agents_.find(id);
        if (found != current->agents_.end() && found->second.session != 0 &&
            found->second.connection == asked->connection) {
            found->second.metadata = text(asked->metadata);
            current->answer({index, cookie, PATCHBAY_OK, found->second.session, "", "{}"});
            return PATCHBAY_OK;
        }
        if (found != current->agents_.end() && found->second.session != 0 && !forced) {
            current->answer({index, cookie, PATCHBAY_FAILED, 0, "identity.already_connected",
                             R"({"error": "Agent with this ID is already connected"})"});
            return PATCHBAY_OK;
        }
        if (found != current->agents_.end() && found->second.session != 0) {
            testing::SignalToSend end;
            end.kind = PATCHBAY_SIGNAL_SESSION_END;
            end.token = found->second.connection;
            end.value = PATCHBAY_SESSION_END_REPLACED;
            end.name.assign(asked->agent_id.data, asked->agent_id.size);
            static constexpr std::string_view why = "another connection took its place";
            end.payload = why;
            current->host_->send_signal(end, found->second.lane);
        }
        DoubleAgent& agent = current->agents_[id];
        agent.session = ++current->sessions_;
        agent.connection = asked->connection;
        agent.lane = index;
        agent.metadata = text(asked->metadata);
        agent.certificate = text(asked->certificate);
        agent.forced = forced;
        agent.remote = text(asked->remote);
        current->answer({index, cookie, PATCHBAY_OK, agent.session, "", "{}"});
        return PATCHBAY_OK;
    }

    static DoubleAgent* of_session(std::uint64_t session) {
        for (auto& [id, agent] : current->agents_) {
            if (agent.session == session) {
                return &agent;
            }
        }
        return nullptr;
    }

    static void unregister(const patchbay_host*, std::uint64_t session) {
        const std::lock_guard lock(current->mutex_);
        if (DoubleAgent* const agent = of_session(session)) {
            agent->session = 0;
        }
    }

    static void touch(const patchbay_host*, std::uint64_t session) {
        const std::lock_guard lock(current->mutex_);
        if (DoubleAgent* const agent = of_session(session)) {
            ++agent->touches;
        }
    }

    static void pong(const patchbay_host*, std::uint64_t session, std::uint64_t value,
                     bool success) {
        const std::lock_guard lock(current->mutex_);
        current->pongs_.push_back({session, value, success});
    }

    static patchbay_status claim(patchbay_lane* lane, const patchbay_agent_claim* asked,
                                 std::uint64_t cookie) {
        const std::lock_guard lock(current->mutex_);
        const std::uint32_t index = current->index_of(lane);
        const std::string id = text(asked->agent_id);
        DoubleAgent* const agent = of_session(asked->session);
        if (agent == nullptr || agent != &current->agents_[id]) {
            current->answer({index, cookie, PATCHBAY_FAILED, 0, "identity.not_yours",
                             R"({"error": "not the registered id"})"});
        } else if (agent->claimed) {
            current->answer({index, cookie, PATCHBAY_FAILED, 0, "identity.already_claimed",
                             Json{{"error", "Agent ID " + id + " is already claimed"}}.dump()});
        } else {
            agent->claimed = true;
            current->answer(
                {index, cookie, PATCHBAY_OK, 0, "",
                 Json{{"agent_id", id}, {"certificate", {{"agent_id", id}, {"n", 1.0}}}}.dump()});
        }
        return PATCHBAY_OK;
    }

    static patchbay_status renew(patchbay_lane* lane, std::uint64_t, std::uint32_t flags,
                                 std::uint64_t cookie) {
        const std::lock_guard lock(current->mutex_);
        current->answer({current->index_of(lane), cookie, PATCHBAY_OK, 0, "",
                         Json{{"certificate", {{"flags", flags}}}}.dump()});
        return PATCHBAY_OK;
    }

    static patchbay_status release(patchbay_lane* lane, std::uint64_t session,
                                   std::uint64_t cookie) {
        const std::lock_guard lock(current->mutex_);
        if (DoubleAgent* const agent = of_session(session)) {
            agent->claimed = false;
        }
        current->answer({current->index_of(lane), cookie, PATCHBAY_OK, 0, "", "{}"});
        return PATCHBAY_OK;
    }

    static patchbay_status validate(patchbay_lane* lane, patchbay_string certificate,
                                    patchbay_string, std::uint64_t cookie) {
        const std::lock_guard lock(current->mutex_);
        const Json given = Json::parse(text(certificate));
        const bool good = given.contains("n");
        current->answer({current->index_of(lane), cookie, PATCHBAY_OK, good ? 1U : 0U,
                         good ? "" : "certificate.bad",
                         Json{{"valid", good}, {"agent_id", given.value("agent_id", "")}}.dump()});
        return PATCHBAY_OK;
    }

    static patchbay_status lookup(const patchbay_host*, patchbay_string id, patchbay_agent* agent) {
        const std::lock_guard lock(current->mutex_);
        const auto found = current->agents_.find(text(id));
        if (found == current->agents_.end()) {
            return PATCHBAY_UNSUPPORTED;
        }
        agent->flags =
            found->second.session != 0 ? static_cast<std::uint32_t>(PATCHBAY_AGENT_IS_ONLINE) : 0U;
        agent->session = found->second.session;
        agent->connection = found->second.connection;
        agent->lane = found->second.lane;
        return PATCHBAY_OK;
    }

    static patchbay_status list(const patchbay_host* host, patchbay_string after,
                                std::uint32_t limit, patchbay_bytes* json, patchbay_block** block) {
        const std::lock_guard lock(current->mutex_);
        Json list = Json::array();
        const std::string from = text(after);
        for (const auto& [id, agent] : current->agents_) {
            if (agent.session != 0 && id > from && list.size() < (limit == 0 ? 1000 : limit)) {
                list.push_back({{"agent_id", id},
                                {"name", id},
                                {"connected", true},
                                {"metadata", Json::parse(agent.metadata)}});
            }
        }
        const std::string bytes = list.dump();
        patchbay_buffer buffer{};
        patchbay_array buffers{sizeof buffers, sizeof buffer, 1, 0, &buffer};
        if (host->allocate(host, nullptr, bytes.size(), &buffers) != PATCHBAY_OK) {
            return PATCHBAY_OVERLOADED;
        }
        std::memcpy(buffer.data, bytes.data(), bytes.size());
        *json = {buffer.data, bytes.size()};
        *block = buffer.block;
        return PATCHBAY_OK;
    }

    static patchbay_status subscribe(patchbay_lane* lane, bool wanted) {
        const std::lock_guard lock(current->mutex_);
        current->subscribed_[current->index_of(lane)] = wanted;
        return PATCHBAY_OK;
    }

    static patchbay_status move(patchbay_lane* lane, std::uint64_t session,
                                std::uint64_t connection) {
        const std::lock_guard lock(current->mutex_);
        DoubleAgent* const agent = of_session(session);
        if (agent == nullptr) {
            return PATCHBAY_UNSUPPORTED;
        }
        agent->lane = current->index_of(lane);
        agent->connection = connection;
        return PATCHBAY_OK;
    }

    static constexpr patchbay_identity table = {sizeof(patchbay_identity),
                                                &settings,
                                                &register_agent,
                                                &unregister,
                                                &touch,
                                                &pong,
                                                &claim,
                                                &renew,
                                                &release,
                                                &validate,
                                                &lookup,
                                                &list,
                                                &subscribe,
                                                &move};
};

IdentityDouble::IdentityDouble() {
    if (current != nullptr) {
        throw std::logic_error("there is an IdentityDouble already");
    }
    current = this;
}

IdentityDouble::~IdentityDouble() {
    current = nullptr;
}

const void* IdentityDouble::table() const {
    return &IdentityTable::table;
}

std::uint32_t IdentityDouble::index_of(patchbay_lane* lane) const {
    const patchbay_host* const host = host_->abi();
    for (std::uint32_t index = 0;; ++index) {
        patchbay_lane* const candidate = host->lane(host, index);
        if (candidate == lane || candidate == nullptr) {
            return index;
        }
    }
}

void IdentityDouble::answer(Answer answer) {
    if (hold_) {
        held_.push_back(std::move(answer));
    } else {
        send(answer);
    }
}

void IdentityDouble::send(const Answer& answer) {
    testing::SignalToSend signal;
    signal.kind = PATCHBAY_SIGNAL_IDENTITY_RESULT;
    signal.status = answer.status;
    signal.token = answer.cookie;
    signal.value = answer.value;
    signal.name = answer.code;
    signal.payload = answer.payload;
    host_->send_signal(signal, answer.lane);
}

void IdentityDouble::hold_answers() {
    const std::lock_guard lock(mutex_);
    hold_ = true;
}

void IdentityDouble::answer_held() {
    const std::lock_guard lock(mutex_);
    hold_ = false;
    for (const Answer& held : std::exchange(held_, {})) {
        send(held);
    }
}

std::map<std::string, DoubleAgent> IdentityDouble::agents() const {
    const std::lock_guard lock(mutex_);
    return agents_;
}

std::vector<DoublePong> IdentityDouble::pongs() const {
    const std::lock_guard lock(mutex_);
    return pongs_;
}

void IdentityDouble::add_elsewhere(const std::string& id) {
    const std::lock_guard lock(mutex_);
    agents_[id].session = ++sessions_;
    agents_[id].lane = PATCHBAY_NO_LANE;
    agents_[id].metadata = "{}";
}

void IdentityDouble::ping(const std::string& id, std::uint64_t value) {
    const std::lock_guard lock(mutex_);
    testing::SignalToSend signal;
    signal.kind = PATCHBAY_SIGNAL_AGENT_PING;
    signal.token = agents_.at(id).connection;
    signal.value = value;
    host_->send_signal(signal, agents_.at(id).lane);
}

void IdentityDouble::end_session(const std::string& id, std::uint64_t reason,
                                 std::string_view why) {
    const std::lock_guard lock(mutex_);
    DoubleAgent& agent = agents_.at(id);
    agent.session = 0;
    testing::SignalToSend signal;
    signal.kind = PATCHBAY_SIGNAL_SESSION_END;
    signal.token = agent.connection;
    signal.value = reason;
    signal.name = id;
    signal.payload = why;
    host_->send_signal(signal, agent.lane);
}

void IdentityDouble::change(std::uint64_t kind, std::string_view id, std::string_view payload) {
    testing::SignalToSend signal;
    signal.kind = PATCHBAY_SIGNAL_AGENT_CHANGED;
    signal.value = kind;
    signal.name = id;
    signal.payload = payload;
    host_->send_signal(signal, 0);
}

bool IdentityDouble::is_subscribed() const {
    const std::lock_guard lock(mutex_);
    const auto found = subscribed_.find(0);
    return found != subscribed_.end() && found->second;
}

}  // namespace patchbay::agent_gateway::test
