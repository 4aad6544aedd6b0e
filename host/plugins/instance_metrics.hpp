// SPDX-License-Identifier: Apache-2.0
/// \file
/// Counters and gauges that a plugin registers through patchbay.metrics/1. Bounded, and cheap to
/// change from any thread; the control room reads them as a snapshot.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

enum class MetricKind : std::uint8_t { counter, gauge };

struct MetricValue {
    /// As the plugin gave it: [a-z_][a-z0-9_]*, without prefix.
    std::string name;
    std::string help;
    MetricKind kind = MetricKind::counter;
    std::int64_t value = 0;
};

/// Thread-safe. Survives generations: a reloaded plugin goes on counting.
class InstanceMetrics {
  public:
    static constexpr std::size_t capacity = 256;
    static constexpr std::size_t longest_name = 128;
    static constexpr std::size_t longest_help = 512;

    InstanceMetrics() = default;
    InstanceMetrics(const InstanceMetrics&) = delete;
    InstanceMetrics& operator=(const InstanceMetrics&) = delete;
    ~InstanceMetrics() = default;

    /// Id of the metric, the same for the same name; 0 when the table is full, the name is not one,
    /// or it is taken by the other kind. 0 is accepted and ignored by `add` and `set`.
    std::uint32_t register_metric(MetricKind kind, std::string_view name, std::string_view help);
    /// A counter does not go down: negative amounts are ignored there.
    void add(std::uint32_t id, std::int64_t amount);
    /// Gauges only.
    void set(std::uint32_t id, std::int64_t value);

    [[nodiscard]] std::vector<MetricValue> snapshot() const;

  private:
    struct Metric {
        std::string name;
        std::string help;
        MetricKind kind;
        std::atomic<std::int64_t> value{0};
    };
    [[nodiscard]] Metric* find(std::uint32_t id) const;

    mutable std::mutex registration_;
    /// Entries below `count_` never change again, so that reading them takes no lock.
    std::array<std::unique_ptr<Metric>, capacity> metrics_{};
    std::atomic<std::uint32_t> count_{0};
};

}  // namespace patchbay::plugins
