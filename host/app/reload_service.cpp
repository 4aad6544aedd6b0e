// SPDX-License-Identifier: Apache-2.0
#include "app/reload_service.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

using Clock = std::chrono::steady_clock;

control::Descriptor wake_descriptor() {
    control::Descriptor made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (made.number() < 0) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    return made;
}

}  // namespace

ReloadService::ReloadService(plugins::ConnectionHost& connections, LiveConfiguration& configuration,
                             events::EventSink& events)
    : connections_(connections),
      configuration_(configuration),
      events_(events),
      wake_(wake_descriptor()),
      thread_([this] { run(); }) {}

ReloadService::~ReloadService() {
    end();
}

void ReloadService::wake() {
    const std::uint64_t one = 1;
    (void)!::write(wake_.number(), &one, sizeof(one));
}

bool ReloadService::take(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_ || jobs_.size() >= capacity) {
            return false;
        }
        jobs_.push_back(std::move(job));
    }
    wake();
    return true;
}

bool ReloadService::request(ReloadOrder order, Done done) {
    return take({std::move(order), std::move(done)});
}

bool ReloadService::perform(std::function<void()> work) {
    Job job;
    job.other = [work = std::move(work)](bool) { work(); };
    return take(std::move(job));
}

bool ReloadService::apply(bool dry_run, Applied done) {
    Job job;
    job.other = [this, dry_run, done = std::move(done)](bool ended) {
        ApplyOutcome outcome;
        if (ended) {
            outcome.configuration.problems.push_back(
                {ErrorClass::disconnected, "reload.not_running", "the host is stopping", {}});
        } else {
            outcome = apply_now(dry_run);
        }
        if (done) {
            done(std::move(outcome));
        }
    };
    return take(std::move(job));
}

void ReloadService::watch() {
    Job job;
    job.other = [this](bool ended) {
        if (!ended) {
            watch_again();
        }
    };
    (void)take(std::move(job));
}

void ReloadService::end() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void ReloadService::run() {
    for (;;) {
        std::optional<Job> job;
        bool ended = false;
        {
            const std::lock_guard lock(mutex_);
            ended = ended_;
            if (!jobs_.empty()) {
                job = std::move(jobs_.front());
                jobs_.pop_front();
            }
        }
        if (!job) {
            if (ended) {
                return;
            }
            look_at_folders();
            wait();
            continue;
        }
        if (job->other) {
            job->other(ended);
            continue;
        }
        std::vector<ReloadOutcome> outcomes;
        if (ended) {
            for (const std::string& instance : job->order.instances) {
                outcomes.push_back(
                    {instance, failure(ErrorClass::disconnected, "reload.not_running",
                                       "the host is stopping")});
            }
        } else {
            outcomes = reload(job->order);
        }
        if (job->done) {
            job->done(std::move(outcomes));
        }
    }
}

void ReloadService::wait() {
    int limit = -1;
    for (const auto& [folder, due] : due_) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(due.at - Clock::now()).count() +
            1;
        const int wanted = static_cast<int>(std::clamp<std::int64_t>(left, 0, settle_time.count()));
        limit = limit < 0 ? wanted : std::min(limit, wanted);
    }
    std::array<pollfd, 2> descriptors{
        pollfd{wake_.number(), POLLIN, 0},
        pollfd{watch_ ? watch_->descriptor() : -1, POLLIN, 0},
    };
    (void)::poll(descriptors.data(), descriptors.size(), limit);
    std::uint64_t count = 0;
    (void)!::read(wake_.number(), &count, sizeof(count));
}

void ReloadService::note(const std::vector<FolderChange>& changes) {
    for (const FolderChange& change : changes) {
        Due& due = due_[change.folder];
        due.at = Clock::now() + settle_time;
        due.anew = due.anew || change.anew;
    }
}

void ReloadService::look_at_folders() {
    if (!watch_) {
        return;
    }
    note(watch_->take_changes());
    std::vector<std::string> changed;
    bool anew = false;
    for (auto each = due_.begin(); each != due_.end();) {
        if (each->second.at > Clock::now()) {
            ++each;
            continue;
        }
        // A folder without an instance may have become complete.
        anew = anew || each->second.anew || folders_.instances.count(each->first) == 0;
        changed.push_back(each->first);
        each = due_.erase(each);
    }
    if (anew) {
        (void)configuration_.apply(connections_, ConfigurationScope::folders, false);
        watch_again();
    }
    for (const std::string& folder : changed) {
        if (const auto known = folders_.instances.find(folder); known != folders_.instances.end()) {
            (void)connections_.reload({known->second, false});  // what became of it is an event
        }
    }
}

void ReloadService::watch_again() {
    std::optional<FolderWatch> before = std::exchange(watch_, std::nullopt);
    const WatchedFolders former = std::exchange(folders_, watched_folders(*configuration_.view()));
    std::vector<Error> problems;
    if (!folders_.empty()) {
        Result<FolderWatch> made = app::watch(folders_, problems);
        if (made) {
            watch_.emplace(std::move(*made));
        } else {
            problems.push_back(made.error());
        }
    }
    if (before) {
        note(before->take_changes());
    }
    // What is new may have changed between being read and being watched.
    for (const auto& [now, earlier] : {std::pair(&folders_.searched, &former.searched),
                                       std::pair(&folders_.folders, &former.folders)}) {
        for (const std::string& folder : *now) {
            if (std::find(earlier->begin(), earlier->end(), folder) == earlier->end()) {
                due_[folder] = {Clock::now() + settle_time, true};
            }
        }
    }
    std::set<std::string> now;
    for (const Error& problem : problems) {
        if (told_.count(problem.message) == 0) {
            events_.publish({events::Level::warning,
                             "plugins",
                             problem.code,
                             problem.message + "; reload the plugin by command.",
                             {}});
        }
        now.insert(problem.message);
    }
    told_ = std::move(now);
}

ApplyOutcome ReloadService::apply_now(bool dry_run) {
    ApplyOutcome outcome;
    outcome.configuration =
        configuration_.apply(connections_, ConfigurationScope::everything, dry_run);
    if (dry_run || outcome.configuration.refused()) {
        return outcome;
    }
    watch_again();
    outcome.reloads = reload({});
    return outcome;
}

std::vector<ReloadOutcome> ReloadService::reload(const ReloadOrder& order) {
    std::vector<std::string> names = order.instances;
    if (names.empty()) {
        for (const plugins::InstanceStatus& status : connections_.status()) {
            names.push_back(status.name);
        }
    }
    std::vector<ReloadOutcome> outcomes;
    std::set<std::string> libraries;
    for (const std::string& name : names) {
        const auto instance = connections_.find(name);
        const std::string library = instance == nullptr ? "" : instance->plan()->library;
        if (library.empty() ? order.instances.empty() : !libraries.insert(library).second) {
            continue;  // abstract ones have no library; of several instances one is enough
        }
        outcomes.push_back({name, connections_.reload({name, order.retry, order.lose_state})});
    }
    return outcomes;
}

}  // namespace patchbay::app
