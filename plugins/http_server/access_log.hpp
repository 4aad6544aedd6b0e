// SPDX-License-Identifier: Apache-2.0
/// \file
/// One line per request. Lanes collect lines and hand them over once per turn; a thread of its own
/// writes them, so that a slow disk delays no request. What does not fit into the bound is dropped
/// and counted. A file that was moved away is opened again within a second or so of the next line.
#pragma once

#include "options.hpp"

#include <patchbay/host.hpp>
#include <patchbay/net/descriptor.hpp>
#include <patchbay/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace patchbay::http_server {

/// What a line says of the request; kept until the response is known.
struct LogRecord {
    std::string client;
    std::string method;
    std::string target;
    std::string host;
    std::string referer;
    std::string user_agent;
    unsigned version = 11;
    std::chrono::nanoseconds began{};  ///< since 1970
};

/// Appends the line for a request that was answered with `status` and `bytes` of response.
void append_log_line(std::string& lines, LogFormat format, const LogRecord& record, unsigned status,
                     std::size_t bytes, std::chrono::nanoseconds now);

class AccessLog {
  public:
    /// Fails with `access_log.not_opened`.
    [[nodiscard]] static Result<std::unique_ptr<AccessLog>> open(const Host& host,
                                                                 const AccessLogOptions& options);
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;
    /// Writes what is there, and ends the thread.
    ~AccessLog();

    [[nodiscard]] LogFormat format() const noexcept { return format_; }
    /// Takes whole lines and leaves the string empty. [any-thread]
    void write(std::string& lines);

  private:
    AccessLog(const Host& host, const AccessLogOptions& options);

    [[nodiscard]] Result<void> open_file();
    void reopen_if_moved();
    void run();
    void write_out(std::string_view lines);

    const Host& host_;
    const std::string path_;
    const LogFormat format_;
    Metric dropped_;
    net::Descriptor file_;

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::string waiting_;
    bool stopping_ = false;
    Thread thread_;
};

}  // namespace patchbay::http_server
