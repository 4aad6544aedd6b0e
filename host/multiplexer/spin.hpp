// SPDX-License-Identifier: Apache-2.0
/// \file
/// Waiting for another thread that is in the middle of a few instructions.
#pragma once

#include <cstdint>
#include <thread>

namespace patchbay::multiplexer {

/// Spins shortly, then yields: the other thread may have lost its processor.
class Backoff {
  public:
    void pause() noexcept {
        if (++turns_ < 64) {
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#endif
        } else {
            std::this_thread::yield();
        }
    }

  private:
    std::uint32_t turns_ = 0;
};

}  // namespace patchbay::multiplexer
