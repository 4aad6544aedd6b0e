// SPDX-License-Identifier: Apache-2.0
/// \file
/// Proofs of representation: the main key of a ledger signs a text that names another public key,
/// which may then represent it. The text, the file and the rules of the fields are upstream's; that
/// the validity dates count is ours.
///
/// By upstream's default the text is the represented public key alone: then neither the dates nor
/// the identifier are protected by the signature. Only what stands in `message_format` is.
#pragma once

#include "config/cert_request.hpp"
#include "proofs/key_folder.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::proofs {

/// What `public_key` of a request means.
struct Represented {
    /// Id of a connection key; empty when `public_key` is the key itself.
    std::string key_id;
    std::string public_key;
};

/// Upstream's rule, a simple id is the id of a key, with one exception: 64 and more hexadecimal
/// digits are a key also when the first of them is a letter. `proof.bad_public_key` when it is
/// neither.
[[nodiscard]] Result<Represented> represented_by(std::string_view public_key);

/// The signed text: the template with its placeholders `{public_key}`, `{identifier}`,
/// `{not_before}` and `{not_after}` filled in; `{{` and `}}` are braces. `proof.bad_message_format`
/// for other placeholders and for what is not ASCII.
[[nodiscard]] Result<std::string> message_of(const config::CertRequest& request,
                                             std::string_view public_key);

/// The signature's text as the file has it: in hexadecimal once more.
[[nodiscard]] std::string encode_certificate(std::string_view signature);
/// White space between bytes is ignored, as by upstream. `proof.bad_file`.
[[nodiscard]] Result<std::string> decode_certificate(std::string_view content);

/// Days count in UTC, both ends included. Codes: `proof.expired`, `proof.not_yet_valid`.
[[nodiscard]] Result<void> check_validity(const config::CertRequest& request,
                                          std::chrono::system_clock::time_point now);

/// One proof, made or found good.
struct Certificate {
    config::CertRequest request;
    /// Absolute.
    std::string path;
    /// Of the represented key.
    std::string public_key;
    std::string message;
    std::string signature;
    /// Of the main key that signed.
    std::string signer_public_key;
    std::string signer_address;
};

/// The proofs of one data folder. Functions read the disk anew each time, and may block.
class Certificates {
  public:
    /// `data_folder` is absolute; keys are in its folder `keys`.
    explicit Certificates(std::string data_folder);

    [[nodiscard]] const KeyFolder& keys() const { return keys_; }

    /// Signs and writes the file, replacing an earlier one. The main key may be encrypted. Codes:
    /// those of `KeyFolder`, `represented_by` and `message_of`; `proof.bad_path` for a `save_path`
    /// outside the data folder; `proof.expired`.
    [[nodiscard]] Result<Certificate> issue(const config::CertRequest& request,
                                            const std::optional<std::string>& password,
                                            std::chrono::system_clock::time_point now) const;
    /// Reads the file and checks signature and validity. Further codes: `proof.missing`,
    /// `proof.bad_file`, `proof.bad_signature`, `proof.not_yet_valid`. Needs no password.
    [[nodiscard]] Result<Certificate> load(const config::CertRequest& request,
                                           std::chrono::system_clock::time_point now) const;

  private:
    /// All but the signature.
    [[nodiscard]] Result<Certificate> prepare(const config::CertRequest& request) const;

    std::string data_folder_;
    KeyFolder keys_;
};

/// The content of a certificate's file; `proof.missing`, `proof.bad_file`.
[[nodiscard]] Result<std::string> read_certificate_file(const std::string& path);

}  // namespace patchbay::proofs
