// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/log.hpp"
#include "app/log_settings.hpp"
#include "app/problem_output.hpp"
#include "app/run_loop.hpp"
#include "app/verbs/verbs.hpp"
#include "events/event_hub.hpp"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct RunOptions {
    std::string path;
    std::vector<std::string> log;
    std::string log_format;
};

int run(const RunOptions& options, Invocation& invocation) {
    block_signals();
    config::Checked<HostView> view = load_host_view(options.path);
    if (!view) {
        print_problems(invocation.err, "error", view.error());
        return exit_configuration;
    }
    config::LogFormat format = view->configuration.log.format;
    if (!options.log_format.empty()) {
        format = options.log_format == "json" ? config::LogFormat::json : config::LogFormat::text;
    }
    events::Levels levels;
    if (const Result<void> set = set_levels(levels, view->configuration.log, options.log); !set) {
        print_problem(invocation.err, "error", set.error());
        return exit_usage;
    }
    auto log = std::make_unique<Log>(format);
    events::EventHub hub(levels);
    register_secrets(hub.redactor(), *view);
    hub.set_output([&log](const events::Record& record) { log->write(record); });
    report_plan(hub, *view);
    const bool planned = view->plan.ok() && view->catalogue.problems.empty();
    int code = exit_configuration;
    if (planned) {
        code = run_loop(std::move(*view), options.path, hub, log, invocation.out, invocation.err);
    } else {
        print_problems(invocation.err, "error", view->catalogue.problems);
        print_problems(invocation.err, "error", view->plan.problems);
    }
    hub.flush();
    hub.set_output(nullptr);
    return code;
}

}  // namespace

void add_run(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("run", "Run a host until SIGTERM or SIGINT");
    const auto options = std::make_shared<RunOptions>();
    verb.add_option("config", options->path, "Host configuration")
        .required()
        .environment("PATCHBAY_CONFIG");
    verb.add_option("--log", options->log,
                    "LEVEL, or NAME=LEVEL for a subsystem or an instance (trace, debug, info, "
                    "warning, error, critical, off); may be given several times")
        .repeatable();
    verb.add_option("--log-format", options->log_format, "text or json").one_of({"text", "json"});
    verb.footer(
        "Prints one line when it is ready; the log goes to standard error.\n"
        "SIGHUP applies the edited configuration, as `patchbay apply` does.\n"
        "The first SIGTERM or SIGINT drains, the second one stops at once. Exit codes: 0 stopped\n"
        "with nothing left over; 1 start failed, a policy stopped the host, or something was left\n"
        "over; 2 usage; 78 configuration.");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return run(*options, invocation); };
    });
}

}  // namespace patchbay::app
