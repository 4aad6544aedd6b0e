// SPDX-License-Identifier: Apache-2.0
#include "plugins/connection_host.hpp"
#include "plugins/duration.hpp"
#include "plugins/platform_child.hpp"
#include "plugins/preflight.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>
#include <utility>

namespace patchbay::plugins {
namespace {

/// At how the new code does. Trouble ends the wait of its own instance at once.
constexpr std::chrono::milliseconds between_looks{5};

std::string milliseconds_text(std::uint64_t nanoseconds) {
    const std::uint64_t microseconds = nanoseconds / 1'000;
    const std::string digits = std::to_string(1'000 + microseconds % 1'000).substr(1);
    return std::to_string(microseconds / 1'000) + '.' + digits + " ms";
}

std::string names_of(const std::vector<ReloadedInstance>& instances) {
    std::string names;
    for (const ReloadedInstance& instance : instances) {
        names += (names.empty() ? "" : ", ") + instance.name;
    }
    return names;
}

/// Whether the library's bytes are to blame, as against the machine, the host, or what the operator
/// may still decide: then the same bytes may do better the next time.
bool blames_the_library(const Error& error) {
    static constexpr std::array elsewhere{
        "reload.",           "proof.",         "listen.", "plugin.copy_failed", "plugin.run_folder",
        "probe.not_started", "probe.cancelled"};
    return std::none_of(elsewhere.begin(), elsewhere.end(),
                        [&](std::string_view begin) { return error.code.rfind(begin, 0) == 0; });
}

}  // namespace

std::string_view to_string(ReloadStep step) {
    switch (step) {
        case ReloadStep::check:
            return "check";
        case ReloadStep::probe:
            return "probe";
        case ReloadStep::load:
            return "load";
        case ReloadStep::prepare:
            return "prepare";
        case ReloadStep::swap:
            return "swap";
        case ReloadStep::probation:
            return "probation";
    }
    return "unknown";
}

std::vector<ConnectionHost::Member*> ConnectionHost::members_of(const std::string& library) {
    std::vector<Member*> members;
    for (Member& member : members_) {
        if (member.instance->plan()->library == library) {
            members.push_back(&member);
        }
    }
    return members;
}

Library::Check ConnectionHost::probe_of(const std::string& library, const PlanChanges& changes) {
    if (!options_.probe.enabled()) {
        return {};
    }
    ProbeOrder order;
    order.parent = platform::process_number();
    order.identity = options_.identity;
    for (const Member* member : members_of(library)) {
        const auto change = changes.find(member->instance->name());
        order.instances.push_back(change == changes.end() ? *member->instance->plan()
                                                          : *change->second.plan);
        order.plugin = order.instances.back().class_id;
    }
    return [this, order = std::move(order)](const PrivateCopy& copy) {
        ProbeOrder complete = order;
        complete.library = copy.file.string();
        complete.folder = (copy.file.parent_path() / "probe").string();
        return probe_library(complete, options_.probe, [this] {
            const std::lock_guard lock(mutex_);
            return stopped_;
        });
    };
}

ConnectionHost::NextGeneration ConnectionHost::load_next(const InstancePlan& plan, bool retry,
                                                         const PlanChanges& changes) {
    struct Progress {
        std::string sha256;
        std::atomic<ReloadStep> step{ReloadStep::check};
        std::atomic<std::uint64_t> probe_time{0};
    };
    // Shared, because a load that does not return in time goes on without us.
    const auto progress = std::make_shared<Progress>();
    const auto& current = generations_[plan.library];
    const std::string running = current == nullptr ? "" : current->library().copy().sha256;
    const Library::Check check =
        [this, progress, running, retry, manifest = plan.manifest, library = plan.library,
         probe = probe_of(plan.library, changes)](const PrivateCopy& copy) -> Result<void> {
        progress->sha256 = copy.sha256;
        if (copy.sha256 == running) {
            return failure(ErrorClass::invalid, "reload.unchanged", "the library has not changed");
        }
        if (const auto reason = quarantine_.reason(library, copy.sha256); reason && !retry) {
            return failure(ErrorClass::invalid, "reload.quarantined",
                           "these bytes failed before (" + reason->message + " [" + reason->code +
                               "]) and have not changed since");
        }
        Preflight found = preflight(copy.file.string(), *manifest);
        if (!found.errors.empty()) {
            Error& error = found.errors.front();
            error.location.file = library;  // the operator's; the copy is gone when it is read
            return tl::unexpected(std::move(error));
        }
        if (probe) {
            progress->step.store(ReloadStep::probe);
            const std::uint64_t begin = clock_.monotonic();
            auto tried = probe(copy);
            progress->probe_time.store(clock_.monotonic() - begin);
            if (!tried) {
                return tried;
            }
        }
        progress->step.store(ReloadStep::load);
        return {};
    };
    NextGeneration next{PluginGeneration::load(runs_, plan.library, plan.class_id,
                                               generation_numbers_[plan.library] + 1,
                                               options_.identity, plan.limits.timeouts.connect,
                                               events_, check, options_.probe.time_limit())};
    next.step = progress->step.load();
    next.probe_time = progress->probe_time.load();
    if (next.generation) {
        ++generation_numbers_[plan.library];
        next.sha256 = (*next.generation)->library().copy().sha256;
    } else if (next.generation.error().code != "plugin.hung" || next.step == ReloadStep::probe) {
        next.sha256 = progress->sha256;  // nobody writes there any more
    }
    return next;
}

Result<ReloadReport> ConnectionHost::reload(const ReloadRequest& request) {
    const std::unique_lock one(reload_mutex_, std::try_to_lock);
    if (!one.owns_lock()) {
        return failure(ErrorClass::overloaded, "reload.in_progress",
                       "another reload is in progress; wait for its end");
    }
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopped_) {
            return failure(ErrorClass::invalid, "reload.not_running",
                           std::string("the host is ") + (stopped_ ? "stopping" : "starting"));
        }
    }
    const std::shared_ptr<Instance> named = find(request.instance);
    if (named == nullptr) {
        return failure(ErrorClass::invalid, "reload.unknown_instance",
                       "there is no instance called `" + request.instance + '`');
    }
    const std::shared_ptr<const InstancePlan> kept = named->plan();
    const InstancePlan& plan = *kept;
    if (plan.library.empty()) {
        return failure(ErrorClass::invalid, "reload.no_library",
                       plan.name + " is abstract and has no library");
    }
    return reload_library(plan, request, {});
}

