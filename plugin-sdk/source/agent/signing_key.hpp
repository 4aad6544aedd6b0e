// SPDX-License-Identifier: Apache-2.0
/// \file
/// An agent's Ed25519 key: the proof beside a certificate, which a thief of the certificate lacks.
#pragma once

#include "agent/frames.hpp"

#include <patchbay/result.hpp>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace patchbay::agent {

class SigningKey {
  public:
    /// A private key in PEM (PKCS #8). `agent.bad_key` when it is none of Ed25519, or encrypted.
    [[nodiscard]] static Result<SigningKey> from_pem(std::string_view pem);
    /// The same from a file that only its owner can read; codes of `read_private_file` besides.
    /// [may block]
    [[nodiscard]] static Result<SigningKey> load(const std::string& path);

    /// Base64 of the 32 bytes, as a claim carries it.
    [[nodiscard]] Result<std::string> public_key() const;
    /// The member `proof` for a server's refusal with a challenge. Only challenges in the form of
    /// Patchbay and for this agent are signed, so that nobody gets a signature under something
    /// else: `agent.bad_challenge`.
    [[nodiscard]] Result<Json> answer(const Json& refusal, const std::string& agent_id) const;

  private:
    struct Free {
        void operator()(evp_pkey_st* key) const noexcept;
    };
    explicit SigningKey(evp_pkey_st* key) : key_(key) {}

    std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace patchbay::agent
