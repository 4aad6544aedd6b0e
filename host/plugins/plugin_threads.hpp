// SPDX-License-Identifier: Apache-2.0
/// \file
/// Threads that run code of one instance: its lanes and those it starts through patchbay.threads/1.
/// They are counted, named, and joined before the library is unloaded; one that does not end is
/// told by name and left running, and then the library must stay.
#pragma once

#include <patchbay/abi.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// Thread-safe.
class PluginThreads {
  public:
    /// Bound of living threads, lanes included.
    static constexpr std::size_t capacity = 256;

    /// `instance` is part of the names of the threads ("pbay:instance/name").
    explicit PluginThreads(std::string instance);
    PluginThreads(const PluginThreads&) = delete;
    PluginThreads& operator=(const PluginThreads&) = delete;
    /// Threads that still run are let go.
    ~PluginThreads();

    /// Starts `body`; null when the bound is reached or the system has no more threads. The handle
    /// stays valid until `join`, else as long as this object.
    patchbay_thread* start(std::string_view name, std::function<void()> body);

    enum class Joined : std::uint8_t { joined, unknown_thread, own_thread };
    /// Waits, without limit, for the end of one thread and frees its handle.
    Joined join(patchbay_thread* thread);

    /// Joins all threads that end within the limit and answers the names of the others.
    [[nodiscard]] std::vector<std::string> join_all(std::chrono::nanoseconds limit);

    [[nodiscard]] std::size_t count() const;

  private:
    struct Shared;
    std::string instance_;
    std::shared_ptr<Shared> shared_;
    std::vector<std::unique_ptr<patchbay_thread>> threads_;  // under the mutex of shared_
};

}  // namespace patchbay::plugins
