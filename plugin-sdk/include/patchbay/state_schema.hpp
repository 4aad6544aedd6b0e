// SPDX-License-Identifier: Apache-2.0
/// \file
/// The forms of a state that generations of a connection hand to each other (`patchbay.state/1`).
#pragma once

#include <cstdint>

namespace patchbay {

struct StateSchema {
    /// The form that is saved, from 1.
    std::uint32_t version = 1;
    /// The oldest form that is continued.
    std::uint32_t oldest = 1;
};

}  // namespace patchbay
