// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where keys are kept: the folder `keys` of the data folder. Per ledger one main key, which signs,
/// and one connection key, which is represented, named as upstream names them:
/// `LEDGER_private_key.txt` and `LEDGER_connection_private_key.txt`. A key file is what upstream
/// writes (the bytes in hexadecimal, for ethereum after 0x), or PEM: PKCS#8, encrypted (PBES2 with
/// scrypt and AES-256-CBC) or not. Upstream's encrypted JSON files are not read. Beside an
/// encrypted file stands the public key, `..._public_key.txt`, so that the host can check
/// certificates without the password.
#pragma once

#include "proofs/keys.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::proofs {

enum class KeyRole : std::uint8_t { main, connection };

[[nodiscard]] std::string_view to_string(KeyRole role);

/// How a private key is written into a file.
[[nodiscard]] Result<std::string> encode_key(const PrivateKey& key,
                                             const std::optional<std::string>& password);
/// Codes: `proof.bad_key`, `proof.password_required`, `proof.wrong_password`.
[[nodiscard]] Result<PrivateKey> decode_key(Ledger ledger, std::string_view content,
                                            const std::optional<std::string>& password);

/// One key of a folder, as far as it can be told without a password.
struct KeyEntry {
    Ledger ledger = Ledger::cosmos;
    KeyRole role = KeyRole::main;
    std::string path;
    bool encrypted = false;
    std::string public_key;
    std::string address;
    /// Set when the file cannot be used; `public_key` and `address` are then empty.
    std::optional<Error> error;
};

/// Functions read the disk anew each time, and may block.
class KeyFolder {
  public:
    explicit KeyFolder(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file_of(Ledger ledger, KeyRole role) const;

    /// Makes a key, encrypted when there is a password. `proof.key_exists` when there is one: keys
    /// are never replaced.
    [[nodiscard]] Result<KeyEntry> generate(Ledger ledger, KeyRole role,
                                            const std::optional<std::string>& password) const;
    /// `proof.no_key` names the command that makes one; also the codes of `read_private_file` and
    /// `decode_key`.
    [[nodiscard]] Result<PrivateKey> private_key(Ledger ledger, KeyRole role,
                                                 const std::optional<std::string>& password) const;
    /// Of an encrypted key from the file beside it.
    [[nodiscard]] Result<PublicKey> public_key(Ledger ledger, KeyRole role) const;
    /// Those that there are, main keys first.
    [[nodiscard]] std::vector<KeyEntry> list() const;
    /// `proof.no_key` when there is none; a file that cannot be used is told by `error`.
    [[nodiscard]] Result<KeyEntry> show(Ledger ledger, KeyRole role) const;

  private:
    [[nodiscard]] std::string public_file_of(Ledger ledger, KeyRole role) const;
    [[nodiscard]] Result<std::string> read(Ledger ledger, KeyRole role) const;
    [[nodiscard]] Result<PublicKey> public_key_of(Ledger ledger, KeyRole role,
                                                  std::string_view content) const;

    std::string path_;
};

}  // namespace patchbay::proofs
