// SPDX-License-Identifier: Apache-2.0
#include "app/host_view.hpp"

#include "config/host_configuration_reader.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::app {

namespace {

bool same(const Error& left, const Error& right) {
    return left.code == right.code && left.message == right.message &&
           left.location.file == right.location.file && left.location.line == right.location.line;
}

/// The same problem may stand with a plugin and with the instance that needs it.
void add_once(std::vector<Error>& all, const std::vector<Error>& more) {
    for (const Error& error : more) {
        if (std::none_of(all.begin(), all.end(),
                         [&error](const Error& known) { return same(known, error); })) {
            all.push_back(error);
        }
    }
}

}  // namespace

config::Checked<HostView> load_host_view(const std::string& path) {
    config::Checked<config::HostConfiguration> configuration =
        config::read_host_configuration(path);
    if (!configuration) {
        return tl::unexpected<config::Problems>(std::move(configuration.error()));
    }
    HostView view;
    view.configuration = std::move(*configuration);
    view.catalogue = plugins::discover(plugins::discovery_options(view.configuration));
    view.plan = plugins::resolve(view.configuration, view.catalogue);
    return view;
}

HostView view_without_configuration() {
    HostView view;
    view.catalogue = plugins::discover(plugins::discovery_options(view.configuration));
    return view;
}

std::vector<Error> errors_of(const HostView& view) {
    std::vector<Error> errors;
    add_once(errors, view.catalogue.problems);
    add_once(errors, view.plan.problems);
    for (const plugins::InstancePlan& instance : view.plan.left_out) {
        if (instance.state == plugins::PlanState::failed) {
            add_once(errors, instance.errors);
        }
    }
    for (const plugins::FoundPlugin& plugin : view.catalogue.plugins) {
        if (plugin.autostart) {
            add_once(errors, plugin.errors);
        }
    }
    return errors;
}

std::vector<Error> warnings_of(const HostView& view) {
    std::vector<Error> warnings;
    add_once(warnings, view.plan.warnings);
    for (const plugins::FoundPlugin& plugin : view.catalogue.plugins) {
        add_once(warnings, plugin.warnings);
        if (!plugin.autostart) {
            add_once(warnings, plugin.errors);
        }
    }
    const std::vector<Error> errors = errors_of(view);
    std::erase_if(warnings, [&errors](const Error& warning) {
        return std::any_of(errors.begin(), errors.end(),
                           [&warning](const Error& error) { return same(error, warning); });
    });
    return warnings;
}

}  // namespace patchbay::app
