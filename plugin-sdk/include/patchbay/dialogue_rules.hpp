// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a protocol lets a dialogue do, as bit sets over the field numbers of its performatives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace patchbay {

/// Bit n stands for the performative with field number n.
using PerformativeSet = std::uint64_t;

/// Performatives are told apart by their field number in the protocol's message, below this.
inline constexpr std::size_t performative_limit = 64;

template <class... Numbers>
[[nodiscard]] constexpr PerformativeSet performatives(Numbers... numbers) noexcept {
    return ((PerformativeSet{1} << static_cast<unsigned>(numbers)) | ... | PerformativeSet{0});
}

[[nodiscard]] constexpr bool contains(PerformativeSet set, unsigned performative) noexcept {
    return performative < performative_limit && ((set >> performative) & 1U) != 0;
}

struct DialogueRules {
    PerformativeSet initial = 0;
    PerformativeSet terminal = 0;
    /// Allowed answers, by the performative of the message that is answered.
    std::array<PerformativeSet, performative_limit> replies{};
    /// Ended dialogues stay on record until room is needed.
    bool keep_ended = false;
};

}  // namespace patchbay
