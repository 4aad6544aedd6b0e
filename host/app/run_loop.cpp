// SPDX-License-Identifier: Apache-2.0
#include "app/run_loop.hpp"

#include "app/build_info.hpp"
#include "app/control_request.hpp"
#include "app/exit_code.hpp"
#include "app/host_process.hpp"
#include "app/log.hpp"
#include "app/problem_output.hpp"
#include "app/service_notice.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>

namespace patchbay::app {

namespace {

using Clock = std::chrono::steady_clock;

/// What remains after the second signal for disconnecting.
constexpr std::chrono::seconds patience_when_hurried{2};

sigset_t handled_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/// Start and stop block, so they run on a thread of their own while the loop watches signals.
class RunLoop {
  public:
    RunLoop(events::EventHub& hub, std::unique_ptr<Log>& log, std::ostream& out, std::ostream& err)
        : hub_(hub), log_(log), out_(out), err_(err) {
        const sigset_t signals = handled_signals();
        signals_ = control::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
        wake_ = control::Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        hub_.set_alarm([this] { wake(); });
    }
    RunLoop(const RunLoop&) = delete;
    RunLoop& operator=(const RunLoop&) = delete;
    ~RunLoop() {
        hub_.set_alarm(nullptr);
        join();
    }

    int run(HostView view, const std::string& configuration_path) {
        Result<std::unique_ptr<HostProcess>> host = HostProcess::open(
            std::move(view), configuration_path, hub_,
            [this](const std::string& reason, bool failed) { wish_stop(reason, failed); });
        if (!host) {
            print_problem(err_, "error", host.error());
            return exit_failed;
        }
        host_ = host->get();
        const int code = live();
        host_ = nullptr;
        return code;
    }

  private:
    enum class Worker : std::uint8_t { idle, starting, stopping };

    int live() {
        begin(Worker::starting);
        while (true) {
            wait();
            hub_.tick();
            read_signals();
            if (worker_ != Worker::idle && is_done()) {
                join();
                const Worker finished = std::exchange(worker_, Worker::idle);
                if (finished == Worker::stopping) {
                    return ended();
                }
                if (!started_) {
                    print_problem(err_, "error", started_.error());
                    hub_.flush();
                    return exit_failed;
                }
                tell_ready();
            }
            if (worker_ == Worker::idle && stop_wished()) {
                begin(Worker::stopping);
            }
            if (give_up_at_ && Clock::now() >= *give_up_at_) {
                give_up("the second signal");
            }
        }
    }

    void begin(Worker work) {
        worker_ = work;
        {
            const std::lock_guard lock(mutex_);
            done_ = false;
        }
        if (work == Worker::stopping) {
            notify_service_manager("STOPPING=1\nSTATUS=Draining");
            publish(events::Level::info, "host.stopping", "Stopping: " + reason() + '.');
        }
        thread_ = std::thread([this, work] {
            if (work == Worker::starting) {
                started_ = host_->start();
            } else {
                report_ = host_->stop();
            }
            {
                const std::lock_guard lock(mutex_);
                done_ = true;
            }
            wake();
        });
    }

