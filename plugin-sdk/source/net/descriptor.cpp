// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/descriptor.hpp>

#include <unistd.h>

namespace patchbay::net {

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

}  // namespace patchbay::net
