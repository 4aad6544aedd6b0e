// SPDX-License-Identifier: Apache-2.0
#include "plugins/library_probe.hpp"

#include "plugins/duration.hpp"
#include "plugins/platform.hpp"
#include "plugins/platform_child.hpp"

#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace patchbay::plugins {
namespace {

/// The folder of one probe.
class ProbeFolder {
  public:
    explicit ProbeFolder(std::string path) : path_(std::move(path)) {}
    ProbeFolder(const ProbeFolder&) = delete;
    ProbeFolder& operator=(const ProbeFolder&) = delete;
    ~ProbeFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

  private:
    std::string path_;
};

/// What a child has reported.
struct Report {
    std::string stage = "starting";
    bool done = false;
    std::optional<Error> failed{};
};

Report read_report(std::string_view text) {
    Report report;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const std::size_t space = line.find(' ');
        const std::string_view word = line.substr(0, space);
        line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
        if (word == "stage") {
            report.stage = line;
        } else if (word == "done") {
            report.done = true;
        } else if (word == "failed") {
            const std::size_t code = line.find(' ');
            report.failed =
                Error{ErrorClass::failed,
                      std::string(line.substr(0, code)),
                      code == std::string_view::npos ? std::string("(no reason given)")
                                                     : std::string(line.substr(code + 1)),
                      {}};
        }
    }
    return report;
}

/// `; it said "LAST LINE"`, or nothing.
std::string last_words(std::string_view words) {
    while (!words.empty() && words.back() == '\n') {
        words.remove_suffix(1);
    }
    if (const std::size_t line = words.rfind('\n'); line != std::string_view::npos) {
        words.remove_prefix(line + 1);
    }
    constexpr std::size_t longest = 256;
    std::string text(words.substr(0, longest));
    for (char& letter : text) {
        letter = static_cast<unsigned char>(letter) < 0x20 ? ' ' : letter;
    }
    return text.empty() ? std::string() : "; it said: " + text;
}

}  // namespace

Result<void> probe_library(const ProbeOrder& order, const ProbeOptions& options,
                           const std::function<bool()>& cancelled) {
    if (!options.enabled()) {
        return {};
    }
    if (auto made = platform::make_private_folder(order.folder); !made) {
        return tl::unexpected(made.error());
    }
    const ProbeFolder folder(order.folder);
    const auto ended =
        platform::run_child(options.command, to_text(order), options.limit, cancelled);
    if (!ended) {
        return failure(ended.error().error_class, "probe.not_started",
                       "the library cannot be tried: " + ended.error().message +
                           "; `reload.probe: 0` takes libraries untried");
    }
    const Report report = read_report(ended->report);
    if (ended->cancelled) {
        return failure(ErrorClass::disconnected, "probe.cancelled",
                       "the trial of the library was cut short");
    }
    const auto failed = [&](const char* code, const std::string& what) {
        return failure(ErrorClass::failed, code,
                       "tried in a process of its own, the library " + what + " while " +
                           report.stage + last_words(ended->words));
    };
    if (ended->out_of_time) {
        return failed("probe.hung", "did not end within " + seconds_text(options.limit));
    }
    if (ended->signal) {
        return failed("probe.crashed", "ended it by " + platform::signal_text(*ended->signal));
    }
    if (report.failed) {
        return tl::unexpected(*report.failed);
    }
    if (!report.done) {
        return failed("probe.ended", ended->exit_code ? "ended it with exit code " +
                                                            std::to_string(*ended->exit_code)
                                                      : std::string("ended it"));
    }
    return {};
}

}  // namespace patchbay::plugins
