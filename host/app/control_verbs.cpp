// SPDX-License-Identifier: Apache-2.0
#include "app/control_verbs.hpp"

#include "app/agent_verbs.hpp"
#include "app/apply_verb.hpp"
#include "app/event_source.hpp"
#include "app/host_process.hpp"
#include "app/metric_families.hpp"
#include "app/operation_verbs.hpp"
#include "app/reload_verbs.hpp"
#include "app/status_json.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::json;
using ReplyPointer = std::shared_ptr<control::Reply>;

json levels_json(const events::Levels& levels) {
    json names = json::object();
    for (const auto& [name, threshold] : levels.names()) {
        names[name] = events::to_string(threshold);
    }
    return {{"level", events::to_string(levels.base())}, {"levels", std::move(names)}};
}

/// {"name"?, "level"?}: sets, or only tells. The level "default" takes a name's own level away.
void log_level(events::Levels& levels, const json& arguments, control::Reply& reply) {
    if (arguments.contains("level")) {
        const std::string level = arguments.at("level").get<std::string>();
        const std::string name = arguments.value("name", "");
        if (!name.empty() && level == "default") {
            levels.reset(name);
        } else {
            const Result<events::Threshold> threshold = events::parse_threshold(level);
            if (!threshold) {
                reply.fail(threshold.error());
                return;
            }
            if (name.empty()) {
                levels.set_base(*threshold);
            } else if (!levels.set(name, *threshold)) {
                reply.fail({ErrorClass::overloaded,
                            "log.too_many_levels",
                            "Too many subsystems have a level of their own already.",
                            {}});
                return;
            }
        }
    }
    reply.result(levels_json(levels));
}

}  // namespace

void register_control_verbs(control::Registry& registry, HostProcess& host) {
    registry.add("status", [&host](const json&, const ReplyPointer& reply) {
        reply->result(status_json(host));
    });
    registry.add("metrics", [&host](const json& arguments, const ReplyPointer& reply) {
        const std::vector<MetricFamily> families = metric_families(host);
        if (arguments.value("format", "prometheus") == "json") {
            reply->result(to_json(families));
        } else {
            reply->result({{"text", prometheus_text(families)}});
        }
    });
    registry.add("log-level", [&host](const json& arguments, const ReplyPointer& reply) {
        log_level(host.hub().levels(), arguments, *reply);
    });
    registry.add("events", [&host](const json& arguments, const ReplyPointer& reply) {
        EventSelection selection;
        selection.from = arguments.value("from", std::uint64_t{1});
        selection.follow = arguments.value("follow", false);
        selection.subsystem = arguments.value("subsystem", "");
        selection.code = arguments.value("code", "");
        reply->stream(std::make_unique<EventSource>(host.hub().ring(), std::move(selection)));
    });
    register_agent_verbs(registry, host);
    register_reload_verb(registry, host);
    register_apply_verb(registry, host);
    register_operation_verbs(registry, host);
    registry.add("stop", [&host](const json&, const ReplyPointer& reply) {
        host.wish_stop("a request over the control socket", false);
        reply->result({{"stopping", true}});
    });
}

}  // namespace patchbay::app
