// SPDX-License-Identifier: Apache-2.0
#include "identity/hmac_sha256.hpp"

#include "unit/identity/certificate_vectors.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

namespace patchbay::identity {
namespace {

TEST(HmacSha256, EveryVectorHasUpstreamsHashAndSignature) {
    for (const CertificateVector& vector : certificate_vectors()) {
        SCOPED_TRACE(vector.name);
        EXPECT_EQ(to_hex(sha256(vector.canonical)), vector.certificate_hash);
        EXPECT_EQ(to_hex(HmacKey(vector.secret_key).mac(vector.canonical)), vector.signature);
    }
}

TEST(HmacSha256, AgreesWithOpensslForKeysAndTextsOfAllLengths) {
    for (std::size_t key_size = 0; key_size < 140; key_size += 3) {
        const std::string secret(key_size, 'k');
        const HmacKey key(secret);
        for (std::size_t size = 0; size < 200; size += 7) {
            const std::string text(size, 't');
            Digest expected{};
            unsigned written = 0;
            HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                 reinterpret_cast<const unsigned char*>(text.data()), text.size(), expected.data(),
                 &written);
            EXPECT_EQ(key.mac(text), expected) << key_size << ' ' << size;
            Digest hash{};
            EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
            EXPECT_EQ(sha256(text), hash) << size;
        }
    }
}

}  // namespace
}  // namespace patchbay::identity
