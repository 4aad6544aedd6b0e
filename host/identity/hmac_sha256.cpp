// SPDX-License-Identifier: Apache-2.0
#include "identity/hmac_sha256.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

// SHA256_* are marked as deprecated in favour of EVP; see the header for why they are used.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace patchbay::identity {

namespace {

constexpr std::size_t block_size = 64;

}  // namespace

// The functions fail only without the memory that the caller gives them.
Digest sha256(std::string_view text) noexcept {
    SHA256_CTX state;
    Digest digest;
    (void)SHA256_Init(&state);
    (void)SHA256_Update(&state, text.data(), text.size());
    (void)SHA256_Final(digest.data(), &state);
    return digest;
}

HmacKey::HmacKey(std::string_view secret) noexcept {
    std::array<unsigned char, block_size> block{};
    if (secret.size() > block_size) {
        Digest hashed = sha256(secret);
        std::copy(hashed.begin(), hashed.end(), block.begin());
        OPENSSL_cleanse(hashed.data(), hashed.size());
    } else {
        std::copy(secret.begin(), secret.end(), block.begin());
    }
    const auto prepare = [&block](SHA256_CTX& state, unsigned char pad) {
        for (unsigned char& byte : block) {
            byte ^= pad;
        }
        (void)SHA256_Init(&state);
        (void)SHA256_Update(&state, block.data(), block.size());
        for (unsigned char& byte : block) {
            byte ^= pad;
        }
    };
    prepare(inner_, 0x36);
    prepare(outer_, 0x5C);
    OPENSSL_cleanse(block.data(), block.size());
}

HmacKey::~HmacKey() {
    OPENSSL_cleanse(&inner_, sizeof inner_);
    OPENSSL_cleanse(&outer_, sizeof outer_);
}

Digest HmacKey::mac(std::string_view text) const noexcept {
    Digest digest;
    SHA256_CTX state = inner_;
    (void)SHA256_Update(&state, text.data(), text.size());
    (void)SHA256_Final(digest.data(), &state);
    state = outer_;
    (void)SHA256_Update(&state, digest.data(), digest.size());
    (void)SHA256_Final(digest.data(), &state);
    return digest;
}

}  // namespace patchbay::identity

#pragma GCC diagnostic pop
