// SPDX-License-Identifier: Apache-2.0
#include "app/dead_letter_replay.hpp"

#include "app/host_process.hpp"
#include "multiplexer/generation.hpp"
#include "multiplexer/instance.hpp"
#include "multiplexer/lane.hpp"

#include <nlohmann/json.hpp>

#include <mutex>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::json;

/// One call of the control socket.
constexpr std::size_t most_ids = 10'000;

json refused(std::int64_t id, const std::string& reason) {
    return {{"id", id}, {"result", "refused"}, {"reason", reason}};
}

/// The lane on whose behalf the letter is delivered, or null.
multiplexer::Lane* lane_of(multiplexer::Multiplexer& multiplexer, const std::string& source) {
    multiplexer::Instance* instance = source.empty() ? nullptr : multiplexer.find(source);
    if (instance == nullptr || instance->state() != multiplexer::InstanceState::connected) {
        return nullptr;
    }
    multiplexer::Generation* generation = instance->current();
    return generation == nullptr ? nullptr : generation->lane(0);
}

patchbay_envelope envelope_of(const multiplexer::DeadLetter& letter) {
    patchbay_envelope envelope{};
    envelope.to = letter.to.data();
    envelope.to_size = static_cast<std::uint32_t>(letter.to.size());
    envelope.sender = letter.sender.data();
    envelope.sender_size = static_cast<std::uint32_t>(letter.sender.size());
    envelope.protocol_id = letter.protocol_id.data();
    envelope.protocol_id_size = static_cast<std::uint32_t>(letter.protocol_id.size());
    envelope.message = reinterpret_cast<const std::uint8_t*>(letter.message.data());
    envelope.message_size = static_cast<std::uint32_t>(letter.message.size());
    envelope.uri = letter.uri.data();
    envelope.uri_size = static_cast<std::uint32_t>(letter.uri.size());
    envelope.connection_id = letter.connection_id.data();
    envelope.connection_id_size = static_cast<std::uint32_t>(letter.connection_id.size());
    return envelope;
}

/// Delivers one letter; the hops begin anew.
json deliver(multiplexer::Lane& lane, const storage::StoredDeadLetter& stored) {
    patchbay_envelope envelope = envelope_of(stored.letter);
    patchbay_delivery delivery{};
    const patchbay_array envelopes{sizeof(patchbay_array), sizeof(envelope), 1, 0, &envelope};
    patchbay_array results{sizeof(patchbay_array), sizeof(delivery), 1, 0, &delivery};
    if (lane.deliver(&envelopes, &results) != PATCHBAY_OK) {
        return refused(stored.id, "the instance '" + stored.letter.source + "' is not connected");
    }
    switch (delivery.status) {
        case PATCHBAY_DELIVERY_ACCEPTED:
            return {{"id", stored.id}, {"result", "delivered"}};
        case PATCHBAY_DELIVERY_FULL:
            return {{"id", stored.id},
                    {"result", "full"},
                    {"reason", "the destination has no room; try again"}};
        case PATCHBAY_DELIVERY_DEAD_LETTERED:
            return {{"id", stored.id},
                    {"result", "dead_lettered"},
                    {"reason", multiplexer::reason_name(delivery.reason)}};
        default:
            return refused(stored.id, "it is not a valid envelope: " +
                                          std::string(multiplexer::reason_name(delivery.reason)));
    }
}

json replay_letter(HostProcess& host, const storage::StoredDeadLetter& stored, bool again) {
    if (!stored.letter.has_envelope) {
        return refused(stored.id, "it never was an envelope; `dead-letters show` prints its bytes");
    }
    if (stored.replayed && !again) {
        return refused(stored.id, "it was replayed before; --again replays it nevertheless");
    }
    multiplexer::Lane* lane = lane_of(host.multiplexer(), stored.letter.source);
    if (lane == nullptr) {
        return refused(stored.id, "the instance '" + stored.letter.source +
                                      "' that delivered it is not connected");
    }
    return deliver(*lane, stored);
}

}  // namespace

Result<json> replay_dead_letters(HostProcess& host, const std::vector<std::int64_t>& ids,
                                 bool again) {
    if (ids.size() > most_ids) {
        return failure(ErrorClass::invalid, "dead_letters.too_many",
                       "At most " + std::to_string(most_ids) + " dead letters at a time.");
    }
    // What is still on its way to the file can be replayed too.
    (void)host.dead_letters().flush(std::chrono::seconds(5));
    Result<storage::DeadLetterArchive> archive =
        storage::DeadLetterArchive::open(host.dead_letters().path(), storage::Access::write);
    if (!archive) {
        return tl::unexpected<Error>(std::move(archive.error()));
    }
    const std::lock_guard lock(host.lanes_in_use());
    if (host.stage() != HostStage::running) {
        return failure(ErrorClass::overloaded, "host.not_running",
                       "The host is " + std::string(to_string(host.stage())) +
                           "; dead letters are replayed while it runs.");
    }
    json outcomes = json::array();
    for (const std::int64_t id : ids) {
        const Result<storage::StoredDeadLetter> stored = archive->get(id);
        if (!stored) {
            outcomes.push_back(refused(id, stored.error().message));
            continue;
        }
        json outcome = replay_letter(host, *stored, again);
        const std::string& result = outcome["result"].get_ref<const std::string&>();
        if (result == "delivered" || result == "dead_lettered") {
            if (const Result<void> marked = archive->mark_replayed(id, host.clock().wall());
                !marked) {
                outcome["warning"] = marked.error().message;
            }
        }
        outcomes.push_back(std::move(outcome));
    }
    return outcomes;
}

}  // namespace patchbay::app
