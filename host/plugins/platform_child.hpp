// SPDX-License-Identifier: Apache-2.0
/// \file
/// A child process that gets one text, says what it does as it goes, and ends in time, by itself or
/// by force. One source file per system, as with platform.hpp.
#pragma once

#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins::platform {

/// Where the child writes its report; its standard input holds the text.
inline constexpr int child_report_descriptor = 3;
/// What is kept of the report (from its begin) and of what it says elsewhere (from the end).
inline constexpr std::size_t longest_child_report = std::size_t{64} << 10U;
inline constexpr std::size_t longest_child_words = std::size_t{4} << 10U;

struct ChildEnd {
    /// How it ended by itself; neither when it was killed, or when somebody else took its status.
    std::optional<int> exit_code{};
    std::optional<int> signal{};
    bool out_of_time = false;
    bool cancelled = false;
    std::string report{};
    /// The end of what it wrote to standard output and standard error.
    std::string words{};
};

/// Runs a program (path, then its arguments) in a process group of its own, with no descriptor of
/// ours, and waits for its end. When `limit` has passed, or `cancelled` answers true, which is
/// asked every 20 ms, the group is killed; what the child left running is killed in any case.
/// Code `child.not_started`.
[[nodiscard]] Result<ChildEnd> run_child(const std::vector<std::string>& command,
                                         std::string_view input, std::chrono::nanoseconds limit,
                                         const std::function<bool()>& cancelled);

/// In the child: gives way to everybody else's work, leaves no core file, and ends with the thread
/// that started it; `parent` is the number of that thread's process.
void become_child_of(long parent);

/// Appends to the report.
void write_child_report(std::string_view text);

/// Of this process, for `become_child_of`.
[[nodiscard]] long process_number();

/// "signal 11 (Segmentation fault)".
[[nodiscard]] std::string signal_text(int number);

}  // namespace patchbay::plugins::platform
