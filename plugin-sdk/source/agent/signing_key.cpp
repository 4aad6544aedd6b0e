// SPDX-License-Identifier: Apache-2.0
#include "agent/signing_key.hpp"

#include <patchbay/private_file.hpp>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cstddef>

namespace patchbay::agent {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::size_t signature_size = 64;
/// The first words of what is signed.
constexpr std::string_view purpose = "patchbay.challenge/1 ";

/// Nobody is there to type a password.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
    return -1;
}

tl::unexpected<Error> bad_key(const std::string& why) {
    ERR_clear_error();
    return failure(ErrorClass::invalid, "agent.bad_key",
                   "The private key of the agent " + why +
                       "; expected is an Ed25519 key in PEM without a password, as "
                       "`openssl genpkey -algorithm ed25519` makes it.");
}

tl::unexpected<Error> bad_challenge(const std::string& why) {
    return failure(ErrorClass::failed, "agent.bad_challenge",
                   "The server's challenge is not signed: " + why + '.');
}

std::string hex(const std::array<unsigned char, signature_size>& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string text_in(const Json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>()
                                                         : std::string();
}

}  // namespace

void SigningKey::Free::operator()(evp_pkey_st* key) const noexcept {
    EVP_PKEY_free(key);
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
    if (pem.size() > largest_private_file) {
        return bad_key("is too long");
    }
    struct FreeBio {
        void operator()(BIO* bio) const noexcept { BIO_free(bio); }
    };
    const std::unique_ptr<BIO, FreeBio> source(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (source == nullptr) {
        return bad_key("found no memory");
    }
    SigningKey key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr));
    if (key.key_ == nullptr) {
        return bad_key("cannot be read");
    }
    if (EVP_PKEY_get_base_id(key.key_.get()) != EVP_PKEY_ED25519) {
        return bad_key("is of another algorithm");
    }
    return key;
}

Result<SigningKey> SigningKey::load(const std::string& path) {
    Result<std::string> pem = read_private_file(path);
    if (!pem) {
        return tl::unexpected<Error>(std::move(pem.error()));
    }
    Result<SigningKey> key = from_pem(*pem);
    OPENSSL_cleanse(pem->data(), pem->size());
    if (!key) {
        key.error().message += " The file is " + path + '.';
    }
    return key;
}

Result<std::string> SigningKey::public_key() const {
    std::array<unsigned char, key_size> raw{};
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) != 1 || size != raw.size()) {
        return bad_key("has no public half");
    }
    constexpr std::size_t base64_size = (key_size + 2) / 3 * 4;
    std::array<unsigned char, base64_size + 1> text{};
    EVP_EncodeBlock(text.data(), raw.data(), static_cast<int>(raw.size()));
    return std::string(reinterpret_cast<const char*>(text.data()), base64_size);
}

Result<Json> SigningKey::answer(const Json& refusal, const std::string& agent_id) const {
    const auto challenge = refusal.find("challenge");
    if (challenge == refusal.end() || !challenge->is_object()) {
        return bad_challenge("there is none");
    }
    const std::string nonce = text_in(*challenge, "nonce");
    const std::string message = text_in(*challenge, "message");
    if (!message.starts_with(purpose)) {
        return bad_challenge("it has another form");
    }
    const Json said = Json::parse(message.substr(purpose.size()), nullptr, false);
    if (!said.is_object() || nonce.empty() || text_in(said, "nonce") != nonce ||
        text_in(said, "agent_id") != agent_id) {
        return bad_challenge("it is not about this agent, `" + agent_id + '`');
    }
    struct FreeContext {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    std::array<unsigned char, signature_size> signature{};
    std::size_t size = signature.size();
    if (context == nullptr ||
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size,
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1 ||
        size != signature.size()) {
        return bad_key("cannot sign");
    }
    return Json{{"nonce", nonce}, {"signature", hex(signature)}};
}

}  // namespace patchbay::agent
