// SPDX-License-Identifier: Apache-2.0
/// \file
/// The keys that sign certificates. The current key signs; those it replaced still verify through
/// an overlap. Where the key comes from:
///
/// - a file (mode 0600; made with 32 random bytes, as 64 hexadecimal digits, when it is not there;
///   refused when others can read it). Only such a key can be rotated: the file holds the current
///   key, and FILE.old, of the same mode, the replaced ones with the times until which they verify;
/// - an environment variable;
/// - the configuration itself, which warns, because configurations are read by many.
///
/// As upstream does, the text of the secret is the key, not the bytes that its digits spell. A
/// secret under 32 bytes warns. Secrets are never logged; a key is named by its id, the first 16
/// hexadecimal digits of an HMAC over a fixed text.
#pragma once

#include "events/event.hpp"
#include "identity/certificate.hpp"
#include "multiplexer/clock.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::identity {

/// One of the three; with none the file is DATA_DIR/identity.key.
struct KeySource {
    std::string secret_key_file;
    /// Name of an environment variable.
    std::string secret_key_env;
    std::string secret_key;
};

struct KeyInfo {
    std::string id;
    /// Signs; the others only verify.
    bool current = false;
    /// Nanoseconds since 1970; 0 for the current key.
    std::uint64_t verifies_until = 0;
};

/// Thread-safe.
class SigningKeys {
  public:
    /// Codes: `identity.key_missing` (variable not set, empty secret), `identity.key_unreadable`
    /// (its content is no key), `identity.key_sources` (more than one), `identity.key_write_failed`
    /// (no random bytes), and those of patchbay/private_file.hpp. [may block]
    [[nodiscard]] static Result<std::unique_ptr<SigningKeys>> open(const KeySource& source,
                                                                   const std::string& data_dir,
                                                                   events::EventSink& events,
                                                                   const multiplexer::Clock& clock);
    SigningKeys(const SigningKeys&) = delete;
    SigningKeys& operator=(const SigningKeys&) = delete;
    ~SigningKeys();

    /// Hash and signature of a text. [any-thread]
    struct Signed {
        Digest hash{};
        Digest signature{};
    };
    [[nodiscard]] Signed sign(std::string_view canonical) const;
    /// True when hash and signature are those of `canonical` under a key that verifies at `wall`.
    /// [any-thread]
    [[nodiscard]] bool verify(std::string_view canonical, const Digest& hash,
                              const Digest& signature, std::uint64_t wall) const;
    /// Changes whenever `verify` may answer otherwise than before for the same certificate.
    [[nodiscard]] std::uint64_t epoch(std::uint64_t wall) const;

    [[nodiscard]] std::vector<KeyInfo> keys() const;
    /// A new key signs from now on, after it is on the disk; the old one verifies for `overlap`.
    /// Answers with the id of the new one. Codes: `identity.key_fixed` (not from a file),
    /// `identity.too_many_keys` (16 replaced ones still verify), `identity.key_write_failed` and
    /// `file.unwritable`.
    /// [may block]
    [[nodiscard]] Result<std::string> rotate(std::chrono::nanoseconds overlap);

  private:
    struct Parts;
    explicit SigningKeys(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

}  // namespace patchbay::identity
