// SPDX-License-Identifier: Apache-2.0
/// \file
/// Certificates made for one test.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace patchbay::http_client {

/// A key with a certificate that it signed itself, which is also the authority to trust, as files.
struct Certificate {
    std::string certificate_file;
    std::string key_file;
};

/// `names` in OpenSSL's notation: "DNS:localhost,IP:127.0.0.1".
[[nodiscard]] Certificate make_certificate(const std::filesystem::path& folder,
                                           const std::string& name, const std::string& names);

}  // namespace patchbay::http_client
