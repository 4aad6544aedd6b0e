// SPDX-License-Identifier: Apache-2.0
#include "proofs/key_folder.hpp"

#include "proofs/secp256k1.hpp"
#include "proofs/text_encodings.hpp"

#include <patchbay/private_file.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>

namespace patchbay::proofs {
namespace {

template <auto function>
struct Free {
    template <class T>
    void operator()(T* pointer) const {
        function(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Stream = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using KeyInfo = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using Encrypted = std::unique_ptr<X509_SIG, Free<X509_SIG_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, Free<X509_ALGOR_free>>;

constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr std::string_view encrypted_begin = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

tl::unexpected<Error> crypto_failure(const std::string& what) {
    ERR_clear_error();
    return failure(ErrorClass::failed, "proof.crypto", "OpenSSL could not " + what + '.');
}

tl::unexpected<Error> bad_key(Ledger ledger, const std::string& why) {
    ERR_clear_error();
    return failure(
        ErrorClass::invalid, "proof.bad_key",
        "This is no private key of `" + std::string(to_string(ledger)) + "`: " + why + '.');
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto first = text.find_first_not_of(space);
    return first == std::string_view::npos
               ? std::string_view{}
               : text.substr(first, text.find_last_not_of(space) - first + 1);
}

Key openssl_key(const PrivateKey& key) {
    const std::string& secret = key.secret_bytes();
    if (key.ledger() == Ledger::ed25519) {
        return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(secret),
                                                secret.size()));
    }
    const Result<std::string> point = secp256k1::public_key(secret);
    const Builder builder(OSSL_PARAM_BLD_new());
    const Number scalar(BN_secure_new());
    if (!point || !builder || !scalar ||
        BN_bin2bn(bytes_of(secret), static_cast<int>(secret.size()), scalar.get()) == nullptr ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "secp256k1",
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get(),
                                   PrivateKey::size) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point->data(),
                                         point->size()) != 1) {
        return nullptr;
    }
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, params.get()) != 1) {
        return nullptr;
    }
    return Key(made);
}

/// The 32 secret bytes of a key of the ledger's kind.
std::optional<std::string> secret_of(Ledger ledger, EVP_PKEY* key) {
    std::string secret(PrivateKey::size, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(secret.data());
    if (ledger == Ledger::ed25519) {
        std::size_t size = secret.size();
        return EVP_PKEY_is_a(key, "ED25519") == 1 &&
                       EVP_PKEY_get_raw_private_key(key, bytes, &size) == 1 && size == secret.size()
                   ? std::optional(std::move(secret))
                   : std::nullopt;
    }
    std::array<char, 64> group{};
    BIGNUM* scalar = nullptr;
    if (EVP_PKEY_is_a(key, "EC") != 1 ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                       nullptr) != 1 ||
        std::strcmp(group.data(), "secp256k1") != 0 ||
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1) {
        return std::nullopt;
    }
    const Number owned(scalar);
    if (BN_bn2binpad(scalar, bytes, static_cast<int>(secret.size())) !=
        static_cast<int>(secret.size())) {
        return std::nullopt;
    }
    return secret;
}

std::string content_of(BIO* stream) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(stream, &data);
    return size <= 0 ? std::string{} : std::string(data, static_cast<std::size_t>(size));
}

/// PBES2: the password goes through scrypt, which makes guessing dear.
Encrypted encrypt(PKCS8_PRIV_KEY_INFO* info, const std::string& password) {
    constexpr std::uint64_t cost = 16'384;
    constexpr std::uint64_t block = 8;
    constexpr std::uint64_t parallel = 1;
    Algorithm algorithm(
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, cost, block, parallel));
    if (!algorithm) {
        return nullptr;
    }
    Encrypted encrypted(
        PKCS8_set0_pbe(password.data(), static_cast<int>(password.size()), info, algorithm.get()));
    if (encrypted) {
        (void)algorithm.release();  // taken over
    }
    return encrypted;
}

struct Prompt {
    const std::string* password = nullptr;
    bool asked = false;
};

int give_password(char* buffer, int capacity, int /*writing*/, void* data) {
    auto& prompt = *static_cast<Prompt*>(data);
    prompt.asked = true;
    if (prompt.password == nullptr ||
        prompt.password->size() > static_cast<std::size_t>(capacity)) {
        return -1;
    }
    std::copy(prompt.password->begin(), prompt.password->end(), buffer);
    return static_cast<int>(prompt.password->size());
}

