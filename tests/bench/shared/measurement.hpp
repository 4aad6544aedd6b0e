// SPDX-License-Identifier: Apache-2.0
/// \file
/// What one client did, counted in the same way for all that are compared: answers per second,
/// latency and processor time, from the end of a warm-up until the time is over.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace bench {

class Measurement {
  public:
    using Clock = std::chrono::steady_clock;

    /// The warm-up begins now; connections are opened in it.
    explicit Measurement(double seconds)
        : begin_(Clock::now() + std::chrono::milliseconds(300)),
          end_(begin_ +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))),
          latencies_(longest_microseconds + 1) {}

    /// One answer came at `now` to a request of `sent`. `good`: with status 200.
    void answered(Clock::time_point sent, Clock::time_point now, bool good) {
        ++total_;
        if (now < begin_) {
            return;
        }
        if (answers_ + errors_ == 0) {
            counted_from_ = now;
            processor_from_ = processor_seconds();
        }
        if (!good) {
            ++errors_;
            return;
        }
        ++answers_;
        counted_to_ = now;
        const auto microseconds =
            std::chrono::duration_cast<std::chrono::microseconds>(now - sent).count();
        ++latencies_[std::min(static_cast<std::size_t>(std::max<std::int64_t>(microseconds, 0)),
                              longest_microseconds)];
    }

    [[nodiscard]] bool over(Clock::time_point now) const { return now >= end_; }

    /// One line of JSON: `rate` in answers per second, `p50_us`, `p99_us`, `cpu_us` (processor time
    /// of the whole process for each answer), `errors`, and `total`: answers and errors with those
    /// of the warm-up. Call it when the time is over.
    [[nodiscard]] std::string json() const {
        const double answers = static_cast<double>(std::max<std::uint64_t>(answers_, 1));
        const double seconds = std::chrono::duration<double>(counted_to_ - counted_from_).count();
        const double processor = processor_seconds() - processor_from_;
        char line[192];
        std::snprintf(
            line, sizeof line,
            R"({"rate": %.1f, "p50_us": %zu, "p99_us": %zu, "cpu_us": %.3f, "errors": %llu, "total": %llu})",
            answers_ == 0 ? 0.0 : answers / std::max(seconds, 1e-6), quantile(0.50), quantile(0.99),
            processor * 1e6 / answers, static_cast<unsigned long long>(errors_),
            static_cast<unsigned long long>(total_));
        return line;
    }

  private:
    static constexpr std::size_t longest_microseconds = 1'000'000;

    static double processor_seconds() {
        timespec now{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
    }
    [[nodiscard]] std::size_t quantile(double part) const {
        const auto wanted = static_cast<std::uint64_t>(static_cast<double>(answers_) * part);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < latencies_.size(); ++i) {
            seen += latencies_[i];
            if (seen > wanted) {
                return i;
            }
        }
        return 0;
    }

    Clock::time_point begin_;
    Clock::time_point end_;
    Clock::time_point counted_from_;
    Clock::time_point counted_to_;
    double processor_from_ = 0;
    std::uint64_t total_ = 0;
    std::uint64_t answers_ = 0;
    std::uint64_t errors_ = 0;
    /// Answers by their latency in whole microseconds; the last entry holds all longer ones.
    std::vector<std::uint32_t> latencies_;
};

}  // namespace bench
