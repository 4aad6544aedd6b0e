// SPDX-License-Identifier: Apache-2.0
/// \file
/// Log lines of a plugin, written by the host. Text is made only when somebody reads it: pass a
/// callable that returns it where making it costs something.
///
///     log().info("listening");
///     log().debug([&] { return "received " + std::to_string(size) + " bytes"; });
#pragma once

#include <patchbay/abi.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay {

enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical };

/// Where a line was written. (std::source_location needs more than clang 14 has.)
struct LogPlace {
    std::string_view file;
    std::uint32_t line = 0;
    [[nodiscard]] static LogPlace here(const char* file = __builtin_FILE(),
                                       int line = __builtin_LINE()) {
        return {file, static_cast<std::uint32_t>(line)};
    }
};

/// [any-thread] [no-block]; also in constructor and destructor of a connection. A host without a
/// log makes every call a no-op.
class Log {
  public:
    explicit Log(const patchbay_host* host);

    /// Whether a line of this level would be written.
    [[nodiscard]] bool wants(LogLevel level) const;
    void write(LogLevel level, std::string_view text, LogPlace where = LogPlace::here()) const;

    template <class Text>
    void trace(Text&& text, LogPlace where = LogPlace::here()) const {
        line(LogLevel::trace, std::forward<Text>(text), where);
    }
    template <class Text>
    void debug(Text&& text, LogPlace where = LogPlace::here()) const {
        line(LogLevel::debug, std::forward<Text>(text), where);
    }
    template <class Text>
    void info(Text&& text, LogPlace where = LogPlace::here()) const {
        line(LogLevel::info, std::forward<Text>(text), where);
    }
    template <class Text>
    void warning(Text&& text, LogPlace where = LogPlace::here()) const {
        line(LogLevel::warning, std::forward<Text>(text), where);
    }
    template <class Text>
    void error(Text&& text, LogPlace where = LogPlace::here()) const {
        line(LogLevel::error, std::forward<Text>(text), where);
    }

  private:
    template <class Text>
    void line(LogLevel level, Text&& text, LogPlace where) const {
        if (!wants(level)) {
            return;
        }
        if constexpr (std::invocable<Text>) {
            const std::string made = std::forward<Text>(text)();
            write(level, made, where);
        } else {
            write(level, std::string_view(text), where);
        }
    }

    const patchbay_host* host_;
    const patchbay_log* table_;
};

}  // namespace patchbay
