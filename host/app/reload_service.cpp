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

ReloadService::ReloadService(plugins::ConnectionHost& connections, events::EventSink& events)
    : connections_(connections),
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

bool ReloadService::request(std::vector<std::string> instances, bool retry, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (ended_ || jobs_.size() >= capacity) {
            return false;
        }
        jobs_.push_back({std::move(instances), retry, std::move(done)});
    }
    wake();
    return true;
}

void ReloadService::watch(std::map<std::string, std::string> folders) {
    if (folders.empty()) {
        return;
    }
    const auto tell = [this](const Error& error) {
        events_.publish({events::Level::warning,
                         "plugins",
                         error.code,
                         error.message + "; reload the plugin by command.",
                         {}});
    };
    Result<FolderWatch> watch = FolderWatch::open();
    if (!watch) {
        tell(watch.error());
        return;
    }
    for (const auto& [folder, instance] : folders) {
        if (const Result<void> added = watch->add(folder); !added) {
            tell(added.error());
        }
    }
    {
        const std::lock_guard lock(mutex_);
        new_watch_.emplace(std::move(*watch));
        new_folders_ = std::move(folders);
    }
    wake();
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
            if (new_watch_) {
                watch_ = std::exchange(new_watch_, std::nullopt);
                folders_ = std::move(new_folders_);
                for (const auto& [folder, instance] : folders_) {
                    due_[folder] = Clock::now();  // it may have changed before it was watched
                }
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
        std::vector<ReloadOutcome> outcomes;
        if (ended) {
            for (const std::string& instance : job->instances) {
                outcomes.push_back(
                    {instance, failure(ErrorClass::disconnected, "reload.not_running",
                                       "the host is stopping")});
            }
        } else {
            outcomes = reload(*job);
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
            std::chrono::duration_cast<std::chrono::milliseconds>(due - Clock::now()).count() + 1;
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

void ReloadService::look_at_folders() {
    if (!watch_) {
        return;
    }
    for (const std::string& folder : watch_->take()) {
        due_[folder] = Clock::now() + settle_time;
    }
    for (auto each = due_.begin(); each != due_.end();) {
        if (each->second > Clock::now()) {
            ++each;
            continue;
        }
        if (const auto known = folders_.find(each->first); known != folders_.end()) {
            (void)connections_.reload({known->second, false});  // what became of it is an event
        }
        each = due_.erase(each);
    }
}

std::vector<ReloadOutcome> ReloadService::reload(const Job& job) {
    std::vector<std::string> names = job.instances;
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
        if (library.empty() ? job.instances.empty() : !libraries.insert(library).second) {
            continue;  // abstract ones have no library; of several instances one is enough
        }
        outcomes.push_back({name, connections_.reload({name, job.retry})});
    }
    return outcomes;
}

}  // namespace patchbay::app