    void wait() {
        int limit = -1;
        const auto until = [&limit](Clock::time_point time) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(time - Clock::now());
            const auto wanted =
                static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, INT_MAX));
            limit = limit < 0 ? wanted : std::min(limit, wanted);
        };
        if (const std::optional<Clock::time_point> due = hub_.next_due()) {
            until(*due);
        }
        if (give_up_at_) {
            until(*give_up_at_);
        }
        std::array<pollfd, 2> entries = {pollfd{signals_.number(), POLLIN, 0},
                                         pollfd{wake_.number(), POLLIN, 0}};
        (void)::poll(entries.data(), entries.size(), limit);
        std::uint64_t count = 0;
        (void)!::read(wake_.number(), &count, sizeof(count));
    }

    void read_signals() {
        signalfd_siginfo info{};
        while (::read(signals_.number(), &info, sizeof(info)) ==
               static_cast<ssize_t>(sizeof(info))) {
            if (info.ssi_signo == SIGHUP) {
                reload_plugins();
            } else if (!stop_wished()) {
                wish_stop(info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM", false);
                if (worker_ == Worker::starting) {
                    publish(events::Level::info, "host.stop_waits",
                            "Stopping as soon as the start has ended; a second signal does not "
                            "wait.");
                }
            } else if (!give_up_at_) {
                publish(events::Level::warning, "host.hurried", "A second signal: not draining.");
                give_up_at_ = Clock::now() + patience_when_hurried;
                host_->hurry();
            } else {
                give_up("the third signal");
            }
        }
    }

    /// Any thread.
    /// SIGHUP. What becomes of it all is told by events.
    void reload_plugins() {
        const bool taken = worker_ == Worker::idle && host_->reloads().apply(false, {});
        publish(taken ? events::Level::info : events::Level::warning, "host.reload",
                taken ? "SIGHUP: applying the configuration and the plugin folders as they are "
                        "now, and reloading the plugins whose libraries have changed."
                      : "SIGHUP: nothing is reloaded while the host starts or stops.");
    }

    void wish_stop(const std::string& why, bool failed) {
        {
            const std::lock_guard lock(mutex_);
            if (!wish_) {
                wish_ = why;
            }
            failed_ = failed_ || failed;
        }
        wake();
    }
    [[nodiscard]] bool stop_wished() {
        const std::lock_guard lock(mutex_);
        return wish_.has_value();
    }
    [[nodiscard]] std::string reason() {
        const std::lock_guard lock(mutex_);
        return wish_.value_or("");
    }
    [[nodiscard]] bool is_done() {
        const std::lock_guard lock(mutex_);
        return done_;
    }
    void wake() {
        const std::uint64_t one = 1;
        (void)!::write(wake_.number(), &one, sizeof(one));
    }
    void join() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    void tell_ready() {
        const std::vector<plugins::InstanceStatus> all = host_->connections().status();
        std::string connected;
        std::string others;
        std::size_t count = 0;
        for (const plugins::InstanceStatus& status : all) {
            if (status.state == plugins::ConnectionState::connected) {
                connected += (connected.empty() ? "" : ", ") + status.name;
                ++count;
            } else {
                others += (others.empty() ? "" : ", ") + status.name;
            }
        }
        const std::shared_ptr<const HostView> view = host_->view();
        for (const plugins::InstancePlan& plan : view->plan.left_out) {
            if (plan.state == plugins::PlanState::failed) {
                others += (others.empty() ? "" : ", ") + plan.name;
            }
        }
        const config::HostConfiguration& configuration = view->configuration;
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now() - host_->started_at());
        std::string line = "patchbay " + std::string(version()) + " is ready after " +
                           std::to_string(took.count()) + " ms: " + std::to_string(count) +
                           " connected (" + connected + ')';
        if (!others.empty()) {
            line += ", not connected: " + others;
        }
        line += "; data " + configuration.data_dir;
        if (configuration.control.enabled) {
            line += "; control " + control_socket(configuration);
        }
        out_ << line << std::endl;
        notify_service_manager("READY=1\nSTATUS=" + std::to_string(count) + " connected");
        publish(events::Level::info, "host.ready", line + '.');
    }

    int ended() {
        std::string left;
        for (const multiplexer::Leftover& leftover : report_.leftover) {
            left += (left.empty() ? "" : ", ") + leftover.instance + " (" +
                    std::to_string(leftover.queued) + " waiting, " +
                    std::to_string(leftover.in_flight) + " in progress)";
        }
        if (!left.empty()) {
            publish(events::Level::warning, "host.leftover",
                    "Left over: " + left + "; " + std::to_string(report_.abandoned) +
                        " envelopes became dead letters.");
        }
        publish(events::Level::info, "host.stopped",
                report_.clean() ? "Stopped; nothing was left over." : "Stopped.");
        hub_.flush();
        const int code = report_.clean() && !has_failed() ? exit_ok : exit_failed;
        if (!report_.hung.empty()) {
            std::string hung;
            for (const std::string& name : report_.hung) {
                hung += (hung.empty() ? "" : ", ") + name;
            }
            publish(events::Level::error, "host.hung",
                    "Code of these instances does not end: " + hung + '.');
            leave(exit_failed);
        }
        return code;
    }
    [[nodiscard]] bool has_failed() {
        const std::lock_guard lock(mutex_);
        return failed_;
    }

    [[noreturn]] void give_up(const std::string& why) {
        publish(events::Level::error, "host.given_up",
                "Ended at once because of " + why + "; connections were not all disconnected.");
        (void)host_->dead_letters().flush(std::chrono::seconds(1));
        leave(exit_failed);
    }

    /// Without taking anything apart under running code of plugins.
    [[noreturn]] void leave(int code) {
        hub_.flush();
        hub_.set_output(nullptr);
        log_.reset();
        out_.flush();
        (void)::unlink(control_socket(host_->view()->configuration).c_str());
        std::quick_exit(code);
    }

    void publish(events::Level level, std::string code, std::string text) {
        hub_.publish({level, "host", std::move(code), std::move(text)});
    }

    events::EventHub& hub_;
    std::unique_ptr<Log>& log_;
    std::ostream& out_;
    std::ostream& err_;
    HostProcess* host_ = nullptr;
    control::Descriptor signals_;
    control::Descriptor wake_;

    std::mutex mutex_;
    std::optional<std::string> wish_;
    bool failed_ = false;
    bool done_ = false;

    Worker worker_ = Worker::idle;
    std::thread thread_;
    Result<void> started_;
    plugins::StopReport report_;
    std::optional<Clock::time_point> give_up_at_;
};

}  // namespace

void block_signals() {
    const sigset_t signals = handled_signals();
    (void)::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int run_loop(HostView view, const std::string& configuration_path, events::EventHub& hub,
             std::unique_ptr<Log>& log, std::ostream& out, std::ostream& err) {
    RunLoop loop(hub, log, out, err);
    return loop.run(std::move(view), configuration_path);
}

}  // namespace patchbay::app
