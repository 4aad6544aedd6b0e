// SPDX-License-Identifier: Apache-2.0
/// \file
/// One host per data folder: two would write the same files and answer on the same socket.
#pragma once

#include "control/endpoint.hpp"

#include <patchbay/result.hpp>

#include <string>

namespace patchbay::app {

/// Held for the life of the host; the kernel lets it go with the process, however that ends.
class DataLock {
  public:
    /// Makes the folder (mode 0700) where it is missing. Codes: `data.in_use` (names the process),
    /// `data.unusable`.
    [[nodiscard]] static Result<DataLock> take(const std::string& data_dir);

  private:
    explicit DataLock(control::Descriptor file) : file_(std::move(file)) {}
    control::Descriptor file_;
};

}  // namespace patchbay::app
