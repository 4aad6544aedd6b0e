// SPDX-License-Identifier: Apache-2.0
/// \file
/// The certificate of an agent id, as OpenAgents' first identity release writes it: a JSON object
/// with agent_id, issued_at, expires_at, certificate_hash and signature. Hash and signature cover
/// the canonical text
///
///     {"agent_id": "my-agent", "expires_at": 1641081600.0, "issued_at": 1640995200.0}
///
/// byte for byte as Python prints it: ASCII with lower-case \u escapes, the shortest digits of a
/// double in Python's layout, and integers digit for digit (they hash differently from doubles).
///
/// Reading is strict where Python is not: no NaN or Infinity, no number that is not finite, no
/// duplicate members, well-formed UTF-8 without lone surrogates, bounded size and depth. Unknown
/// members are ignored.
#pragma once

#include <patchbay/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::identity {

/// Bytes of a SHA-256.
using Digest = std::array<unsigned char, 32>;

inline constexpr std::size_t max_certificate_bytes = 8'192;
/// Containers within each other, in members that are ignored; the certificate is the first.
inline constexpr std::size_t max_certificate_depth = 8;

/// Seconds since 1970, as a JSON number: a double, or an integer of any size.
struct CertificateTime {
    /// The value, rounded when it is an integer beyond 53 bits.
    double seconds = 0;
    /// Digits, perhaps with a sign, of a number without fraction and exponent; else empty.
    std::string integer;

    [[nodiscard]] static CertificateTime of(double seconds) { return {seconds, {}}; }
    /// Whole microseconds, which every reader prints with the same digits.
    [[nodiscard]] static CertificateTime of_microseconds(std::int64_t microseconds);

    friend bool operator==(const CertificateTime&, const CertificateTime&) = default;
};

struct Certificate {
    std::string agent_id;
    CertificateTime issued_at;
    CertificateTime expires_at;
    Digest hash{};
    Digest signature{};

    friend bool operator==(const Certificate&, const Certificate&) = default;
};

/// The text that is hashed and signed. `agent_id` must be UTF-8.
[[nodiscard]] std::string canonical_text(std::string_view agent_id,
                                         const CertificateTime& issued_at,
                                         const CertificateTime& expires_at);
/// The same into a string that is used again and again; replaces its content.
void canonical_text_into(std::string& text, std::string_view agent_id,
                         const CertificateTime& issued_at, const CertificateTime& expires_at);

/// Reads a certificate. Codes (class `invalid`): `identity.certificate_unreadable`,
/// `identity.certificate_too_large`. The message says what and where.
[[nodiscard]] Result<Certificate> read_certificate(std::string_view json);

/// Writes one as upstream's server does, with members in upstream's order.
[[nodiscard]] std::string to_json(const Certificate& certificate);

/// The same in a time that tells nothing of where they differ.
[[nodiscard]] bool equal_in_constant_time(const Digest& left, const Digest& right) noexcept;

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const Digest& digest);

}  // namespace patchbay::identity
