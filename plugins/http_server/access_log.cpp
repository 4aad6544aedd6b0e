// SPDX-License-Identifier: Apache-2.0
#include "access_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

namespace patchbay::http_server {

namespace {

/// Lines that may wait for the disk.
constexpr std::size_t waiting_limit = std::size_t{4} << 20U;

std::tm utc(std::chrono::nanoseconds time) {
    const auto seconds =
        static_cast<std::time_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
}

std::string common_time(std::chrono::nanoseconds time) {
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::tm parts = utc(time);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%02d/%s/%04d:%02d:%02d:%02d +0000", parts.tm_mday,
                  months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text.data();
}

std::string iso_time(std::chrono::nanoseconds time) {
    const std::tm parts = utc(time);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
                  parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                  parts.tm_min, parts.tm_sec,
                  static_cast<int>(time.count() % 1'000'000'000 / 1000));
    return text.data();
}

/// Text inside quotes, for both formats: what a client sent must not end the line or the quotes.
void append_escaped(std::string& out, std::string_view text, std::string_view hex_escape) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (byte < 0x20U || byte >= 0x7FU) {
            out += hex_escape;
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        } else {
            out += c;
        }
    }
}

void append_common(std::string& out, const LogRecord& record, unsigned status, std::size_t bytes) {
    out.append(record.client).append(" - - [").append(common_time(record.began)).append("] \"");
    append_escaped(out, record.method, "\\x");
    out += ' ';
    append_escaped(out, record.target, "\\x");
    out += record.version == 10 ? " HTTP/1.0\" " : " HTTP/1.1\" ";
    out.append(std::to_string(status)).append(" ").append(std::to_string(bytes)) += '\n';
}

void append_json(std::string& out, const LogRecord& record, unsigned status, std::size_t bytes,
                 std::chrono::nanoseconds now) {
    const auto text = [&](std::string_view key, std::string_view value) {
        out.append(",\"").append(key).append("\":\"");
        append_escaped(out, value, "\\u00");
        out += '"';
    };
    const auto number = [&](std::string_view key, std::int64_t value) {
        out.append(",\"").append(key).append("\":").append(std::to_string(value));
    };
    out.append("{\"time\":\"").append(iso_time(record.began)) += '"';
    text("client", record.client);
    text("method", record.method);
    text("target", record.target);
    text("host", record.host);
    text("version", record.version == 10 ? "1.0" : "1.1");
    number("status", status);
    number("bytes", static_cast<std::int64_t>(bytes));
    number("duration_us", (now - record.began).count() / 1000);
    text("referer", record.referer);
    text("user_agent", record.user_agent);
    out += "}\n";
}

}  // namespace

void append_log_line(std::string& lines, LogFormat format, const LogRecord& record, unsigned status,
                     std::size_t bytes, std::chrono::nanoseconds now) {
    if (format == LogFormat::json) {
        append_json(lines, record, status, bytes, now);
    } else {
        append_common(lines, record, status, bytes);
    }
}

AccessLog::AccessLog(const Host& host, const AccessLogOptions& options)
    : host_(host),
      path_(options.file),
      format_(options.format),
      dropped_(host.counter("access_log_dropped_bytes",
                            "Bytes of log lines that found no room or could not be written")) {}

Result<std::unique_ptr<AccessLog>> AccessLog::open(const Host& host,
                                                   const AccessLogOptions& options) {
    std::unique_ptr<AccessLog> log(new AccessLog(host, options));  // NOLINT: private constructor
    if (auto opened = log->open_file(); !opened) {
        return tl::unexpected<Error>(std::move(opened.error()));
    }
    auto thread = Thread::start(host.abi(), "access-log", [self = log.get()] { self->run(); });
    if (!thread) {
        return tl::unexpected<Error>(std::move(thread.error()));
    }
    log->thread_ = std::move(*thread);
    return log;
}

AccessLog::~AccessLog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    arrived_.notify_one();
    thread_ = Thread();
}

Result<void> AccessLog::open_file() {
    file_ = net::Descriptor(
        path_ == "-" ? ::dup(STDERR_FILENO)
                     : ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!file_) {
        return failure(ErrorClass::invalid, "access_log.not_opened",
                       "The access log '" + path_ + "' could not be opened: " +
                           std::generic_category().message(errno) + ".");
    }
    return {};
}

void AccessLog::reopen_if_moved() {
    if (path_ == "-") {
        return;
    }
    struct stat there {};
    struct stat ours {};
    const bool same = ::stat(path_.c_str(), &there) == 0 && file_ &&
                      ::fstat(file_.get(), &ours) == 0 && there.st_ino == ours.st_ino &&
                      there.st_dev == ours.st_dev;
    if (!same) {
        if (auto opened = open_file(); !opened) {
            host_.log().warning([&] { return to_string(opened.error()); });
        }
    }
}

void AccessLog::write(std::string& lines) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + lines.size() > waiting_limit) {
            dropped_.add(static_cast<std::int64_t>(lines.size()));
        } else {
            waiting_ += lines;
        }
    }
    lines.clear();
    arrived_.notify_one();
}

void AccessLog::run() {
    using Clock = std::chrono::steady_clock;
    std::string lines;
    Clock::time_point checked = Clock::now();
    std::unique_lock lock(mutex_);
    while (!stopping_ || !waiting_.empty()) {
        arrived_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        lines.clear();
        lines.swap(waiting_);
        lock.unlock();
        if (Clock::now() - checked > std::chrono::seconds(1)) {
            checked = Clock::now();
            reopen_if_moved();
        }
        write_out(lines);
        lock.lock();
    }
}

void AccessLog::write_out(std::string_view lines) {
    while (!lines.empty()) {
        const auto written = ::write(file_.get(), lines.data(), lines.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            dropped_.add(static_cast<std::int64_t>(lines.size()));
            return;
        }
        lines.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace patchbay::http_server
