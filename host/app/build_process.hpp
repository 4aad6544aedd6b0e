// SPDX-License-Identifier: Apache-2.0
/// \file
/// A build command that runs beside us: a process group of its own, so that it ends as a whole.
#pragma once

#include "control/endpoint.hpp"

#include <patchbay/result.hpp>

#include <sys/types.h>

#include <string>
#include <utility>

namespace patchbay::app {

class BuildProcess {
  public:
    /// Runs the command with /bin/sh in the current folder. Its output goes where ours goes, and it
    /// reads nothing. Code `build.not_started`.
    [[nodiscard]] static Result<BuildProcess> start(const std::string& command);
    BuildProcess(BuildProcess&& other) noexcept
        : process_(std::exchange(other.process_, -1)), ended_(std::move(other.ended_)) {}
    BuildProcess& operator=(BuildProcess&&) = delete;
    /// Ends what runs: asks the group, waits for a moment, and kills it.
    ~BuildProcess();

    /// Readable when it has ended.
    [[nodiscard]] int descriptor() const { return ended_.number(); }
    /// Waits for its end. The exit code; 128 and the signal's number when a signal ended it.
    int wait();

  private:
    BuildProcess(pid_t process, control::Descriptor ended)
        : process_(process), ended_(std::move(ended)) {}

    pid_t process_;  ///< -1 when it was waited for
    control::Descriptor ended_;
};

}  // namespace patchbay::app
