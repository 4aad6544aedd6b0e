// SPDX-License-Identifier: Apache-2.0
/// \file
/// A request for a proof of representation, as it stands in `cert_requests` of a connection.yaml or
/// of a host configuration. The identity subsystem issues and checks the proofs; here only the form
/// is checked.
#pragma once

#include <patchbay/result.hpp>

#include <optional>
#include <string>

namespace patchbay::config {

struct CertRequest {
    /// Name of the environment or service the proof is for, for example "acn".
    std::string identifier;
    /// Which main key signs.
    std::string ledger_id;
    /// UTC days, "YYYY-MM-DD"; `not_before` is strictly before `not_after`.
    std::string not_before;
    std::string not_after;
    /// Id of a connection key, or the public key itself in hexadecimal. A text of 64 or more
    /// hexadecimal digits (with or without 0x) is a key, never an id.
    std::string public_key;
    /// Template of the signed text; without one the public key alone is signed, as upstream does.
    std::optional<std::string> message_format;
    /// File of the proof, relative to the data folder.
    std::string save_path;
    SourceLocation location{};
};

}  // namespace patchbay::config
