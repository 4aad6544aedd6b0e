// SPDX-License-Identifier: Apache-2.0
#include "plugins/plan_difference.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace patchbay::plugins {

namespace {

using ByName = std::map<std::string_view, const InstancePlan*>;

ByName by_name(const std::vector<InstancePlan>& instances) {
    ByName names;
    for (const InstancePlan& instance : instances) {
        names.emplace(instance.name, &instance);
    }
    return names;
}

auto content_of(const config::CertRequest& request) {
    return std::tie(request.identifier, request.ledger_id, request.not_before, request.not_after,
                    request.public_key, request.message_format, request.save_path);
}

bool same_requests(const InstancePlan& a, const InstancePlan& b) {
    return a.allow_missing_certificates == b.allow_missing_certificates &&
           std::equal(a.cert_requests.begin(), a.cert_requests.end(), b.cert_requests.begin(),
                      b.cert_requests.end(), [](const auto& one, const auto& other) {
                          return content_of(one) == content_of(other);
                      });
}

bool same_dependencies(const InstancePlan& a, const InstancePlan& b) {
    return std::equal(a.dependencies.begin(), a.dependencies.end(), b.dependencies.begin(),
                      b.dependencies.end(),
                      [](const DependencyPlan& one, const DependencyPlan& other) {
                          return one.public_id == other.public_id && one.instance == other.instance;
                      });
}

bool same_ids(const std::vector<config::Reference>& a, const std::vector<config::Reference>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const config::Reference& one, const config::Reference& other) {
                          return one.id == other.id;
                      });
}

auto mailbox_of(const config::ConnectionLimits& limits) {
    return std::tie(limits.mailbox.envelopes, limits.mailbox.bytes);
}

auto limits_of(const config::ConnectionLimits& limits) {
    return std::tie(limits.timeouts.connect, limits.timeouts.send, limits.timeouts.disconnect,
                    limits.max_in_flight, limits.ordered_sends, limits.max_thread_workers,
                    limits.lane_limit);
}

auto policy_of(const config::ConnectionLimits& limits) {
    return std::tie(limits.on_failure, limits.reconnect.attempts, limits.reconnect.initial_delay,
                    limits.reconnect.max_delay, limits.reconnect.jitter);
}

/// The manifest of a planned instance is never null, but for those that tests make.
void compare_manifests(const InstancePlan& a, const InstancePlan& b, std::vector<PlanPart>& parts) {
    if (a.manifest == b.manifest) {
        return;
    }
    if (a.manifest == nullptr || b.manifest == nullptr) {
        parts.push_back(PlanPart::class_name);
        return;
    }
    if (a.manifest->class_name != b.manifest->class_name) {
        parts.push_back(PlanPart::class_name);
    }
    if (!same_ids(a.manifest->excluded_protocols, b.manifest->excluded_protocols) ||
        !same_ids(a.manifest->restricted_to_protocols, b.manifest->restricted_to_protocols)) {
        parts.push_back(PlanPart::protocols);
    }
}

/// In the order of `PlanPart`: what asks for more comes first.
std::vector<PlanPart> parts_that_differ(const InstancePlan& a, const InstancePlan& b) {
    std::vector<PlanPart> parts;
    const auto unless = [&parts](bool same, PlanPart part) {
        if (!same) {
            parts.push_back(part);
        }
    };
    unless(a.class_id == b.class_id && a.component_id == b.component_id, PlanPart::class_id);
    unless(a.library == b.library, PlanPart::library);
    compare_manifests(a, b, parts);
    unless(a.is_abstract == b.is_abstract, PlanPart::is_abstract);
    unless(mailbox_of(a.limits) == mailbox_of(b.limits), PlanPart::mailbox);
    unless(a.config_json == b.config_json, PlanPart::config);
    unless(same_requests(a, b), PlanPart::cert_requests);
    unless(limits_of(a.limits) == limits_of(b.limits), PlanPart::limits);
    unless(same_dependencies(a, b), PlanPart::dependencies);
    unless(policy_of(a.limits) == policy_of(b.limits), PlanPart::policy);
    unless(a.required == b.required, PlanPart::required);
    std::sort(parts.begin(), parts.end());
    return parts;
}

ChangeKind kind_of(PlanPart part) {
    if (part < PlanPart::config) {
        return ChangeKind::replaced;
    }
    return part < PlanPart::policy ? ChangeKind::renewed : ChangeKind::reconfigured;
}

bool is_broken(const InstancePlan& left_out) {
    return std::any_of(left_out.errors.begin(), left_out.errors.end(), [](const Error& error) {
        return error.code == "graph.class_broken" || error.code == "graph.class_missing";
    });
}

/// Fails only because something that it depends on does.
bool misses_only_dependencies(const InstancePlan& left_out) {
    return !left_out.errors.empty() &&
           std::all_of(left_out.errors.begin(), left_out.errors.end(), [](const Error& error) {
               return error.code.rfind("graph.dependency_", 0) == 0;
           });
}

/// Dependencies before dependents; those between which there is no order keep the one they have.
std::vector<InstancePlan> in_order(std::vector<InstancePlan> instances) {
    std::vector<InstancePlan> ordered;
    std::set<std::string> missing;
    for (const InstancePlan& instance : instances) {
        missing.insert(instance.name);
    }
    while (!instances.empty()) {
        const auto next =
            std::find_if(instances.begin(), instances.end(), [&](const InstancePlan& instance) {
                return std::none_of(
                    instance.dependencies.begin(), instance.dependencies.end(),
                    [&](const DependencyPlan& edge) { return missing.count(edge.instance) != 0; });
            });
        // A circle cannot come from two plans that are in order each, but nothing may hang on it.
        const auto taken = next == instances.end() ? instances.begin() : next;
        missing.erase(taken->name);
        ordered.push_back(std::move(*taken));
        instances.erase(taken);
    }
    return ordered;
}