Result<ReloadReport> ConnectionHost::reload_library(const InstancePlan& plan,
                                                    const ReloadRequest& request,
                                                    const PlanChanges& changes) {
    const std::uint64_t begin = clock_.monotonic();
    ReloadReport report;
    report.class_id = plan.class_id;
    report.library = plan.library;
    auto [loaded, reached, sha256, probe_time] = load_next(plan, request.retry, changes);
    report.sha256 = sha256;
    report.probe_time = probe_time;
    std::vector<Member*> members = members_of(plan.library);
    if (!loaded && !changes.empty() && generations_[plan.library] != nullptr) {
        // A library that cannot take its place is told by the reload; the one that runs serves.
        loaded = generations_[plan.library];
        report.sha256 = generations_[plan.library]->library().copy().sha256;
        members = {&members_[by_name_.find(request.instance)->second]};
    }
    if (!loaded) {
        if (loaded.error().code == "reload.unchanged") {
            report.unchanged = true;
            report.generation = generations_[plan.library]->number();
            return report;
        }
        return tl::unexpected(reload_failed(plan, reached, report.sha256, loaded.error()));
    }
    std::shared_ptr<PluginGeneration> next = std::move(*loaded);
    report.generation = next->number();
    const auto failed = [&](ReloadStep step, Error error) {
        // With another configuration it says nothing of the library's bytes.
        if (changes.empty()) {
            return reload_failed(plan, step, report.sha256, std::move(error));
        }
        error.message = "the step `" + std::string(to_string(step)) + "` failed: " + error.message;
        return error;
    };
    const bool probation = options_.reload_probation.count() > 0;
    const auto change_of = [&changes](const Member& member) {
        const auto found = changes.find(member.instance->name());
        return found == changes.end() ? std::nullopt : std::optional(found->second);
    };
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (auto prepared =
                members[i]->instance->prepare(next, change_of(*members[i]), request.lose_state);
            !prepared) {
            while (i > 0) {
                members[--i]->instance->discard();
            }
            return tl::unexpected(failed(ReloadStep::prepare, prepared.error()));
        }
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        Instance& instance = *members[i]->instance;
        auto swapped = instance.swap(options_.drain_timeout, probation);
        if (!swapped) {
            for (std::size_t k = i + 1; k < members.size(); ++k) {
                members[k]->instance->discard();
            }
            for (std::size_t k = 0; k < i; ++k) {
                (void)members[k]->instance->drain_retired(options_.drain_timeout,
                                                          [] { return false; });
                (void)members[k]->instance->retire();
            }
            Error error = swapped.error();
            if (i != 0) {
                error.message += "; generation " + std::to_string(report.generation) +
                                 " runs already in " + names_of(report.instances);
            }
            return tl::unexpected(failed(ReloadStep::swap, std::move(error)));
        }
        report.instances.push_back({instance.name(), *swapped});
    }
    const std::uint64_t swapped = clock_.monotonic();
    report.reload_time = swapped - begin - report.probe_time;
    if (std::optional<Error> trouble = watch_over(report, swapped, members)) {
        return tl::unexpected(
            failed(ReloadStep::probation,
                   swap_back(report, std::move(next), members, std::move(*trouble))));
    }
    finish(report, std::move(next), members, swapped);
    return report;
}

