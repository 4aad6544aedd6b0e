// SPDX-License-Identifier: Apache-2.0
#include "app/operation_verbs.hpp"

#include "app/dead_letter_replay.hpp"
#include "app/host_process.hpp"
#include "app/unknown_id.hpp"
#include "control/protocol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::json;
using ReplyPointer = std::shared_ptr<control::Reply>;

constexpr double nanoseconds_per_millisecond = 1e6;
constexpr std::int64_t longest_drain_ms = 3'600'000;

json disabled_json(const std::vector<plugins::DisabledInstance>& instances) {
    json disabled = json::array();
    for (const plugins::DisabledInstance& instance : instances) {
        disabled.push_back({{"name", instance.name},
                            {"already", instance.already},
                            {"abandoned", instance.abandoned}});
    }
    return {{"disabled", std::move(disabled)}};
}

json enabled_json(const std::vector<plugins::EnabledInstance>& instances, bool inbound_stopped) {
    json enabled = json::array();
    for (const plugins::EnabledInstance& instance : instances) {
        json entry = {{"name", instance.name}, {"already", instance.already}};
        if (instance.not_connected) {
            entry["error"] = control::to_json(*instance.not_connected);
        }
        enabled.push_back(std::move(entry));
    }
    return {{"enabled", std::move(enabled)}, {"inbound_stopped", inbound_stopped}};
}

json drain_json(const plugins::DrainReport& report) {
    json left = json::array();
    for (const plugins::DrainedInstance& instance : report.left) {
        left.push_back({{"name", instance.name},
                        {"queued", instance.queued},
                        {"in_flight", instance.in_flight},
                        {"awaited", instance.awaited}});
    }
    return {{"drained", report.left.empty()},
            {"drain_ms", static_cast<double>(report.duration) / nanoseconds_per_millisecond},
            {"left", std::move(left)}};
}

/// The name of the planned instance that `id` means.
Result<std::string> planned_name(const HostView& view, const std::string& id) {
    const plugins::InstancePlan* plan = view.plan.find(id);
    if (plan == nullptr) {
        return tl::unexpected(unknown_id(view, id));
    }
    if (plan->state == plugins::PlanState::disabled) {
        return failure(ErrorClass::invalid, "operation.not_planned",
                       '`' + plan->name +
                           "` has `enabled: false` in the configuration; change that and start the "
                           "host anew");
    }
    if (plan->state == plugins::PlanState::failed) {
        return failure(ErrorClass::invalid, "operation.not_planned",
                       '`' + plan->name + "` could not be planned when the host started" +
                           (plan->errors.empty() ? "" : ": " + plan->errors.front().message));
    }
    return plan->name;
}

/// Answers with what `work` finds.
std::function<void()> answering(ReplyPointer reply, std::function<Result<json>()> work) {
    return [reply = std::move(reply), work = std::move(work)] {
        if (const Result<json> answer = work()) {
            reply->result(*answer);
        } else {
            reply->fail(answer.error());
        }
    };
}

void expect_taken(bool taken, control::Reply& reply) {
    if (!taken) {
        reply.fail({ErrorClass::overloaded,
                    "operation.too_many",
                    "Too many requests of this kind wait already, or the host is stopping.",
                    {}});
    }
}

/// Runs `work` where it may block, after reloads in progress.
void perform(HostProcess& host, const ReplyPointer& reply, std::function<Result<json>()> work) {
    expect_taken(host.reloads().perform(answering(reply, std::move(work))), *reply);
}

void disable(HostProcess& host, const json& arguments, const ReplyPointer& reply) {
    Result<std::string> name = planned_name(*host.view(), arguments.at("id").get<std::string>());
    if (!name) {
        reply->fail(name.error());
        return;
    }
    perform(host, reply,
            [&host, name = std::move(*name), cascade = arguments.value("cascade", false)] {
                return host.connections().disable(name, cascade).map(disabled_json);
            });
}

void enable(HostProcess& host, const json& arguments, const ReplyPointer& reply) {
    const auto answer = [&host](const std::vector<plugins::EnabledInstance>& enabled) {
        return enabled_json(enabled, host.connections().is_inbound_stopped());
    };
    if (arguments.value("all", false)) {
        perform(host, reply,
                [&host, answer] { return host.connections().enable_all().map(answer); });
        return;
    }
    Result<std::string> name = planned_name(*host.view(), arguments.at("id").get<std::string>());
    if (!name) {
        reply->fail(name.error());
        return;
    }
    perform(host, reply,
            [&host, answer, name = std::move(*name), cascade = arguments.value("cascade", false)] {
                return host.connections().enable(name, cascade).map(answer);
            });
}

void drain(HostProcess& host, const json& arguments, const ReplyPointer& reply) {
    std::string name;
    if (const std::string id = arguments.value("id", ""); !id.empty()) {
        Result<std::string> planned = planned_name(*host.view(), id);
        if (!planned) {
            reply->fail(planned.error());
            return;
        }
        name = std::move(*planned);
    }
    std::chrono::milliseconds limit = host.view()->configuration.shutdown.drain_timeout;
    if (arguments.contains("timeout_ms")) {
        limit = std::chrono::milliseconds(std::clamp<std::int64_t>(
            arguments.at("timeout_ms").get<std::int64_t>(), 0, longest_drain_ms));
    }
    auto work = [&host, name = std::move(name), limit] {
        return host.connections().drain(name, limit).map(drain_json);
    };
    expect_taken(host.drains().add(answering(reply, std::move(work))), *reply);
}

/// Not beside a reload, which may end the lane that delivers.
void replay(HostProcess& host, const json& arguments, const ReplyPointer& reply) {
    perform(host, reply,
            [&host, ids = arguments.at("ids").get<std::vector<std::int64_t>>(),
             again = arguments.value("again", false)] {
                return replay_dead_letters(host, ids, again);
            });
}

}  // namespace

void register_operation_verbs(control::Registry& registry, HostProcess& host) {
    const auto add = [&registry, &host](const char* name, auto verb) {
        registry.add(name, [&host, verb](const json& arguments, const ReplyPointer& reply) {
            verb(host, arguments, reply);
        });
    };
    add("disable", disable);
    add("enable", enable);
    add("drain", drain);
    add("dead-letters-replay", replay);
}

}  // namespace patchbay::app
