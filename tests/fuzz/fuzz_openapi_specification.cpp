// SPDX-License-Identifier: Apache-2.0
#include "openapi_promises.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    patchbay::fuzz::openapi_specification({reinterpret_cast<const char*>(data), size});
    return 0;
}
