// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs reloads, changes of the configuration, and what else an operator does to instances on a
/// thread of its own, one after the other, because they block and whoever asks must not: a request
/// over the control socket, or a signal.
/// Plugins in folders with `watch: true` are reloaded when a new library was put there and nothing
/// more has come for a moment; when a plugin folder or its connection.yaml came, changed or went,
/// the plugin folders are read anew before that.
#pragma once

#include "app/folder_watch.hpp"
#include "app/live_configuration.hpp"
#include "app/watched_folders.hpp"
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
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::app {

struct ReloadOrder {
    /// Their plugins are reloaded, each once; none means every plugin of the host.
    std::vector<std::string> instances{};
    /// See ReloadRequest.
    bool retry = false;
    bool lose_state = false;
};

struct ReloadOutcome {
    std::string instance;
    Result<plugins::ReloadReport> report;
};

/// What `ReloadService::apply` did: the change, and then the reloads of libraries that differ.
struct ApplyOutcome {
    ConfigurationOutcome configuration;
    /// None after a dry run or a refusal.
    std::vector<ReloadOutcome> reloads{};
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
    using Applied = std::function<void(ApplyOutcome)>;

    /// All outlive the service.
    ReloadService(plugins::ConnectionHost& connections, LiveConfiguration& configuration,
                  events::EventSink& events);
    ReloadService(const ReloadService&) = delete;
    ReloadService& operator=(const ReloadService&) = delete;
    ~ReloadService();

    /// False: too many requests wait, or `end` was called.
    [[nodiscard]] bool request(ReloadOrder order, Done done);
    /// Calls `work` on the service's thread, also after `end`: it has to ask whether the host runs.
    /// False, and it is not called: as with `request`.
    [[nodiscard]] bool perform(std::function<void()> work);
    /// Reads the configuration and the plugin folders again and applies them; then, unless that was
    /// refused, reloads every plugin whose library has changed. False as above.
    [[nodiscard]] bool apply(bool dry_run, Applied done);
    /// Looks at the folders with `watch: true` from now on, and once now. What cannot be watched is
    /// told.
    void watch();
    /// Takes no more requests, answers those that wait with `reload.not_running`, and waits for the
    /// one in progress.
    void end();

  private:
    struct Job {
        ReloadOrder order{};
        Done done{};
        /// Instead of reloads alone.
        std::function<void(bool ended)> other{};
    };
    [[nodiscard]] bool take(Job job);
    void run();
    /// Waits for a request, for a folder or for the end.
    void wait();
    void look_at_folders();
    /// By the view that there is now; what happened to the folders watched before is not lost.
    void watch_again();
    void note(const std::vector<FolderChange>& changes);
    [[nodiscard]] ApplyOutcome apply_now(bool dry_run);
    void wake();
    [[nodiscard]] std::vector<ReloadOutcome> reload(const ReloadOrder& order);

    plugins::ConnectionHost& connections_;
    LiveConfiguration& configuration_;
    events::EventSink& events_;
    control::Descriptor wake_;
    std::mutex mutex_;
    std::deque<Job> jobs_;
    bool ended_ = false;

    // Of the thread.
    struct Due {
        std::chrono::steady_clock::time_point at{};
        /// See FolderChange.
        bool anew = false;
    };
    std::optional<FolderWatch> watch_;
    WatchedFolders folders_;
    /// Folders that changed, and when they are looked at.
    std::map<std::string, Due> due_;
    /// What could not be watched, as it was told.
    std::set<std::string> told_;
    std::thread thread_;
};

}  // namespace patchbay::app
