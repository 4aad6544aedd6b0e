// SPDX-License-Identifier: Apache-2.0
/// \file
/// Key pairs of ledgers: made, signed with, checked against. No files here.
#pragma once

#include "proofs/ledger.hpp"

#include <patchbay/result.hpp>

#include <string>
#include <string_view>

namespace patchbay::proofs {

class PublicKey {
  public:
    /// `bytes`: secp256k1 compressed (33), Ed25519 (32).
    PublicKey(Ledger ledger, std::string bytes) : ledger_(ledger), bytes_(std::move(bytes)) {}

    [[nodiscard]] Ledger ledger() const { return ledger_; }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    /// As the ledger writes it: compressed in hex, for `ethereum` 0x and both coordinates.
    [[nodiscard]] Result<std::string> text() const;
    /// What the ledger calls the owner of the key.
    [[nodiscard]] Result<std::string> address() const;

  private:
    Ledger ledger_;
    std::string bytes_;
};

/// Reads what `PublicKey::text` writes; `proof.bad_key` for anything else.
[[nodiscard]] Result<PublicKey> public_key_from(Ledger ledger, std::string_view text);

/// Wiped from memory at its end.
class PrivateKey {
  public:
    static constexpr std::size_t size = 32;

    /// From the system's random numbers.
    [[nodiscard]] static Result<PrivateKey> generate(Ledger ledger);
    /// 32 bytes; `proof.bad_key` when they are no key of that ledger.
    [[nodiscard]] static Result<PrivateKey> from_bytes(Ledger ledger, std::string bytes);

    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;
    PrivateKey(PrivateKey&& other) noexcept;
    PrivateKey& operator=(PrivateKey&& other) noexcept;
    ~PrivateKey();

    [[nodiscard]] Ledger ledger() const { return ledger_; }
    /// Secret: never log, never print.
    [[nodiscard]] const std::string& secret_bytes() const { return bytes_; }
    [[nodiscard]] Result<PublicKey> public_key() const;
    /// The signature as the ledger writes it. The same message always gives the same signature.
    [[nodiscard]] Result<std::string> sign(std::string_view message) const;

  private:
    PrivateKey(Ledger ledger, std::string bytes) : ledger_(ledger), bytes_(std::move(bytes)) {}

    Ledger ledger_;
    std::string bytes_;
};

/// The public key of `address` when it made `signature` over `message`; addresses are compared as
/// texts, as upstream does. `proof.bad_signature` otherwise.
[[nodiscard]] Result<PublicKey> check_signature(Ledger ledger, std::string_view message,
                                                std::string_view signature,
                                                std::string_view address);

}  // namespace patchbay::proofs
