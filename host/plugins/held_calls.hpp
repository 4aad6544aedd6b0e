// SPDX-License-Identifier: Apache-2.0
/// \file
/// Calls to an instance that is between two generations: they wait for the one that comes, so that
/// dependents notice nothing of a reload.
#pragma once

#include "plugins/call_router.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::plugins {

/// Takes the calls in the place of the object that will answer them. Thread-safe.
class HeldCalls final : public CallParty {
  public:
    static constexpr std::size_t capacity = 1024;

    [[nodiscard]] bool is_callable() const override { return true; }
    /// False: too many wait, or `release` was called.
    bool post(std::uint32_t lane, multiplexer::Signal signal) override;
    /// Hands what waits to `target`, in order, or says that it is not connected when that is null.
    /// Once.
    void release(CallRouter& router, const std::shared_ptr<CallParty>& target);

  private:
    std::mutex mutex_;
    std::vector<multiplexer::Signal> waiting_;
    bool released_ = false;
};

}  // namespace patchbay::plugins
