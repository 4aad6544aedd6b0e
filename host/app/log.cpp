// SPDX-License-Identifier: Apache-2.0
#include "app/log.hpp"

#include "app/time_text.hpp"
#include "events/levels.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace patchbay::app {

namespace {

/// Lines that may wait; about 300 bytes each are taken beforehand.
constexpr std::size_t queue_lines = 2048;

spdlog::level::level_enum spdlog_level(events::Level level) {
    return static_cast<spdlog::level::level_enum>(level);
}

}  // namespace

std::string text_line(const events::Record& record) {
    const events::Event& event = record.event;
    std::string line = utc_text(record.time);
    line += ' ';
    const std::string_view level = events::to_string(event.level);
    line += level;
    line.append(level.size() < 9 ? 9 - level.size() : 1, ' ');
    line += event.subsystem;
    line += ": ";
    // One event is one line, whatever a plugin writes.
    for (const char c : event.text) {
        if (c == '\n') {
            line += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t') {
            line += '?';
        } else {
            line += c;
        }
    }
    if (!event.code.empty()) {
        line += " [" + event.code + ']';
    }
    return line;
}

std::string json_line(const events::Record& record) {
    const events::Event& event = record.event;
    nlohmann::ordered_json json = {{"time", utc_text(record.time)},
                                   {"sequence", record.sequence},
                                   {"level", events::to_string(event.level)},
                                   {"subsystem", event.subsystem},
                                   {"code", event.code},
                                   {"text", event.text}};
    if (!event.instance.empty()) {
        json["instance"] = event.instance;
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Log::Core {
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(config::LogFormat format) : format_(format), core_(std::make_unique<Core>()) {
    core_->pool = std::make_shared<spdlog::details::thread_pool>(queue_lines, 1);
    core_->logger = std::make_shared<spdlog::async_logger>(
        "patchbay", std::make_shared<spdlog::sinks::stderr_sink_mt>(), core_->pool,
        spdlog::async_overflow_policy::overrun_oldest);
    core_->logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    // Levels are the business of the hub in front of this.
    core_->logger->set_level(spdlog::level::trace);
    core_->logger->flush_on(spdlog::level::trace);
}

Log::~Log() {
    core_->logger.reset();
    core_->pool.reset();
}

void Log::write(const events::Record& record) {
    const std::string line =
        format_ == config::LogFormat::json ? json_line(record) : text_line(record);
    core_->logger->log(spdlog_level(record.event.level),
                       spdlog::string_view_t(line.data(), line.size()));
}

std::size_t Log::dropped() const {
    return core_->pool->overrun_counter();
}

}  // namespace patchbay::app
