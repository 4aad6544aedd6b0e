// SPDX-License-Identifier: Apache-2.0
#include "app/host_process.hpp"

#include "app/build_info.hpp"
#include "app/control_request.hpp"
#include "app/control_verbs.hpp"
#include "app/probe_argument.hpp"
#include "app/routing_view.hpp"

#include <utility>

namespace patchbay::app {

namespace {

multiplexer::Options multiplexer_options(const config::HostConfiguration& configuration) {
    multiplexer::Options options;
    options.hop_limit = configuration.limits.max_hops;
    options.learned_routes = configuration.limits.learned_routes;
    options.learned_route_age = static_cast<std::uint64_t>(
        std::chrono::nanoseconds(configuration.limits.learned_route_age).count());
    return options;
}

storage::DeadLetterStoreOptions store_options(const config::HostConfiguration& configuration) {
    storage::DeadLetterStoreOptions options;
    options.path = configuration.data_dir + "/dead-letters.sqlite";
    options.bounds.max_count = configuration.dead_letters.max_count;
    options.bounds.max_bytes = configuration.dead_letters.max_bytes;
    options.bounds.max_age = static_cast<std::uint64_t>(
        std::chrono::nanoseconds(configuration.dead_letters.max_age).count());
    return options;
}

}  // namespace

const char* to_string(HostStage stage) {
    switch (stage) {
        case HostStage::starting:
            return "starting";
        case HostStage::running:
            return "running";
        case HostStage::stopping:
            break;
    }
    return "stopping";
}

HostProcess::HostProcess(HostView view, std::string configuration_path, events::EventHub& hub,
                         StopWish stop_wish, DataLock lock,
                         std::unique_ptr<storage::DeadLetterStore> dead_letters)
    : hub_(hub),
      configuration_(std::move(view), std::move(configuration_path), hub),
      view_(configuration_.view()),
      stop_wish_(std::move(stop_wish)),
      lock_(std::move(lock)),
      dead_letters_(std::move(dead_letters)),
      state_store_(view_->configuration.data_dir + "/state.sqlite", hub),
      proofs_(view_->configuration.data_dir),
      multiplexer_(multiplexer_options(view_->configuration), clock_, hub, *dead_letters_),
      agents_(view_->configuration, multiplexer_.agents(), hub, clock_) {}

HostProcess::~HostProcess() {
    if (reloads_ != nullptr) {
        reloads_->end();  // answers those who wait, as long as the server can carry it
    }
    if (connections_ != nullptr) {
        {
            const std::lock_guard lock(lanes_in_use_);
            stage_.store(HostStage::stopping);
        }
        connections_->hurry();
        (void)connections_->stop();  // nothing, after `stop`
    }
    drains_.end();
    server_.reset();
    reloads_.reset();
    connections_.reset();
}

Result<std::unique_ptr<HostProcess>> HostProcess::open(HostView view,
                                                       std::string configuration_path,
                                                       events::EventHub& hub, StopWish stop_wish) {
    const config::HostConfiguration& configuration = view.configuration;
    Result<DataLock> lock = DataLock::take(configuration.data_dir);
    if (!lock) {
        return tl::unexpected<Error>(std::move(lock.error()));
    }
    static const multiplexer::SystemClock clock;
    Result<std::unique_ptr<storage::DeadLetterStore>> dead_letters =
        storage::DeadLetterStore::open(store_options(configuration), hub, clock);
    if (!dead_letters) {
        return tl::unexpected<Error>(std::move(dead_letters.error()));
    }
    std::unique_ptr<HostProcess> host(
        new HostProcess(std::move(view), std::move(configuration_path), hub, std::move(stop_wish),
                        std::move(*lock), std::move(*dead_letters)));
    Result<void> opened = host->open_connections();
    if (opened) {
        opened = host->open_control();
    }
    if (!opened) {
        return tl::unexpected<Error>(std::move(opened.error()));
    }
    return host;
}

Result<void> HostProcess::open_connections() {
    plugins::ConnectionHostOptions options;
    options.data_dir = view_->configuration.data_dir;
    options.identity.name = "patchbay " + std::string(version());
    options.agents = &agents_;
    options.proofs = &proofs_;
    options.drain_timeout = view_->configuration.shutdown.drain_timeout;
    options.probe.command = {"/proc/self/exe", probe_argument};
    options.probe.limit = view_->configuration.reload.probe;
    options.reload_probation = view_->configuration.reload.probation;
    options.on_stop_requested = [this](const plugins::StopRequest& request) {
        stop_wish_("the policy of '" + request.instance + "' (" + request.error.message + ")",
                   request.policy == config::FailurePolicy::propagate);
    };
    Result<std::unique_ptr<plugins::ConnectionHost>> made = plugins::ConnectionHost::make(
        view_->plan, multiplexer_, clock_, hub_, &state_store_, std::move(options));
    if (!made) {
        return tl::unexpected<Error>(std::move(made.error()));
    }
    connections_ = std::move(*made);
    reloads_ = std::make_unique<ReloadService>(*connections_, configuration_, hub_);
    agents_.run_on(connections_->scheduler());
    multiplexer_.set_routing(routing_table(view_->configuration));
    return {};
}

Result<void> HostProcess::open_control() {
    if (!view_->configuration.control.enabled) {
        return {};
    }
    control::ServerOptions options;
    options.path = control_socket(view_->configuration);
    control::Registry registry;
    register_control_verbs(registry, *this);
    Result<std::unique_ptr<control::Server>> server =
        control::Server::start(std::move(options), std::move(registry), hub_);
    if (!server) {
        return tl::unexpected<Error>(std::move(server.error()));
    }
    server_ = std::move(*server);
    return {};
}

Result<void> HostProcess::start() {
    Result<void> started = connections_->start();
    HostStage expected = HostStage::starting;
    stage_.compare_exchange_strong(expected, started ? HostStage::running : HostStage::stopping);
    if (started) {
        reloads_->watch();
    }
    return started;
}

plugins::StopReport HostProcess::stop() {
    {
        const std::lock_guard lock(lanes_in_use_);
        stage_.store(HostStage::stopping);
    }
    plugins::StopReport report = connections_->stop();
    reloads_->end();
    drains_.end();
    (void)dead_letters_->flush(std::chrono::seconds(5));
    return report;
}

}  // namespace patchbay::app