bool same_error(const Error& a, const Error& b) {
    return a.code == b.code && a.message == b.message && a.location.file == b.location.file &&
           a.location.line == b.location.line && a.location.column == b.location.column;
}

}  // namespace

std::string_view to_string(PlanPart part) {
    switch (part) {
        case PlanPart::class_id:
            return "class";
        case PlanPart::library:
            return "library";
        case PlanPart::class_name:
            return "class_name";
        case PlanPart::is_abstract:
            return "is_abstract";
        case PlanPart::protocols:
            return "protocols";
        case PlanPart::mailbox:
            return "mailbox";
        case PlanPart::config:
            return "config";
        case PlanPart::cert_requests:
            return "cert_requests";
        case PlanPart::limits:
            return "limits";
        case PlanPart::dependencies:
            return "dependencies";
        case PlanPart::policy:
            return "policy";
        case PlanPart::required:
            return "required";
    }
    return "unknown";
}

std::string_view to_string(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::added:
            return "added";
        case ChangeKind::removed:
            return "removed";
        case ChangeKind::replaced:
            return "replaced";
        case ChangeKind::renewed:
        case ChangeKind::reconfigured:
            return "changed";
    }
    return "unknown";
}

std::vector<InstanceDifference> PlanDifference::all() const {
    std::vector<InstanceDifference> answer;
    for (const std::string& name : removed) {
        answer.push_back({name, ChangeKind::removed});
    }
    for (const std::string& name : added) {
        answer.push_back({name, ChangeKind::added});
    }
    answer.insert(answer.end(), changed.begin(), changed.end());
    return answer;
}

PlanDifference difference(const Plan& running, const Plan& next) {
    PlanDifference answer;
    const ByName before = by_name(running.instances);
    const ByName after = by_name(next.instances);
    for (auto each = running.instances.rbegin(); each != running.instances.rend(); ++each) {
        if (after.count(each->name) == 0) {
            answer.removed.push_back(each->name);
        }
    }
    std::set<std::string_view> replaced;
    for (const InstancePlan& instance : next.instances) {
        const auto known = before.find(instance.name);
        if (known == before.end()) {
            answer.added.push_back(instance.name);
            continue;
        }
        std::vector<PlanPart> parts = parts_that_differ(*known->second, instance);
        const bool bound_anew =
            std::any_of(instance.dependencies.begin(), instance.dependencies.end(),
                        [&](const DependencyPlan& edge) { return replaced.count(edge.instance); });
        if (bound_anew &&
            std::find(parts.begin(), parts.end(), PlanPart::dependencies) == parts.end()) {
            parts.push_back(PlanPart::dependencies);
            std::sort(parts.begin(), parts.end());
        }
        if (parts.empty()) {
            answer.unchanged.push_back(instance.name);
            continue;
        }
        const ChangeKind kind = kind_of(parts.front());
        if (kind == ChangeKind::replaced) {
            replaced.insert(instance.name);
        }
        answer.changed.push_back({instance.name, kind, std::move(parts)});
    }
    return answer;
}

std::string parts_text(const std::vector<PlanPart>& parts) {
    std::string text;
    for (const PlanPart part : parts) {
        text += (text.empty() ? "" : ", ") + std::string(to_string(part));
    }
    return text;
}

std::vector<Error> keep_running(Plan& next, const Catalogue& catalogue, const Plan& running) {
    const ByName planned = by_name(next.instances);
    const ByName left_out = by_name(next.left_out);
    std::set<std::string, std::less<>> kept;
    std::vector<Error> reasons;
    for (const InstancePlan& instance : running.instances) {
        if (planned.count(instance.name) != 0) {
            continue;
        }
        if (const auto failed = left_out.find(instance.name); failed != left_out.end()) {
            const InstancePlan& plan = *failed->second;
            // The running plan is in order: dependencies are decided about first.
            const bool stays = std::all_of(
                plan.dependencies.begin(), plan.dependencies.end(), [&](const auto& edge) {
                    return kept.count(edge.instance) != 0 || planned.count(edge.instance) != 0;
                });
            if (plan.state == PlanState::failed &&
                (is_broken(plan) || (misses_only_dependencies(plan) && stays))) {
                kept.insert(instance.name);
                reasons.insert(reasons.end(), plan.errors.begin(), plan.errors.end());
            }
            continue;
        }
        // An automatic one of a plugin whose connection.yaml cannot be read has no name any more.
        const auto unreadable = std::find_if(
            catalogue.plugins.begin(), catalogue.plugins.end(), [&](const FoundPlugin& plugin) {
                return plugin.manifest == nullptr && plugin.folder == instance.folder;
            });
        if (unreadable != catalogue.plugins.end()) {
            kept.insert(instance.name);
            reasons.insert(reasons.end(), unreadable->errors.begin(), unreadable->errors.end());
        }
    }
    if (kept.empty()) {
        return reasons;
    }
    for (const InstancePlan& instance : running.instances) {
        if (kept.count(instance.name) != 0) {
            next.instances.push_back(instance);
        }
    }
    next.instances = in_order(std::move(next.instances));
    next.left_out.erase(
        std::remove_if(next.left_out.begin(), next.left_out.end(),
                       [&](const InstancePlan& plan) { return kept.count(plan.name) != 0; }),
        next.left_out.end());
    next.problems.erase(
        std::remove_if(next.problems.begin(), next.problems.end(),
                       [&](const Error& problem) {
                           return std::any_of(
                               reasons.begin(), reasons.end(),
                               [&](const Error& reason) { return same_error(problem, reason); });
                       }),
        next.problems.end());
    return reasons;
}

}  // namespace patchbay::plugins
