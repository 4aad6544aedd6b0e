// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate.hpp"

#include "identity/hexadecimal.hpp"
#include "identity/json_text.hpp"
#include "identity/strict_json.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::string_view unreadable = "identity.certificate_unreadable";
/// More than any time needs; Python prints integers of any length.
constexpr std::size_t max_number_bytes = 64;

/// Lays the shortest digits of a double out as Python's repr does.
void append_double(std::string& text, double value) {
    std::array<char, 32> scientific{};
    const auto printed = std::to_chars(scientific.data(), scientific.data() + scientific.size(),
                                       value, std::chars_format::scientific);
    std::string_view rest(scientific.data(),
                          static_cast<std::size_t>(printed.ptr - scientific.data()));
    if (rest.front() == '-') {
        text += '-';
        rest.remove_prefix(1);
    }
    // D[.DDD]e[+-]XX
    const std::size_t mark = rest.find('e');
    std::string_view exponent_text = rest.substr(mark + 1);
    const bool negative = exponent_text.front() == '-';
    exponent_text.remove_prefix(1);
    int exponent = 0;
    (void)std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(),
                          exponent);
    exponent = negative ? -exponent : exponent;
    std::array<char, 20> digits{};
    std::size_t count = 0;
    for (const char c : rest.substr(0, mark)) {
        if (c != '.') {
            digits[count++] = c;
        }
    }
    const std::string_view significant(digits.data(), count);
    if (exponent < -4 || exponent > 15) {
        text += significant.front();
        if (count > 1) {
            text += '.';
            text += significant.substr(1);
        }
        text += negative ? "e-" : "e+";
        text += exponent_text;  // two digits at least, as in Python
        return;
    }
    if (exponent < 0) {
        text += "0.";
        text.append(static_cast<std::size_t>(-exponent - 1), '0');
        text += significant;
        return;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (count <= whole) {
        text += significant;
        text.append(whole - count, '0');
        text += ".0";
    } else {
        text += significant.substr(0, whole);
        text += '.';
        text += significant.substr(whole);
    }
}

void append_time(std::string& text, const CertificateTime& time) {
    if (time.integer.empty()) {
        append_double(text, time.seconds);
    } else {
        text += time.integer;
    }
}

/// Nothing when the number is too long or not finite.
bool read_time(std::string_view token, CertificateTime& time) {
    if (token.size() > max_number_bytes) {
        return false;
    }
    const auto read = std::from_chars(token.data(), token.data() + token.size(), time.seconds);
    if (read.ec != std::errc() || read.ptr != token.data() + token.size() ||
        !std::isfinite(time.seconds)) {
        return false;
    }
    time.integer.clear();
    if (token.find_first_of(".eE") == std::string_view::npos) {
        time.integer = token == "-0" ? std::string_view("0") : token;
    }
    return true;
}

}  // namespace

CertificateTime CertificateTime::of_microseconds(std::int64_t microseconds) {
    // Both are exact below 2^53, so that the quotient is the double nearest to the decimal.
    return {static_cast<double>(microseconds) / 1e6, {}};
}

void canonical_text_into(std::string& text, std::string_view agent_id,
                         const CertificateTime& issued_at, const CertificateTime& expires_at) {
    text.assign("{\"agent_id\": \"");
    append_json_escaped(text, agent_id);
    text += "\", \"expires_at\": ";
    append_time(text, expires_at);
    text += ", \"issued_at\": ";
    append_time(text, issued_at);
    text += '}';
}

std::string canonical_text(std::string_view agent_id, const CertificateTime& issued_at,
                           const CertificateTime& expires_at) {
    std::string text;
    canonical_text_into(text, agent_id, issued_at, expires_at);
    return text;
}

Result<Certificate> read_certificate(std::string_view json) {
    constexpr std::string_view subject = "The certificate";
    if (json.size() > max_certificate_bytes) {
        return failure(ErrorClass::invalid, "identity.certificate_too_large",
                       "The certificate has " + std::to_string(json.size()) + " bytes; at most " +
                           std::to_string(max_certificate_bytes) + " are read.");
    }
    std::array<WantedMember, 5> members = {{{"agent_id", MemberKind::text},
                                            {"issued_at", MemberKind::number},
                                            {"expires_at", MemberKind::number},
                                            {"certificate_hash", MemberKind::text},
                                            {"signature", MemberKind::text}}};
    const StrictJsonLimits limits{max_certificate_bytes, max_certificate_depth, 64};
    Result<void> read = read_object(json, members, limits, subject, unreadable);
    if (!read) {
        return tl::unexpected<Error>(std::move(read.error()));
    }
    for (const WantedMember& member : members) {
        if (!member.found) {
            return failure(ErrorClass::invalid, std::string(unreadable),
                           "The certificate lacks the member " + std::string(member.name) + '.');
        }
    }
    Certificate certificate;
    certificate.agent_id = members[0].value;
    if (!read_time(members[1].value, certificate.issued_at) ||
        !read_time(members[2].value, certificate.expires_at)) {
        return failure(ErrorClass::invalid, std::string(unreadable),
                       "The certificate has a time that is too long or not finite.");
    }
    if (!read_hex(members[3].value, certificate.hash) ||
        !read_hex(members[4].value, certificate.signature)) {
        return failure(ErrorClass::invalid, std::string(unreadable),
                       "The certificate has a certificate_hash or signature that is not 64 "
                       "lower-case hexadecimal digits.");
    }
    return certificate;
}

std::string to_json(const Certificate& certificate) {
    std::string text;
    text.reserve(256 + certificate.agent_id.size());
    text += "{\"agent_id\": \"";
    append_json_escaped(text, certificate.agent_id);
    text += "\", \"issued_at\": ";
    append_time(text, certificate.issued_at);
    text += ", \"expires_at\": ";
    append_time(text, certificate.expires_at);
    text += ", \"certificate_hash\": \"";
    append_hex(text, certificate.hash);
    text += "\", \"signature\": \"";
    append_hex(text, certificate.signature);
    text += "\"}";
    return text;
}

bool equal_in_constant_time(const Digest& left, const Digest& right) noexcept {
    return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string to_hex(const Digest& digest) {
    std::string text;
    append_hex(text, digest);
    return text;
}

}  // namespace patchbay::identity
