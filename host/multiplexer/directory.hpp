// SPDX-License-Identifier: Apache-2.0
/// \file
/// The agent directory, kept in the address book.
#pragma once

#include "multiplexer/address_book.hpp"
#include "multiplexer/agent_directory.hpp"

#include <atomic>

namespace patchbay::multiplexer {

class Directory final : public AgentDirectory {
  public:
    Directory(AddressBook& book, std::uint32_t limit) : book_(book), limit_(limit) {}

    Result<void> attach(std::string_view address, AgentRoute route) override;
    bool detach(std::string_view address, AgentRoute route) override;
    [[nodiscard]] std::optional<AgentRoute> lookup(std::string_view address) const override;
    /// That many agents were forgotten with their instance.
    void forgot(std::uint32_t agents) noexcept {
        count_.fetch_sub(agents, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return count_.load(std::memory_order_relaxed);
    }

  private:
    AddressBook& book_;
    const std::uint32_t limit_;
    std::atomic<std::uint32_t> count_{0};
};

}  // namespace patchbay::multiplexer
