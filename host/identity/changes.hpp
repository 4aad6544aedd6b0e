// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who wants to know when agents come and go. Nothing is kept for those who are behind: they miss
/// changes, and hear how many with the next one.
#pragma once

#include "identity/transports.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::identity {

inline constexpr std::size_t max_followers = 256;

/// Serialised by the caller, except what `message` returns.
class Changes {
  public:
    explicit Changes(Transports& transports) : transports_(transports) {}

    /// Asking twice is once. Code: `identity.too_many_followers` (class overloaded).
    Result<void> subscribe(const TransportLane& lane, bool wanted);
    void drop_generation(std::uint32_t instance, std::uint32_t generation);
    [[nodiscard]] bool has_followers() const noexcept { return !followers_.empty(); }
    /// Tells all who follow now, when it is called; one such call at a time.
    [[nodiscard]] std::function<void()> message(AgentChange change, std::string agent_id,
                                                std::string agent) const;

  private:
    struct Follower {
        TransportLane lane;
        std::uint64_t missed = 0;  ///< of whoever calls messages
    };

    Transports& transports_;
    std::vector<std::shared_ptr<Follower>> followers_;
};

}  // namespace patchbay::identity
