// SPDX-License-Identifier: Apache-2.0
#include "app/dev_session.hpp"

#include "app/build_process.hpp"
#include "app/build_schedule.hpp"
#include "app/built_libraries.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/source_watch.hpp"
#include "plugins/shell_text.hpp"

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

using Clock = BuildSchedule::Clock;
using TimePoint = BuildSchedule::TimePoint;

/// Above what connects and drains take by the host's own limits.
constexpr std::chrono::minutes reload_patience{30};
constexpr std::size_t most_names = 3;
/// Files whose content is remembered, and their size.
constexpr std::size_t most_written = 1024;
constexpr std::uintmax_t most_content = 16U << 20U;

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

std::string milliseconds_text(double count) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), count < 100 ? "%.1f ms" : "%.0f ms", count);
    return text.data();
}

/// Blocks the signals that end the session as long as it lives, and tells when one came.
class EndSignals {
  public:
    EndSignals() {
        sigset_t signals;
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        (void)::pthread_sigmask(SIG_BLOCK, &signals, &before_);
        descriptor_ = control::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;
    ~EndSignals() {
        signalfd_siginfo info{};
        (void)!::read(descriptor_.number(), &info, sizeof(info));  // it has done its work
        (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    [[nodiscard]] int descriptor() const { return descriptor_.number(); }

  private:
    sigset_t before_{};
    control::Descriptor descriptor_;
};

/// Nothing for what is no file, or large.
std::optional<std::size_t> content_hash(const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    if (error || size > most_content || !file) {
        return std::nullopt;
    }
    std::string content(static_cast<std::size_t>(size), '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    return std::hash<std::string>()(content);
}

std::vector<LoadedLibrary> loaded_libraries(const nlohmann::json& status) {
    std::vector<LoadedLibrary> loaded;
    for (const nlohmann::json& instance : status.value("instances", nlohmann::json::array())) {
        if (const std::string library = instance.value("library", ""); !library.empty()) {
            loaded.push_back({instance.value("name", ""), library});
        }
    }
    return loaded;
}

class DevLoop {
  public:
    DevLoop(DevOptions options, SourceWatch watch, Invocation& invocation)
        : options_(std::move(options)),
          watch_(std::move(watch)),
          libraries_(options_.folder),
          out_(invocation.out),
          err_(invocation.err) {}

    int run(const nlohmann::json& status) {
        libraries_.remember(loaded_libraries(status));
        out_ << "watching " << watch_.folder_count() << " folders below " << options_.folder
             << "; after a save: " << options_.build << std::endl;
        begin_build();
        for (;;) {
            std::array<pollfd, 3> entries = {
                pollfd{signals_.descriptor(), POLLIN, 0},
                pollfd{watch_.descriptor(), POLLIN, 0},
                pollfd{build_ ? build_->descriptor() : -1, POLLIN, 0},
            };
            (void)::poll(entries.data(), entries.size(), time_to_wait());
            if (entries[0].revents != 0) {
                return exit_ok;
            }
            hear_saves();
            if (build_ && entries[2].revents != 0) {
                end_build();
            }
            if (const auto due = schedule_.due(); due && *due <= Clock::now()) {
                begin_build();
            }
        }
    }

  private:
    [[nodiscard]] int time_to_wait() const {
        const std::optional<TimePoint> due = schedule_.due();
        if (!due) {
            return -1;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(*due - Clock::now()).count() + 1;
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
    }

    void hear_saves() {
        for (std::string& file : watch_.take()) {
            if (!schedule_.is_building()) {
                written_.erase(file);
            } else if (is_known(file)) {
                continue;
            }
            schedule_.saved(Clock::now());
            saved_.insert(std::move(file));
        }
    }

    /// The build itself may write sources. Those that it writes the same every time would make it
    /// run for ever.
    [[nodiscard]] bool is_known(const std::string& file) {
        const std::optional<std::size_t> content = content_hash(options_.folder + '/' + file);
        if (!content) {
            return false;
        }
        const auto known = written_.find(file);
        if (known != written_.end()) {
            return std::exchange(known->second, *content) == *content;
        }
        if (written_.size() < most_written) {
            written_.emplace(file, *content);
        }
        return false;
    }

    void begin_build() {
        saved_at_ = schedule_.begin();
        if (saved_at_) {
            std::string names;
            std::size_t count = 0;
            for (const std::string& file : saved_) {
                if (++count <= most_names) {
                    names += (names.empty() ? "" : ", ") + file;
                }
            }
            if (count > most_names) {
                names += " and " + std::to_string(count - most_names) + " others";
            }
            out_ << names << " saved, building" << std::endl;
            saved_.clear();
        }
        build_begin_ = Clock::now();
        Result<BuildProcess> started = BuildProcess::start(options_.build);
        if (!started) {
            schedule_.end();
            print_problem(err_, "error", started.error());
            err_.flush();
            return;
        }
        build_.emplace(std::move(*started));
    }

    void end_build() {
        const int code = build_->wait();
        build_.reset();
        schedule_.end();
        const Clock::duration took = Clock::now() - build_begin_;
        if (code != 0) {
            err_ << "the build failed with exit code " << code << " after "
                 << milliseconds_text(milliseconds(took)) << "; the host runs on as it is"
                 << std::endl;
            return;
        }
        if (const Result<void> reloaded = reload(took); !reloaded) {
            (void)print_control_failure(err_, reloaded.error());
            err_.flush();
        }
    }

    Result<void> reload(Clock::duration build_time) {
        Result<control::Client> client = connect(options_.target);
        if (!client) {
            return tl::unexpected(client.error());
        }
        const Result<nlohmann::json> status = client->request("status", nlohmann::json::object());
        if (!status) {
            return tl::unexpected(status.error());
        }
        const std::vector<LoadedLibrary> concerned = libraries_.take(loaded_libraries(*status));
        if (concerned.empty()) {
            out_ << "built in " << milliseconds_text(milliseconds(build_time))
                 << ", but the host runs no library that the build changed" << std::endl;
        }
        for (const LoadedLibrary& each : concerned) {
            const Result<nlohmann::json> answer =
                client->request("reload", {{"ids", {each.instance}}}, reload_patience);
            if (!answer) {
                return tl::unexpected(answer.error());
            }
            const TimePoint answered = Clock::now();
            for (const nlohmann::json& entry : answer->value("reloads", nlohmann::json::array())) {
                print(entry, answered, build_time);
            }
        }
        return {};
    }

    void print(const nlohmann::json& entry, TimePoint answered, Clock::duration build_time) {
        if (entry.contains("error")) {
            err_ << entry.value("instance", "")
                 << ": not reloaded: " << entry["error"].value("message", "") << " ["
                 << entry["error"].value("code", "") << ']' << std::endl;
            return;
        }
        const nlohmann::json report = entry.value("report", nlohmann::json::object());
        std::string names;
        std::string problems;
        for (const nlohmann::json& instance : report.value("instances", nlohmann::json::array())) {
            names += (names.empty() ? "" : ", ") + instance.value("name", "");
            if (instance.contains("error")) {
                problems += instance.value("name", "") +
                            " is not connected: " + instance["error"].value("message", "") + '\n';
            }
        }
        const std::string generation =
            "generation " + std::to_string(report.value("generation", 0));
        const double build = milliseconds(build_time);
        if (report.value("unchanged", false)) {
            out_ << entry.value("instance", "") << ": " << generation
                 << " goes on, the build left its library as it was (built in "
                 << milliseconds_text(build) << ')' << std::endl;
            return;
        }
        out_ << names << ": " << generation << ", built in " << milliseconds_text(build)
             << ", reloaded in " << milliseconds_text(report.value("reload_ms", 0.0));
        if (saved_at_) {
            // The new code answers from the swap on; that the old one ends is told only afterwards.
            const double total =
                milliseconds(answered - *saved_at_) - report.value("drain_ms", 0.0);
            out_ << "; it answers " << milliseconds_text(total) << " after the save, "
                 << milliseconds_text(total - build) << " on top of the build";
        }
        out_ << std::endl;
        if (!report.value("unloaded", true)) {
            problems += "the old library stays mapped: " + report.value("kept_because", "") + '\n';
        }
        err_ << problems << std::flush;
    }

    const DevOptions options_;
    EndSignals signals_;
    SourceWatch watch_;
    BuiltLibraries libraries_;
    BuildSchedule schedule_;
    std::ostream& out_;
    std::ostream& err_;
    /// Since the last build began.
    std::set<std::string> saved_;
    /// What files became that were saved during builds, and not since.
    std::map<std::string, std::size_t> written_;
    std::optional<BuildProcess> build_;
    TimePoint build_begin_{};
    /// What the build in progress, or the last one, was for.
    std::optional<TimePoint> saved_at_;
};

/// Without a host there is nothing to reload: says how to start one.
int print_no_host(const DevOptions& options, const Error& error, std::ostream& err) {
    const int code = print_control_failure(err, error);
    if (error.code == "control.not_running") {
        err << "Start the host first: patchbay run "
            << (options.target.config.empty() ? "CONFIG"
                                              : plugins::shell_quoted(options.target.config))
            << '\n';
    }
    return code;
}

}  // namespace

int run_dev(DevOptions options, Invocation& invocation) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(options.folder, ignored)) {
        invocation.err << "patchbay dev: there is no folder " << options.folder << ".\n";
        return exit_usage;
    }
    const std::filesystem::path folder(options.folder);
    if (options.target.config.empty() && options.target.socket.empty() &&
        std::filesystem::exists(folder / "host.yaml", ignored)) {
        options.target.config = (folder / "host.yaml").string();
    }
    if (options.build.empty()) {
        options.build = "meson compile -C " + plugins::shell_quoted((folder / "build").string());
    }
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_no_host(options, client.error(), invocation.err);
    }
    const Result<nlohmann::json> status = client->request("status", nlohmann::json::object());
    if (!status) {
        return print_no_host(options, status.error(), invocation.err);
    }
    Result<SourceWatch> watch = SourceWatch::open(options.folder);
    if (!watch) {
        print_problem(invocation.err, "error", watch.error());
        return exit_failed;
    }
    DevLoop loop(std::move(options), std::move(*watch), invocation);
    return loop.run(*status);
}

}  // namespace patchbay::app
