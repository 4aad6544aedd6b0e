// SPDX-License-Identifier: Apache-2.0
#include "plugins/instance_metrics.hpp"

#include <algorithm>

namespace patchbay::plugins {
namespace {

bool is_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && name.size() <= InstanceMetrics::longest_name && letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::uint32_t InstanceMetrics::register_metric(MetricKind kind, std::string_view name,
                                               std::string_view help) {
    if (!is_name(name)) {
        return 0;
    }
    const std::lock_guard lock(registration_);
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (metrics_[i]->name == name) {
            return metrics_[i]->kind == kind ? i + 1 : 0;
        }
    }
    if (count == capacity) {
        return 0;
    }
    metrics_[count] = std::make_unique<Metric>();
    metrics_[count]->name = name;
    metrics_[count]->help = help.substr(0, longest_help);
    metrics_[count]->kind = kind;
    count_.store(count + 1, std::memory_order_release);
    return count + 1;
}

InstanceMetrics::Metric* InstanceMetrics::find(std::uint32_t id) const {
    return id == 0 || id > count_.load(std::memory_order_acquire) ? nullptr
                                                                  : metrics_[id - 1].get();
}

void InstanceMetrics::add(std::uint32_t id, std::int64_t amount) {
    Metric* metric = find(id);
    if (metric != nullptr && (metric->kind == MetricKind::gauge || amount > 0)) {
        metric->value.fetch_add(amount, std::memory_order_relaxed);
    }
}

void InstanceMetrics::set(std::uint32_t id, std::int64_t value) {
    Metric* metric = find(id);
    if (metric != nullptr && metric->kind == MetricKind::gauge) {
        metric->value.store(value, std::memory_order_relaxed);
    }
}

std::vector<MetricValue> InstanceMetrics::snapshot() const {
    std::vector<MetricValue> values;
    const std::uint32_t count = count_.load(std::memory_order_acquire);
    values.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const Metric& metric = *metrics_[i];
        values.push_back(
            {metric.name, metric.help, metric.kind, metric.value.load(std::memory_order_relaxed)});
    }
    return values;
}

}  // namespace patchbay::plugins
