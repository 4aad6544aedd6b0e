// SPDX-License-Identifier: Apache-2.0
/// \file
/// What registered agents ask for: claims, certificates, and to be told of others.
#include "identity/agent_id.hpp"
#include "identity/descriptions.hpp"
#include "identity/registrations.hpp"

#include <utility>

namespace patchbay::identity {

namespace {

Error not_registered() {
    return {ErrorClass::failed, "identity.not_registered", "Not registered"};
}

Answer certificate_answer(const ClaimOutcome& outcome) {
    return {.payload = "{\"agent_id\":" + json_text(outcome.agent_id) +
                       ",\"certificate\":" + outcome.certificate + '}'};
}

}  // namespace

Result<void> Registrations::admit(const TransportLane& lane) {
    const Lock lock(mutex_);
    std::uint32_t& count = requests_[lane.instance];
    if (count >= options_.max_requests) {
        return failure(ErrorClass::overloaded, "identity.too_many_requests",
                       "Already " + std::to_string(options_.max_requests) +
                           " requests of this connection are in progress, which is the most.");
    }
    ++count;
    return {};
}

void Registrations::answer(const TransportLane& lane, std::uint64_t cookie, Answer answer) {
    if (const auto count = requests_.find(lane.instance);
        count != requests_.end() && --count->second == 0) {
        requests_.erase(count);
    }
    outbox_.add(
        [this, lane, cookie, told = std::move(answer)] { transports_.answer(lane, cookie, told); });
}

void Registrations::answer_unlocked(const TransportLane& lane, std::uint64_t cookie, Answer told) {
    Lock lock(mutex_);
    answer(lane, cookie, std::move(told));
    work(lock);
}

Result<void> Registrations::claim(SessionClaim request) {
    if (auto admitted = admit(request.lane); !admitted) {
        return admitted;
    }
    ClaimRequest wanted;
    {
        Lock lock(mutex_);
        const Session* session = sessions_.find(request.session);
        const bool online = session != nullptr && session->online;
        std::optional<Error> refused;
        if (auto checked = check_agent_id(request.agent_id); !checked) {
            refused = std::move(checked.error());
        } else if (!options_.openagents_05 && !online) {
            refused = not_registered();
        } else if (!options_.openagents_05 && session->agent_id() != request.agent_id) {
            refused = Error{ErrorClass::failed, "identity.not_registered",
                            "Not registered as '" + request.agent_id +
                                "': an agent can claim the id that it registered under"};
        }
        if (refused) {
            audit("claim", refused->code, request.agent_id, request.remote, {});
            answer(request.lane, request.cookie, refusal(*refused));
            work(lock);
            return {};
        }
        if (online && session->agent_id() == request.agent_id) {
            wanted.proven_claim = session->proven_claim;
        }
    }
    wanted.agent_id = request.agent_id;
    wanted.force = request.force;
    wanted.certificate = std::move(request.certificate);
    wanted.token = std::move(request.token);
    wanted.public_key = std::move(request.public_key);
    wanted.remote = request.remote;
    auto queued = claims_.claim(std::move(wanted), [this, request](Result<ClaimOutcome> outcome) {
        claimed(request, std::move(outcome));
    });
    if (!queued) {
        claimed(request, tl::unexpected<Error>(std::move(queued.error())));
    }
    return {};
}

void Registrations::claimed(const SessionClaim& request, Result<ClaimOutcome> outcome) {
    Lock lock(mutex_);
    if (!outcome) {
        answer(request.lane, request.cookie, refusal(outcome.error()));
        work(lock);
        return;
    }
    Session* session = sessions_.find(request.session);
    if (session != nullptr && session->agent_id() == outcome->agent_id) {
        session->proven_claim = outcome->claim;
    }
    answer(request.lane, request.cookie, certificate_answer(*outcome));
    if (const Session* owner = sessions_.find(outcome->agent_id); owner != nullptr) {
        tell_change(AgentChange::claimed, *owner);
    }
    work(lock);
}

Result<OwnerRequest> Registrations::owner_of(SessionNumber number) const {
    const std::shared_lock lock(mutex_);
    const Session* session = sessions_.find(number);
    if (session == nullptr || !session->online) {
        return tl::unexpected<Error>(not_registered());
    }
    if (session->proven_claim == 0) {
        return failure(ErrorClass::failed, "identity.not_owner",
                       "This connection has not proven that it owns the agent ID");
    }
    OwnerRequest owner;
    owner.agent_id = std::string(session->agent_id());
    owner.proven_claim = session->proven_claim;
    owner.remote = std::string(session->remote());
    return owner;
}

Result<void> Registrations::renew(const TransportLane& lane, std::uint64_t cookie,
                                  SessionNumber session, bool void_earlier) {
    if (auto admitted = admit(lane); !admitted) {
        return admitted;
    }
    auto owner = owner_of(session);
    if (!owner) {
        answer_unlocked(lane, cookie, refusal(owner.error()));
        return {};
    }
    const auto then = [this, lane, cookie](const Result<ClaimOutcome>& outcome) {
        answer_unlocked(lane, cookie,
                        outcome ? certificate_answer(*outcome) : refusal(outcome.error()));
    };
    auto queued = claims_.renew(std::move(*owner), void_earlier, then);
    if (!queued) {
        then(tl::unexpected<Error>(std::move(queued.error())));
    }
    return {};
}

Result<void> Registrations::release(const TransportLane& lane, std::uint64_t cookie,
                                    SessionNumber session) {
    if (auto admitted = admit(lane); !admitted) {
        return admitted;
    }
    auto owner = owner_of(session);
    if (!owner) {
        answer_unlocked(lane, cookie, refusal(owner.error()));
        return {};
    }
    const auto then = [this, lane, cookie, session](const Result<void>& outcome) {
        released(lane, cookie, session, outcome);
    };
    auto queued = claims_.release(std::move(*owner), then);
    if (!queued) {
        then(queued);
    }
    return {};
}

void Registrations::released(const TransportLane& lane, std::uint64_t cookie, SessionNumber number,
                             const Result<void>& outcome) {
    Lock lock(mutex_);
    if (!outcome) {
        answer(lane, cookie, refusal(outcome.error()));
        work(lock);
        return;
    }
    answer(lane, cookie, {});
    if (Session* session = sessions_.find(number); session != nullptr) {
        session->proven_claim = 0;
        tell_change(AgentChange::released, *session);
    }
    work(lock);
}

Result<void> Registrations::validate(const TransportLane& lane, std::uint64_t cookie,
                                     std::string_view certificate, std::string_view remote) {
    if (auto admitted = admit(lane); !admitted) {
        return admitted;
    }
    const auto checked = claims_.validate(certificate, remote);
    if (!checked) {
        answer_unlocked(lane, cookie, refusal(checked.error()));
        return {};
    }
    Answer told;
    told.value = checked->valid() ? 1 : 0;
    told.code = checked->valid() ? std::string() : std::string(checked->code());
    told.payload = "{\"valid\":" + std::string(checked->valid() ? "true" : "false") +
                   ",\"agent_id\":" + json_text(checked->agent_id) + '}';
    answer_unlocked(lane, cookie, std::move(told));
    return {};
}

Result<void> Registrations::subscribe(const TransportLane& lane, bool wanted) {
    const Lock lock(mutex_);
    return changes_.subscribe(lane, wanted);
}

}  // namespace patchbay::identity
