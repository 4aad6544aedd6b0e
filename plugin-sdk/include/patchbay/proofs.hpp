// SPDX-License-Identifier: Apache-2.0
/// \file
/// Proofs of representation that the host checked before this connection was told to connect: one
/// for each entry of `cert_requests` (`patchbay.proofs/1`).
#pragma once

#include <patchbay/host.hpp>
#include <patchbay/result.hpp>

#include <string>
#include <vector>

namespace patchbay {

/// The main key of a ledger signed `message`, so that the owner of `public_key` may represent it.
struct Proof {
    std::string identifier;
    /// Of the key that signed.
    std::string ledger_id;
    /// The represented key, as its ledger writes it.
    std::string public_key;
    /// Days in UTC, "YYYY-MM-DD", both included.
    std::string not_before;
    std::string not_after;
    std::string message;
    /// As the ledger writes it: hexadecimal after 0x, or base64.
    std::string signature;
    std::string signer_public_key;
    std::string signer_address;
    /// Absolute path of the file, in upstream's format.
    std::string path;
};

/// In the order of `cert_requests`; those that are missing or expired (which only
/// `allow_missing_certificates` lets pass) are left out. Codes: `host.no_extension`,
/// `proofs.not_read`. [any-thread] [no-block]
[[nodiscard]] Result<std::vector<Proof>> proofs_of(const Host& host);

}  // namespace patchbay
