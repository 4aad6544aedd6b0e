// SPDX-License-Identifier: Apache-2.0
#include "app/apply_verb.hpp"

#include "app/configuration_json.hpp"
#include "app/host_process.hpp"
#include "app/reload_verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace patchbay::app {

void register_apply_verb(control::Registry& registry, HostProcess& host) {
    registry.add("apply", [&host](const nlohmann::json& arguments,
                                  const std::shared_ptr<control::Reply>& reply) {
        const bool taken = host.stage() == HostStage::running &&
                           host.reloads().apply(arguments.value("dry_run", false),
                                                [reply](const ApplyOutcome& outcome) {
                                                    nlohmann::json answer =
                                                        to_json(outcome.configuration);
                                                    answer["reloads"] = to_json(outcome.reloads);
                                                    reply->result(answer);
                                                });
        if (!taken) {
            reply->fail({ErrorClass::overloaded,
                         "reload.too_many",
                         "Too many reloads wait already, or the host is starting or stopping.",
                         {}});
        }
    });
}

}  // namespace patchbay::app
