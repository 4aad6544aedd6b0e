// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keys and certificates made for one test, as PEM files.
#pragma once

#include <string>

namespace patchbay::test {

struct CertificateFiles {
    std::string certificate;
    std::string key;
};

struct CertificateOptions {
    std::string name;  ///< common name, and name of the files
    /// In OpenSSL's notation: "DNS:localhost,IP:127.0.0.1"; empty = none.
    std::string alternative_names{};
    bool is_authority = false;
    bool is_expired = false;
};

/// Made in `folder`, signed by `authority`, or by itself without one. Throws std::runtime_error.
[[nodiscard]] CertificateFiles make_certificate(const std::string& folder,
                                                const CertificateOptions& options,
                                                const CertificateFiles* authority = nullptr);

}  // namespace patchbay::test
