// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who may register under an agent id, as a function of the facts.
///
/// A claimed id is its owner's: whoever registers under it shows its certificate (and, when a key
/// is bound to the claim, signs a challenge), also while nobody is connected, and then replaces
/// whoever is. An unclaimed id belongs to whoever is connected under it: with `force` that one is
/// probed, and replaced when it does not answer.
#pragma once

#include <cstdint>

namespace patchbay::identity {

/// Who has the id now.
enum class Holder : std::uint8_t {
    nobody,
    same_connection,  ///< the one that registers has it already
    away,             ///< its socket has closed, and it may come back
    connected,
};

enum class Proof : std::uint8_t { absent, good, bad };

struct RegistrationFacts {
    Holder holder = Holder::nobody;
    bool force = false;
    /// Of that id; with `openagents_05` of any.
    Proof certificate = Proof::absent;
    bool claimed = false;
    bool revoked = false;
    /// A key is bound to the claim.
    bool has_key = false;
    /// The answer to its challenge.
    Proof key = Proof::absent;
    /// The holder was asked for a sign of life and gave none.
    bool holder_is_silent = false;
    /// `legacy_force`
    bool legacy_force = false;
    /// `compatibility: openagents-0.5`
    bool openagents_05 = false;
};

enum class RegistrationVerdict : std::uint8_t {
    accept,
    replace,  ///< accept, and end the holder's session
    update,   ///< the session stays, with what is new
    probe,    ///< ask the holder first
    connected,
    connected_bad_certificate,
    certificate_required,
    certificate_refused,
    proof_required,
    proof_refused,
    revoked,
};

[[nodiscard]] RegistrationVerdict judge(const RegistrationFacts& facts) noexcept;

}  // namespace patchbay::identity
