// SPDX-License-Identifier: Apache-2.0
#include "plugins/probe_child.hpp"

#include "multiplexer/multiplexer.hpp"
#include "plugins/call_router.hpp"
#include "plugins/instance.hpp"
#include "plugins/platform_child.hpp"
#include "plugins/plugin_generation.hpp"
#include "plugins/probe_order.hpp"
#include "plugins/run_folder.hpp"
#include "plugins/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::plugins {
namespace {

/// What goes wrong is worth being quoted by the host.
class WarningsToStandardError final : public events::EventSink {
  public:
    void publish(events::Event event) override {
        if (wants(event.level, event.subsystem)) {
            std::cerr << event.text + '\n' << std::flush;
        }
    }
    [[nodiscard]] bool wants(events::Level level, const std::string&) const override {
        return level >= events::Level::warning;
    }
};

class NoDeadLetters final : public multiplexer::DeadLetterSink {
  public:
    bool put(multiplexer::DeadLetter) override { return true; }
};

class NoListener final : public InstanceListener {
  public:
    void on_state(Instance&, const StateChange&) override {}
    void on_failure(Instance&, FailureKind, const Error&) override {}
};

void report(std::string line) {
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    platform::write_child_report(line);
}

void stage(const std::string& words) {
    report("stage " + words);
}

class Trial {
  public:
    explicit Trial(const ProbeOrder& order) : order_(order) {}

    Result<void> run() {
        stage("loading it");
        auto runs = RunFolder::create(order_.folder);
        if (!runs) {
            return tl::unexpected(runs.error());
        }
        // The host's own time limit is shorter than any of these: it ends the process.
        auto loaded = PluginGeneration::load(std::move(*runs), order_.library, order_.plugin, 1,
                                             order_.identity, std::chrono::hours(1), events_);
        if (!loaded) {
            // What was never copied was not tried; whatever else refuses does so in good order.
            return loaded.error().code == "plugin.copy_failed"
                       ? Result<void>(tl::unexpected(loaded.error()))
                       : Result<void>();
        }
        for (const InstancePlan& plan : order_.instances) {
            if (auto tried = try_instance(plan, *loaded); !tried) {
                return tried;
            }
        }
        stage("unloading it");
        loaded->reset();
        return {};
    }

  private:
    Result<void> try_instance(const InstancePlan& plan,
                              const std::shared_ptr<PluginGeneration>& generation) {
        auto instance = Instance::add(plan, services_, order_.folder, listener_);
        if (!instance) {
            return tl::unexpected(instance.error());
        }
        stage("creating " + plan.name);
        auto created = (*instance)->load(generation);
        if (!created && created.error().code == "plugin.hung") {
            return created;
        }
        stage("destroying " + plan.name);
        (*instance)->stop();
        if ((*instance)->status().phase == InstancePhase::hung) {
            return failure(ErrorClass::failed, "plugin.hung",
                           plan.name + " was destroyed, but code of it still runs");
        }
        return {};
    }

    const ProbeOrder& order_;
    WarningsToStandardError events_;
    NoDeadLetters dead_letters_;
    NoListener listener_;
    multiplexer::SystemClock clock_;
    multiplexer::Multiplexer multiplexer_{{}, clock_, events_, dead_letters_};
    Scheduler scheduler_{clock_};
    CallRouter calls_{scheduler_};
    HostServices services_{events_, clock_,  multiplexer_, scheduler_,
                           calls_,  nullptr, nullptr,      nullptr};
};

}  // namespace

int run_probe() {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    const auto order = read_probe_order(text);
    if (!order) {
        report("failed " + order.error().code + ' ' + order.error().message);
        return 1;
    }
    platform::become_child_of(static_cast<long>(order->parent));
    // Never destroyed: the process ends, and threads of the plugin may still run.
    auto* trial = std::make_unique<Trial>(*order).release();
    const auto tried = trial->run();
    report(tried ? "done" : "failed " + tried.error().code + ' ' + tried.error().message);
    return tried ? 0 : 1;
}

}  // namespace patchbay::plugins
