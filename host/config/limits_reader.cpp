// SPDX-License-Identifier: Apache-2.0
#include "config/limits_reader.hpp"

namespace patchbay::config {
namespace {

constexpr Range<double> positive_limit{0.001, longest_time};
constexpr Range<double> any_limit{0.0, longest_time};
constexpr std::uint32_t max_attempts = 1'000'000;

void read_attempts(MapReader& reader, std::optional<std::uint32_t>& attempts) {
    const Value* value = reader.member("attempts");
    if (value == nullptr) {
        return;
    }
    if (value->is_string() && value->string() == "none") {
        attempts = 0;
    } else if (value->is_string() && value->string() == "forever") {
        attempts = std::nullopt;
    } else if (value->is_integer() && value->integer() >= 0 && value->integer() <= max_attempts) {
        attempts = static_cast<std::uint32_t>(value->integer());
    } else {
        reader.wrong_type(*value, reader.path_of("attempts"),
                          "`none`, `forever` or a number from 0 to 1000000");
    }
}

}  // namespace

void read_connection_limits(MapReader& reader, ConnectionLimits& limits) {
    reader.read_word("on_failure", limits.on_failure,
                     {{"propagate", FailurePolicy::propagate},
                      {"just_log", FailurePolicy::just_log},
                      {"stop_and_exit", FailurePolicy::stop_and_exit}});
    reader.section("mailbox", [&limits](MapReader& mailbox) {
        mailbox.read("envelopes", limits.mailbox.envelopes, Range<std::uint32_t>{1, 1U << 24U});
        mailbox.read("bytes", limits.mailbox.bytes, Range<std::uint64_t>{1024, 1ULL << 40U});
    });
    reader.section("timeouts", [&limits](MapReader& timeouts) {
        timeouts.read("connect", limits.timeouts.connect, positive_limit);
        timeouts.read("send", limits.timeouts.send, positive_limit);
        timeouts.read("disconnect", limits.timeouts.disconnect, positive_limit);
    });
    reader.section("reconnect", [&limits](MapReader& reconnect) {
        read_attempts(reconnect, limits.reconnect.attempts);
        reconnect.read("initial_delay", limits.reconnect.initial_delay, any_limit);
        reconnect.read("max_delay", limits.reconnect.max_delay, any_limit);
        reconnect.read("jitter", limits.reconnect.jitter, Range<double>{0.0, 1.0});
        if (limits.reconnect.max_delay < limits.reconnect.initial_delay) {
            reconnect.problem(reconnect.value().location(), "config.out_of_range",
                              '`' + reconnect.path_of("max_delay") +
                                  "` must not be shorter than `initial_delay`");
        }
    });
    reader.read("max_in_flight", limits.max_in_flight, Range<std::uint32_t>{1, 1U << 20U});
    reader.read("ordered_sends", limits.ordered_sends);
    reader.read("max_thread_workers", limits.max_thread_workers, Range<std::uint32_t>{1, 1024});
    reader.read("lane_limit", limits.lane_limit, Range<std::uint32_t>{1, most_lanes});
}

}  // namespace patchbay::config