std::optional<Error> ConnectionHost::watch_over(ReloadReport& report, std::uint64_t swapped,
                                                const std::vector<Member*>& members) {
    const std::uint64_t deadline = swapped + nanoseconds(options_.reload_probation);
    std::optional<Error> trouble;
    const auto look = [&](std::chrono::nanoseconds patience) {
        bool over = true;
        for (const Member* member : members) {
            Probation probation = member->instance->probation(deadline, patience);
            over = over && probation.over;
            if (probation.trouble && !trouble) {
                trouble = std::move(probation.trouble);
                trouble->message = member->instance->name() + ": " + trouble->message;
            }
        }
        return over || trouble;
    };
    const auto is_wanted = [&] {
        (void)look({});
        return trouble.has_value();
    };
    for (std::size_t i = 0; i < members.size() && !trouble; ++i) {
        report.instances[i].abandoned =
            members[i]->instance->drain_retired(options_.drain_timeout, is_wanted);
    }
    while (!look(between_looks)) {
    }
    return trouble;
}

Error ConnectionHost::swap_back(const ReloadReport& report, std::shared_ptr<PluginGeneration> next,
                                const std::vector<Member*>& members, Error error) {
    std::string stuck;
    for (Member* member : members) {
        if (auto back = member->instance->swap_back(); !back) {
            stuck += "; " + member->instance->name() +
                     " could not go back: " + back.error().message + " [" + back.error().code + ']';
        }
        (void)member->instance->retire();
    }
    if (!stuck.empty()) {
        error.message += stuck;
        generations_[report.library] = std::move(next);
    }
    return error;
}

void ConnectionHost::finish(ReloadReport& report, std::shared_ptr<PluginGeneration> next,
                            const std::vector<Member*>& members, std::uint64_t swapped) {
    if (next != generations_[report.library]) {
        quarantine_.remove(report.library);
    }
    std::shared_ptr<PluginGeneration> old =
        std::exchange(generations_[report.library], std::move(next));
    for (std::size_t i = 0; i < members.size(); ++i) {
        ReloadedInstance& reloaded = report.instances[i];
        reloaded.not_connected = connect_again(*members[i]);
        reloaded.hung = members[i]->instance->retire();
    }
    report.unloaded = true;
    if (old == generations_[report.library]) {
        return;  // new objects of the same code: `apply` tells
    }
    if (old != nullptr) {
        const std::shared_ptr<PluginGeneration::End> end = old->end();
        old.reset();
        const std::lock_guard lock(end->mutex);
        report.unloaded = end->ended && end->unloaded.gone;
        report.kept_because = end->ended ? end->unloaded.cause : "code of it still runs";
    }
    report.drain_time = clock_.monotonic() - swapped;
    if (!report.unloaded) {
        ++kept_libraries_;
    }
    std::uint64_t pause = 0;
    for (const ReloadedInstance& reloaded : report.instances) {
        pause = std::max(pause, reloaded.pause);
    }
    events_.publish(
        {report.unloaded ? events::Level::info : events::Level::warning, "plugins",
         "plugin.reloaded",
         names_of(report.instances) + " runs generation " + std::to_string(report.generation) +
             " of " + report.class_id + " (sha256 " + report.sha256.substr(0, 12) +
             "): reloaded in " + milliseconds_text(report.reload_time) +
             (report.probe_time == 0
                  ? std::string()
                  : " after a trial of " + milliseconds_text(report.probe_time)) +
             ", traffic paused for " + milliseconds_text(pause) +
             ", the old generation ended after " + milliseconds_text(report.drain_time) +
             (report.unloaded ? "."
                              : ", but its library stays mapped: " + report.kept_because + "."),
         report.instances.empty() ? std::string() : report.instances.front().name});
}

std::optional<Error> ConnectionHost::connect_again(Member& member) {
    Instance& instance = *member.instance;
    if (instance.state() == ConnectionState::connected || instance.status().disabled) {
        return std::nullopt;
    }
    {
        const std::lock_guard lock(mutex_);
        if (const std::string missing = missing_dependency(instance); !missing.empty()) {
            member.waiting = true;
            return Error{
                ErrorClass::disconnected, "connection.dependency", "it waits for " + missing, {}};
        }
        member.waiting = false;
    }
    auto connected = instance.connect();
    if (connected) {
        connected = instance.wait_connected();
    }
    return connected ? std::nullopt : std::optional(connected.error());
}

Error ConnectionHost::reload_failed(const InstancePlan& plan, ReloadStep step,
                                    const std::string& sha256, Error error) {
    ++failed_reloads_;
    const auto running = generations_.find(plan.library);
    const std::string rest =
        running == generations_.end() || running->second == nullptr
            ? "no generation runs"
            : "generation " + std::to_string(running->second->number()) + " goes on";
    events_.publish({events::Level::error, "plugins", "plugin.reload_failed",
                     "The reload of " + plan.class_id + " failed at the step `" +
                         std::string(to_string(step)) + "`: " + to_string(error) + "; " + rest +
                         '.',
                     plan.name});
    if (!sha256.empty() && blames_the_library(error)) {
        quarantine_.add({plan.library, sha256, clock_.wall(), error});
    }
    error.message =
        "the step `" + std::string(to_string(step)) + "` failed: " + error.message + "; " + rest;
    return error;
}

}  // namespace patchbay::plugins
