// SPDX-License-Identifier: Apache-2.0
/// \file
/// The resolver's first step: which instances there are, and which instance each dependency means.
#pragma once

#include "config/host_configuration.hpp"
#include "plugins/catalogue.hpp"
#include "plugins/plan.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::plugins {

/// An instance on its way into the plan.
struct InstanceDraft {
    InstancePlan plan;
    /// Null when no plugin offers the class.
    const FoundPlugin* plugin = nullptr;
    /// Null for automatic instances.
    const config::ConnectionInstance* entry = nullptr;
    /// What each of `plan.dependencies` is bound to: index into the drafts, or `npos`.
    std::vector<std::size_t> bound;

    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    [[nodiscard]] bool enabled() const { return plan.state != PlanState::disabled; }
    void fail(Error error) {
        plan.state = PlanState::failed;
        plan.errors.push_back(std::move(error));
    }
};

class InstanceSet {
  public:
    /// Both outlive this.
    InstanceSet(const config::HostConfiguration& configuration, const Catalogue& catalogue);

    /// Makes the instances of the configuration and of autostart and binds their dependencies.
    void build();

    [[nodiscard]] std::deque<InstanceDraft>& drafts() { return drafts_; }
    [[nodiscard]] std::vector<Error>& warnings() { return warnings_; }

  private:
    using Name = std::pair<std::string, std::string>;

    void add_configured();
    void add_autostarted();
    std::size_t add(InstanceDraft draft);
    void use_plugin(InstanceDraft& draft, const FoundPlugin& plugin);
    [[nodiscard]] InstanceDraft automatic(const FoundPlugin& plugin);
    void take_name(InstanceDraft& draft);

    void bind(std::size_t dependent);
    [[nodiscard]] std::size_t target_of(InstanceDraft& dependent,
                                        const config::Reference& reference);
    [[nodiscard]] std::size_t bound_by_configuration(InstanceDraft& dependent,
                                                     const config::Reference& reference,
                                                     const config::Binding& binding);
    [[nodiscard]] std::size_t out_of_range(InstanceDraft& dependent,
                                           const config::Reference& reference,
                                           const InstancePlan& target);
    [[nodiscard]] std::size_t without_instance(InstanceDraft& dependent,
                                               const config::Reference& reference,
                                               bool disabled_one);
    void report_unused_bindings(InstanceDraft& draft);

    const config::HostConfiguration& configuration_;
    const Catalogue& catalogue_;
    /// Plugins and instances by author and name of their class.
    std::map<Name, std::vector<const FoundPlugin*>> classes_;
    std::map<Name, std::vector<std::size_t>> instances_;
    std::map<std::string, std::size_t, std::less<>> names_;
    /// Grows while dependencies are bound; references into it stay valid.
    std::deque<InstanceDraft> drafts_;
    std::vector<Error> warnings_;
};

}  // namespace patchbay::plugins
