// SPDX-License-Identifier: Apache-2.0
/// \file
/// What checking one request may still cost. Schemas with alternatives can be exponential in the
/// depth of a body, patterns in the length of a text, and neither is the sender's to decide.
#pragma once

#include <cstdint>

namespace patchbay::openapi {

/// Thrown through the schema library to stop it: it offers no other way. Caught where the
/// validation was started.
struct EffortExceeded {};

class Effort {
  public:
    explicit Effort(std::uint64_t steps) : left_(steps) {}

    /// False when there is not as much left; then nothing is left.
    [[nodiscard]] bool try_spend(std::uint64_t steps) noexcept {
        const bool enough = steps <= left_;
        left_ = enough ? left_ - steps : 0;
        return enough;
    }

    /// Throws `EffortExceeded` when there is not as much left.
    void spend(std::uint64_t steps) {
        if (!try_spend(steps)) {
            throw EffortExceeded();
        }
    }

    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  private:
    std::uint64_t left_;
};

}  // namespace patchbay::openapi
