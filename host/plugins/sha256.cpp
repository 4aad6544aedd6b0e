// SPDX-License-Identifier: Apache-2.0
#include "plugins/sha256.hpp"

#include <openssl/evp.h>

#include <array>

namespace patchbay::plugins {

struct Sha256::Context {
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    bool good = digest != nullptr && EVP_DigestInit_ex(digest, EVP_sha256(), nullptr) == 1;

    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { EVP_MD_CTX_free(digest); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;

void Sha256::add(const std::byte* data, std::size_t size) {
    context_->good = context_->good && EVP_DigestUpdate(context_->digest, data, size) == 1;
}

std::string Sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (!context_->good || EVP_DigestFinal_ex(context_->digest, digest.data(), &size) != 1) {
        return {};
    }
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4U];
        text += digits[digest[i] & 15U];
    }
    return text;
}

}  // namespace patchbay::plugins
