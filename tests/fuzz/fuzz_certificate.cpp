// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace identity = patchbay::identity;
    const auto read =
        identity::read_certificate(std::string_view(reinterpret_cast<const char*>(data), size));
    // What is read is written so that it is read as the same.
    if (read && identity::read_certificate(identity::to_json(*read)) != *read) {
        std::abort();
    }
    return 0;
}
