// SPDX-License-Identifier: Apache-2.0
#include "sdk_decoders.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    patchbay::fuzz::messages({reinterpret_cast<const char*>(data), size});
    return 0;
}
