// SPDX-License-Identifier: Apache-2.0
/// \file
/// SHA-256, and HMAC-SHA-256 with a key that is prepared once and used by any number of threads.
///
/// OpenSSL's compression function is called directly instead of through EVP_MAC: a certificate has
/// 90 bytes, and for so little text EVP's contexts cost more than twice the hashing itself. The
/// benchmark tests/bench/identity shows both.
#pragma once

#include "identity/certificate.hpp"

#include <openssl/sha.h>

#include <string_view>

namespace patchbay::identity {

[[nodiscard]] Digest sha256(std::string_view text) noexcept;

/// The state of the two hashes after the padded key. As secret as the key; wiped when it goes.
class HmacKey {
  public:
    explicit HmacKey(std::string_view secret) noexcept;
    HmacKey(const HmacKey&) = delete;
    HmacKey& operator=(const HmacKey&) = delete;
    ~HmacKey();

    [[nodiscard]] Digest mac(std::string_view text) const noexcept;

  private:
    SHA256_CTX inner_{};
    SHA256_CTX outer_{};
};

}  // namespace patchbay::identity
