// SPDX-License-Identifier: Apache-2.0
/// \file
/// A signal on its way to a lane, with owned contents.
#pragma once

#include <patchbay/abi.h>

#include <cstdint>
#include <string>

namespace patchbay::multiplexer {

/// Becomes one patchbay_signal; the meaning of the fields is that of abi.h.
struct Signal {
    std::uint32_t kind = 0;
    patchbay_status status = PATCHBAY_OK;
    std::uint64_t token = 0;
    std::uint64_t value = 0;
    std::string name{};
    std::string payload{};
};

}  // namespace patchbay::multiplexer
