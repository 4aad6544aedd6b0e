// SPDX-License-Identifier: Apache-2.0
#include "identity/public_key.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace patchbay::identity {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::optional<PublicKey> public_key_from(std::string_view bytes) noexcept {
    if (bytes.size() != public_key_size) {
        return std::nullopt;
    }
    PublicKey key{};
    std::copy(bytes.begin(), bytes.end(), key.begin());
    return key;
}

bool verify_ed25519(const PublicKey& key, std::string_view message,
                    std::string_view signature) noexcept {
    if (signature.size() != ed25519_signature_size) {
        return false;
    }
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
        EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    return public_key && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                            message.size()) == 1;
}

}  // namespace patchbay::identity
