// SPDX-License-Identifier: Apache-2.0
/// \file
/// The configuration of a running host and the way to another one: read again, compared, and
/// applied as far as it can be without a restart. What runs is told by immutable views, which are
/// replaced whole.
#pragma once

#include "app/host_view.hpp"
#include "events/event_hub.hpp"
#include "plugins/connection_host.hpp"

#include <patchbay/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace patchbay::app {

enum class ConfigurationScope : std::uint8_t {
    everything,  ///< the file of the configuration, and the plugin folders
    folders,     ///< the plugin folders, by the configuration that runs
};

/// What became of a change of configuration.
struct ConfigurationOutcome {
    bool dry_run = false;
    /// Why nothing was changed, every problem of one pass; empty when it was applied.
    std::vector<Error> problems{};
    /// What it changes, or for a dry run would change.
    plugins::PlanDifference difference{};
    /// Of each touched instance; empty after a dry run.
    plugins::ApplyReport report{};
    /// Keys of the configuration whose change waits for a restart.
    std::vector<std::string> needs_restart{};
    /// Why instances run on as they were although their plugins cannot be used any more.
    std::vector<Error> kept{};
    /// Instances that are configured or would start by themselves, but cannot.
    std::vector<plugins::InstancePlan> failed{};

    [[nodiscard]] bool refused() const { return !problems.empty(); }
    [[nodiscard]] bool ok() const {
        return problems.empty() && kept.empty() && failed.empty() && report.ok();
    }
};

class LiveConfiguration {
  public:
    /// `path`: file of the configuration. The hub outlives this.
    LiveConfiguration(HostView view, std::string path, events::EventHub& hub);

    /// As of now; never null. Any thread.
    [[nodiscard]] std::shared_ptr<const HostView> view() const;
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Changes that were applied, wholly or in part, and those that were refused. Any thread.
    [[nodiscard]] std::uint64_t applied() const { return applied_.load(); }
    [[nodiscard]] std::uint64_t refused() const { return refused_.load(); }

    /// Reads, compares and applies. Blocks; one thread at a time. Every outcome is an event:
    /// `configuration.applied`, `configuration.refused`, `configuration.needs_restart`, besides
    /// those of the instances; problems of plugin folders that stay are told once. An invalid
    /// configuration changes nothing.
    [[nodiscard]] ConfigurationOutcome apply(plugins::ConnectionHost& connections,
                                             ConfigurationScope scope, bool dry_run);

  private:
    [[nodiscard]] config::Checked<HostView> load(ConfigurationScope scope,
                                                 const HostView& running) const;
    void tell_refusal(const ConfigurationOutcome& outcome, ConfigurationScope scope);
    void tell(const ConfigurationOutcome& outcome, ConfigurationScope scope);
    void tell_news(const ConfigurationOutcome& outcome, const HostView& next);
    /// With the same words as before, they are no news.
    void tell_once(events::Level level, const char* prefix, const Error& error,
                   const std::string& instance, std::set<std::string>& now);

    const std::string path_;
    events::EventHub& hub_;
    mutable std::mutex mutex_;
    std::shared_ptr<const HostView> view_;
    std::atomic<std::uint64_t> applied_{0};
    std::atomic<std::uint64_t> refused_{0};
    /// Problems that stay, as they were told.
    std::set<std::string> told_;
};

}  // namespace patchbay::app
