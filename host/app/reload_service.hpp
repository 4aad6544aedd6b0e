// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs reloads, and what else an operator does to instances, on a thread of its own, one after the
/// other, because they block and whoever asks must not: a request over the control socket, or a
/// signal. Plugins in folders with `watch: true`
/// are reloaded when a new library was put there and nothing more has come for a moment.
#pragma once

#include "app/folder_watch.hpp"
#include "control/endpoint.hpp"
#include "events/event.hpp"
#include "plugins/connection_host.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::app {

struct ReloadOutcome {
    std::string instance;
    Result<plugins::ReloadReport> report;
};

/// Thread-safe.
class ReloadService {
  public:
    /// Bound of requests that wait.
    static constexpr std::size_t capacity = 64;
    /// How long a watched folder must be quiet before its library is looked at.
    static constexpr std::chrono::milliseconds settle_time{200};
    /// Called once, on the service's thread.
    using Done = std::function<void(std::vector<ReloadOutcome>)>;

    /// Both outlive the service.
    ReloadService(plugins::ConnectionHost& connections, events::EventSink& events);
    ReloadService(const ReloadService&) = delete;
    ReloadService& operator=(const ReloadService&) = delete;
    ~ReloadService();

    /// Reloads the plugins of these instances, each plugin once; without any, every plugin of the
    /// host. False: too many requests wait, or `end` was called.
    [[nodiscard]] bool request(std::vector<std::string> instances, bool retry, Done done);
    /// Calls `work` on the service's thread, also after `end`: it has to ask whether the host runs.
    /// False, and it is not called: as with `request`.
    [[nodiscard]] bool perform(std::function<void()> work);
    /// Reloads the plugins of these folders whenever they change from now on, and once now. By
    /// folder: an instance of the plugin in it. What cannot be watched is told. Once.
    void watch(std::map<std::string, std::string> folders);
    /// Takes no more requests, answers those that wait with `reload.not_running`, and waits for the
    /// one in progress.
    void end();

  private:
    struct Job {
        std::vector<std::string> instances;
        bool retry = false;
        Done done;
        /// Instead of a reload.
        std::function<void()> work{};
    };
    [[nodiscard]] bool add(Job job);
    void run();
    /// Waits for a request, for a folder or for the end.
    void wait();
    void look_at_folders();
    void wake();
    [[nodiscard]] std::vector<ReloadOutcome> reload(const Job& job);

    plugins::ConnectionHost& connections_;
    events::EventSink& events_;
    control::Descriptor wake_;
    std::mutex mutex_;
    std::deque<Job> jobs_;
    bool ended_ = false;
    /// Given by `watch`, taken by the thread.
    std::optional<FolderWatch> new_watch_;
    std::map<std::string, std::string> new_folders_;

    // Of the thread.
    std::optional<FolderWatch> watch_;
    std::map<std::string, std::string> folders_;
    /// Folders that changed, and when they are looked at.
    std::map<std::string, std::chrono::steady_clock::time_point> due_;
    std::thread thread_;
};

}  // namespace patchbay::app
