// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is to run, and in which order: the resolver's result and the only thing that the life cycle
/// needs to know of discovery. Dependencies come before their dependents; start in this order, stop
/// in the reverse one.
#pragma once

#include "config/cert_request.hpp"
#include "config/connection_manifest.hpp"
#include "config/host_configuration.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// An edge of the graph: one entry of `connections`, bound to an instance.
struct DependencyPlan {
    /// As listed in connection.yaml; the plugin asks for it by this id.
    std::string public_id;
    /// Name of the instance that it is bound to; empty when it could not be bound.
    std::string instance;
    /// Of the entry in the dependent's connection.yaml.
    SourceLocation location{};
};

enum class PlanState : std::uint8_t {
    planned,   ///< to be started
    disabled,  ///< `enabled: false`
    failed,    ///< cannot be started; `errors` says why
};

struct InstancePlan {
    /// Unique in the host.
    std::string name;
    /// `author/INSTANCE:version`.
    std::string component_id;
    /// Public id of the class, with the version that was found.
    std::string class_id;
    /// Null only for a failed instance whose plugin was not found.
    std::shared_ptr<const config::ConnectionManifest> manifest;
    /// Folder of the plugin and its library, absolute. An abstract instance may have no library: it
    /// supplies `config` defaults only, and there is nothing to load.
    std::string folder;
    std::string library;
    /// `config` of the class over the defaults of its abstract dependencies, the instance's
    /// overrides over both; JSON text as the plugin gets it.
    std::string config_json = "{}";
    /// With the overrides applied.
    std::vector<config::CertRequest> cert_requests;
    /// It may connect without them.
    bool allow_missing_certificates = false;
    std::vector<DependencyPlan> dependencies;
    config::ConnectionLimits limits;
    PlanState state = PlanState::planned;
    /// A required instance that cannot be started stops the start of the host.
    bool required = false;
    /// Carries no traffic: no routes lead to it, calls do.
    bool is_abstract = false;
    /// Named by an inbound route: plays the part of upstream's skill.
    bool consumer = false;
    /// Made by `autostart` (or, an abstract one, because a dependent lists it), not by an entry.
    bool automatic = false;
    /// The folder is to be watched.
    bool watch = false;
    /// Of its entry in the host configuration; empty for automatic ones.
    SourceLocation location{};
    /// Why it failed; never empty when `state` is `failed`.
    std::vector<Error> errors;
};

struct Plan {
    /// Those to be started, dependencies first, ties by name.
    std::vector<InstancePlan> instances;
    /// Disabled and failed ones, by name.
    std::vector<InstancePlan> left_out;
    /// Problems that stop the start: of the graph itself and of required instances.
    std::vector<Error> problems;
    /// Worth telling; nothing stops.
    std::vector<Error> warnings;

    [[nodiscard]] bool ok() const { return problems.empty(); }
    /// The instance meant by `text`, among planned and left-out ones: the one of that name, else of
    /// that component id, else the only one of the class with that public id (the version ignored
    /// when no exact match exists). Null when there is none or more than one.
    [[nodiscard]] const InstancePlan* find(std::string_view text) const;
};

}  // namespace patchbay::plugins
