// SPDX-License-Identifier: Apache-2.0
/// \file
/// The system's notices about what happens in folders.
#pragma once

#include "control/endpoint.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace patchbay::app {

/// Owned by one thread.
class Inotify {
  public:
    struct Notice {
        /// The folder's number; -1 when the system had more to tell than it kept.
        int folder = -1;
        /// IN_CLOSE_WRITE and its like, of sys/inotify.h.
        std::uint32_t events = 0;
        /// Of the file in the folder; empty when it is about the folder itself. Valid in the call.
        std::string_view name;
    };

    /// Code `watch.unavailable`.
    [[nodiscard]] static Result<Inotify> open();

    /// Asks for these events of a folder, besides what was asked for before; its number. Code
    /// `watch.failed`, with the system's bound where that is the reason.
    [[nodiscard]] Result<int> add(const std::string& folder, std::uint32_t events);
    /// Asks no more; a notice IN_IGNORED follows.
    void remove(int folder) const;

    /// Readable when `take` has something.
    [[nodiscard]] int descriptor() const { return descriptor_.number(); }
    /// Calls `tell` for each notice that is there, and does not wait.
    void take(const std::function<void(const Notice&)>& tell);

  private:
    explicit Inotify(control::Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

    control::Descriptor descriptor_;
};

}  // namespace patchbay::app
