// SPDX-License-Identifier: Apache-2.0
/// \file
/// What another plan would change in a host that runs one, as a value: what an operator is shown,
/// and what `ConnectionHost::apply` does. Compared is what is run, not how it was written: a line
/// that moved in a file changes nothing.
#pragma once

#include "plugins/catalogue.hpp"
#include "plugins/plan.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// What differs between two plans of one instance.
enum class PlanPart : std::uint8_t {
    // Another instance under the same name: the old one ends before the new one is made.
    class_id,     ///< class, version or component id
    library,      ///< its folder or its library's file
    class_name,   ///< the class of the library that implements it
    is_abstract,  ///< with or without traffic
    protocols,    ///< `excluded_protocols`, `restricted_to_protocols`
    mailbox,      ///< bounds of its mailboxes
    // The same instance with a new object of its class.
    config,         ///< merged `config`
    cert_requests,  ///< the requests, or whether it may do without the proofs
    limits,         ///< time limits, lanes, workers, envelopes in flight
    dependencies,   ///< the entries of `connections`, or the instances that they are bound to
    // The same object.
    policy,    ///< `on_failure`, `reconnect`
    required,  ///< `required`
};

/// "class", "config", ...: what an operator reads.
[[nodiscard]] std::string_view to_string(PlanPart part);

/// How a change of these parts is made.
enum class ChangeKind : std::uint8_t {
    added,
    removed,
    replaced,     ///< ended, and made anew
    renewed,      ///< a new object takes the place of the one that runs, as in a reload
    reconfigured  ///< only the host does something different
};

/// "added", "removed", "replaced", "changed" (for both of the others).
[[nodiscard]] std::string_view to_string(ChangeKind kind);

struct InstanceDifference {
    std::string name;
    ChangeKind kind = ChangeKind::added;
    /// Empty for added and removed ones.
    std::vector<PlanPart> parts{};
};

struct PlanDifference {
    /// Dependents before their dependencies.
    std::vector<std::string> removed;
    /// Dependencies before their dependents.
    std::vector<std::string> added;
    /// Replaced, renewed and reconfigured ones, dependencies before their dependents. Whoever
    /// depends on a replaced one is at least renewed, because it has to be bound anew.
    std::vector<InstanceDifference> changed;
    /// In the order of the next plan.
    std::vector<std::string> unchanged;

    [[nodiscard]] bool empty() const { return removed.empty() && added.empty() && changed.empty(); }
    /// All of them: removed, added, changed.
    [[nodiscard]] std::vector<InstanceDifference> all() const;
};

/// Of the planned instances of both.
[[nodiscard]] PlanDifference difference(const Plan& running, const Plan& next);

/// "config, limits".
[[nodiscard]] std::string parts_text(const std::vector<PlanPart>& parts);

/// Keeps running instances in `next`, with the plan that they have, whose plugin cannot be used at
/// the moment: its library or its connection.yaml is broken, is being written, or is gone although
/// the configuration names it. What depends on them stays with them. Instances whose plugin folder
/// was taken away and that nobody configured are not kept. The answer are their problems, which are
/// then no longer problems of `next`.
std::vector<Error> keep_running(Plan& next, const Catalogue& catalogue, const Plan& running);

}  // namespace patchbay::plugins