Result<PrivateKey> decode_pem(Ledger ledger, std::string_view content,
                              const std::optional<std::string>& password) {
    const Stream stream(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    Prompt prompt{password ? &*password : nullptr};
    const Key key(stream ? PEM_read_bio_PrivateKey(stream.get(), nullptr, give_password, &prompt)
                         : nullptr);
    if (!key) {
        ERR_clear_error();
        if (prompt.asked && !password) {
            return failure(ErrorClass::invalid, "proof.password_required",
                           "The key is encrypted: give its password with --password-file, or in "
                           "the environment as PATCHBAY_KEY_PASSWORD.");
        }
        if (prompt.asked) {
            return failure(ErrorClass::invalid, "proof.wrong_password",
                           "The key cannot be decrypted with this password.");
        }
        return bad_key(ledger, "OpenSSL cannot read this PEM text");
    }
    auto secret = secret_of(ledger, key.get());
    if (!secret) {
        return bad_key(ledger,
                       std::string("the PEM text holds a key of another kind, expected is ") +
                           (ledger == Ledger::ed25519 ? "Ed25519" : "EC secp256k1"));
    }
    return PrivateKey::from_bytes(ledger, *std::move(secret));
}

std::string command_for(Ledger ledger, KeyRole role) {
    return "patchbay keys generate " + std::string(to_string(ledger)) +
           (role == KeyRole::connection ? " --connection" : "");
}

/// In front of what went wrong with a file.
Error in_file(const std::string& path, Error error) {
    error.message = path + ": " + error.message;
    return error;
}

bool is_there(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

std::string_view to_string(KeyRole role) {
    return role == KeyRole::main ? "main" : "connection";
}

Result<std::string> encode_key(const PrivateKey& key, const std::optional<std::string>& password) {
    if (!password) {
        return (key.ledger() == Ledger::ethereum ? "0x" : "") + to_hex(key.secret_bytes());
    }
    constexpr const char* what = "encrypt a key";
    const Key pair = openssl_key(key);
    const KeyInfo info(pair ? EVP_PKEY2PKCS8(pair.get()) : nullptr);
    const Encrypted encrypted = info ? encrypt(info.get(), *password) : nullptr;
    const Stream stream(BIO_new(BIO_s_mem()));
    if (!encrypted || !stream || PEM_write_bio_PKCS8(stream.get(), encrypted.get()) != 1) {
        return crypto_failure(what);
    }
    return content_of(stream.get());
}

Result<PrivateKey> decode_key(Ledger ledger, std::string_view content,
                              const std::optional<std::string>& password) {
    std::string_view text = trimmed(content);
    if (text.starts_with(pem_begin)) {
        return decode_pem(ledger, text, password);
    }
    if (text.starts_with('{')) {
        return bad_key(ledger,
                       "upstream's encrypted JSON files are not supported; export the key "
                       "there and import it as plain hexadecimal digits or PEM");
    }
    if (text.starts_with("0x")) {
        text.remove_prefix(2);
    }
    auto bytes = from_hex(text);
    if (!bytes || bytes->size() != PrivateKey::size) {
        return bad_key(ledger, "expected are 64 hexadecimal digits, or PEM");
    }
    return PrivateKey::from_bytes(ledger, *std::move(bytes));
}

std::string KeyFolder::file_of(Ledger ledger, KeyRole role) const {
    return path_ + '/' + std::string(to_string(ledger)) +
           (role == KeyRole::connection ? "_connection_private_key.txt" : "_private_key.txt");
}

std::string KeyFolder::public_file_of(Ledger ledger, KeyRole role) const {
    return path_ + '/' + std::string(to_string(ledger)) +
           (role == KeyRole::connection ? "_connection_public_key.txt" : "_public_key.txt");
}

Result<std::string> KeyFolder::read(Ledger ledger, KeyRole role) const {
    const std::string path = file_of(ledger, role);
    Result<std::string> content = read_private_file(path);
    if (!content && content.error().code == "file.missing") {
        return failure(ErrorClass::invalid, "proof.no_key",
                       "There is no " + std::string(to_string(role)) + " key of `" +
                           std::string(to_string(ledger)) + "` (" + path +
                           "); make one with: " + command_for(ledger, role));
    }
    return content;
}

Result<KeyEntry> KeyFolder::generate(Ledger ledger, KeyRole role,
                                     const std::optional<std::string>& password) const {
    const std::string path = file_of(ledger, role);
    const auto exists = [&] {
        return failure(ErrorClass::invalid, "proof.key_exists",
                       path +
                           " exists already. Keys are not replaced: what they signed would be "
                           "void. Move the file away if you mean it.");
    };
    if (is_there(path)) {
        return exists();
    }
    const Result<PrivateKey> key = PrivateKey::generate(ledger);
    if (!key) {
        return tl::unexpected<Error>(key.error());
    }
    Result<std::string> content = encode_key(*key, password);
    if (!content) {
        return tl::unexpected<Error>(content.error());
    }
    if (password) {
        // First, so that there is never an encrypted key without its public half.
        const Result<std::string> text =
            key->public_key().and_then([](const PublicKey& half) { return half.text(); });
        if (!text) {
            return tl::unexpected<Error>(text.error());
        }
        if (auto written = write_private_file(public_file_of(ledger, role), *text); !written) {
            return tl::unexpected<Error>(written.error());
        }
    }
    const Result<void> written = write_private_file(path, *content, Existing::keep);
    OPENSSL_cleanse(content->data(), content->size());
    if (!written) {
        if (written.error().code == "file.exists") {
            return exists();
        }
        return tl::unexpected<Error>(written.error());
    }
    return show(ledger, role);
}

Result<PrivateKey> KeyFolder::private_key(Ledger ledger, KeyRole role,
                                          const std::optional<std::string>& password) const {
    Result<std::string> content = read(ledger, role);
    if (!content) {
        return tl::unexpected<Error>(content.error());
    }
    Result<PrivateKey> key = decode_key(ledger, *content, password);
    OPENSSL_cleanse(content->data(), content->size());
    if (!key) {
        return tl::unexpected<Error>(in_file(file_of(ledger, role), key.error()));
    }
    return key;
}

Result<PublicKey> KeyFolder::public_key_of(Ledger ledger, KeyRole role,
                                           std::string_view content) const {
    if (!trimmed(content).starts_with(encrypted_begin)) {
        const Result<PrivateKey> key = decode_key(ledger, content, std::nullopt);
        if (!key) {
            return tl::unexpected<Error>(in_file(file_of(ledger, role), key.error()));
        }
        return key->public_key();
    }
    const std::string path = public_file_of(ledger, role);
    const Result<std::string> text = read_private_file(path);
    if (!text) {
        Error error = text.error();
        if (error.code == "file.missing") {
            error.message =
                file_of(ledger, role) + " is encrypted, and its public key is not in " + path + '.';
        }
        return tl::unexpected<Error>(std::move(error));
    }
    return public_key_from(ledger, trimmed(*text)).map_error([&](Error error) {
        return in_file(path, std::move(error));
    });
}

Result<PublicKey> KeyFolder::public_key(Ledger ledger, KeyRole role) const {
    Result<std::string> content = read(ledger, role);
    if (!content) {
        return tl::unexpected<Error>(content.error());
    }
    Result<PublicKey> key = public_key_of(ledger, role, *content);
    OPENSSL_cleanse(content->data(), content->size());
    return key;
}

Result<KeyEntry> KeyFolder::show(Ledger ledger, KeyRole role) const {
    KeyEntry entry;
    entry.ledger = ledger;
    entry.role = role;
    entry.path = file_of(ledger, role);
    Result<std::string> content = read(ledger, role);
    if (!content) {
        if (content.error().code == "proof.no_key") {
            return tl::unexpected<Error>(content.error());
        }
        entry.error = content.error();
        return entry;
    }
    entry.encrypted = trimmed(*content).starts_with(encrypted_begin);
    const Result<PublicKey> key = public_key_of(ledger, role, *content);
    OPENSSL_cleanse(content->data(), content->size());
    if (!key) {
        entry.error = key.error();
        return entry;
    }
    const Result<std::string> text = key->text();
    const Result<std::string> address = key->address();
    if (!text || !address) {
        entry.error = !text ? text.error() : address.error();
        return entry;
    }
    entry.public_key = *text;
    entry.address = *address;
    return entry;
}

std::vector<KeyEntry> KeyFolder::list() const {
    std::vector<KeyEntry> entries;
    for (const KeyRole role : {KeyRole::main, KeyRole::connection}) {
        for (const Ledger ledger : all_ledgers) {
            if (Result<KeyEntry> entry = show(ledger, role)) {
                entries.push_back(std::move(*entry));
            }
        }
    }
    return entries;
}

}  // namespace patchbay::proofs
