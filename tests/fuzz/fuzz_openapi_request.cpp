// SPDX-License-Identifier: Apache-2.0
#include "openapi_promises.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace {

patchbay::openapi::Specification load(const char* name) {
    auto loaded = patchbay::openapi::Specification::load(std::string(PATCHBAY_TEST_DATA) +
                                                         "/openapi/" + name);
    if (!loaded) {
        std::abort();
    }
    return std::move(*loaded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const patchbay::openapi::Specification pets = load("petstore-3.0.yaml");
    static const patchbay::openapi::Specification orders = load("orders-3.1.yaml");
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    patchbay::fuzz::openapi_request(pets, bytes);
    patchbay::fuzz::openapi_request(orders, bytes);
    return 0;
}
