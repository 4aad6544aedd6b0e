// SPDX-License-Identifier: Apache-2.0
#include "app/host_view.hpp"

#include "config/host_configuration_reader.hpp"
#include "plugins/check.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"

#include <utility>

namespace patchbay::app {

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
    return plugins::check(view.catalogue, view.plan).problems;
}

std::vector<Error> warnings_of(const HostView& view) {
    return plugins::check(view.catalogue, view.plan).warnings;
}

}  // namespace patchbay::app
