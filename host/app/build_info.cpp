// SPDX-License-Identifier: Apache-2.0
#include "app/build_info.hpp"

namespace patchbay::app {

std::string_view version() {
    return PATCHBAY_VERSION;
}

std::string_view compiler() {
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

}  // namespace patchbay::app
