// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers for the agents that inbound routes name, so that an envelope on its way carries 16 bits
/// of it. Numbers are given once and never taken back, and readers take no lock: an envelope may
/// outlive the routing that sent it on its way.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace patchbay::multiplexer {

/// 0 = none.
using AgentNumber = std::uint16_t;

class AgentNames {
  public:
    /// Different names, over all configurations of the host's life.
    static constexpr std::size_t limit = 4096;

    AgentNames() = default;
    AgentNames(const AgentNames&) = delete;
    AgentNames& operator=(const AgentNames&) = delete;
    ~AgentNames() = default;

    /// 0 when there is none left.
    [[nodiscard]] AgentNumber number(std::string_view name) {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < owned_.size(); ++i) {
            if (owned_[i] == name) {
                return static_cast<AgentNumber>(i + 1);
            }
        }
        if (owned_.size() == limit) {
            return 0;
        }
        const std::string& added = owned_.emplace_back(name);
        names_[owned_.size() - 1].store(&added, std::memory_order_release);
        return static_cast<AgentNumber>(owned_.size());
    }
    /// Valid as long as the table; empty for 0.
    [[nodiscard]] std::string_view name(AgentNumber number) const noexcept {
        if (number == 0) {
            return {};
        }
        return *names_[number - 1U].load(std::memory_order_acquire);
    }

  private:
    std::mutex mutex_;
    std::deque<std::string> owned_;  ///< which does not move what it holds
    std::array<std::atomic<const std::string*>, limit> names_{};
};

}  // namespace patchbay::multiplexer
