// SPDX-License-Identifier: Apache-2.0
#include "app/event_source.hpp"

#include "app/time_text.hpp"
#include "events/levels.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace patchbay::app {

EventSource::EventSource(events::EventRing& ring, EventSelection selection)
    : ring_(ring), selection_(std::move(selection)), next_(selection_.from) {}

std::vector<nlohmann::json> EventSource::take(std::size_t maximum) {
    std::vector<nlohmann::json> items;
    while (items.empty()) {
        const events::EventRing::Batch batch = ring_.read(next_, maximum);
        if (batch.missed > 0 && next_ > selection_.from) {
            items.push_back({{"missed", batch.missed}});
        }
        for (const events::Record& record : batch.records) {
            if (wanted(record.event)) {
                items.push_back(to_json(record));
            }
        }
        next_ = batch.next;
        if (batch.records.empty()) {
            break;
        }
    }
    return items;
}

bool EventSource::ended() const {
    return !selection_.follow;
}

void EventSource::set_wake(std::function<void()> wake) {
    registration_ = ring_.follow(std::move(wake));
}

bool EventSource::wanted(const events::Event& event) const {
    const std::string& subsystem = selection_.subsystem;
    return (subsystem.empty() || event.subsystem == subsystem || event.instance == subsystem) &&
           event.code.compare(0, selection_.code.size(), selection_.code) == 0;
}

nlohmann::json to_json(const events::Record& record) {
    nlohmann::json json = {{"sequence", record.sequence},
                           {"time", utc_text(record.time)},
                           {"level", events::to_string(record.event.level)},
                           {"subsystem", record.event.subsystem},
                           {"code", record.event.code},
                           {"text", record.event.text}};
    if (!record.event.instance.empty()) {
        json["instance"] = record.event.instance;
    }
    return json;
}

}  // namespace patchbay::app
