// SPDX-License-Identifier: Apache-2.0
#include "proofs/keys.hpp"

#include "proofs/keccak.hpp"
#include "proofs/secp256k1.hpp"
#include "proofs/text_encodings.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cctype>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace patchbay::proofs {
namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using RawKey = std::unique_ptr<EVP_PKEY, FreeKey>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* octets_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

tl::unexpected<Error> key_failure(const std::string& what) {
    return failure(ErrorClass::failed, "proof.crypto", "OpenSSL could not " + what + '.');
}

tl::unexpected<Error> bad_signature(const std::string& why) {
    return failure(ErrorClass::invalid, "proof.bad_signature", why);
}

Result<std::string> digest_by(const char* name, std::string_view bytes) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    std::size_t size = 0;
    if (EVP_Q_digest(nullptr, name, nullptr, bytes.data(), bytes.size(), octets_of(digest),
                     &size) != 1) {
        return key_failure(std::string("compute ") + name);
    }
    digest.resize(size);
    return digest;
}

/// What ECDSA signs.
Result<std::string> digest_of(Ledger ledger, std::string_view message) {
    if (ledger == Ledger::ethereum) {
        // EIP-191, version 0x45: a text that cannot be a transaction.
        return keccak_256(
            "\x19"
            "Ethereum Signed Message:\n" +
            std::to_string(message.size()) + std::string(message));
    }
    return digest_by("SHA256", message);
}

/// EIP-55: the case of the letters is a check sum.
Result<std::string> checksummed(const std::string& digits) {
    Result<std::string> hash = keccak_256(digits);
    if (!hash) {
        return hash;
    }
    std::string text = "0x";
    for (std::size_t at = 0; at < digits.size(); ++at) {
        const auto byte = static_cast<unsigned char>((*hash)[at / 2]);
        const unsigned nibble = at % 2 == 0 ? byte >> 4U : byte & 15U;
        text += nibble >= 8
                    ? static_cast<char>(std::toupper(static_cast<unsigned char>(digits[at])))
                    : digits[at];
    }
    return text;
}

std::string write_signature(Ledger ledger, const secp256k1::Signature& signature) {
    constexpr char first_recovery_id = 27;
    if (ledger != Ledger::ethereum) {
        return to_base64(signature.compact);
    }
    return "0x" + to_hex(signature.compact +
                         static_cast<char>(first_recovery_id + (signature.y_is_odd ? 1 : 0)));
}

/// Ethereum's spelling: 65 bytes, the last of which says which of the two points it was; 0 and 1,
/// 27 and 28, and 35 upwards (with the number of a chain) are in use.
std::optional<secp256k1::Signature> read_ethereum_signature(std::string_view text) {
    constexpr std::size_t size = 2 * secp256k1::scalar_size + 1;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
    }
    const std::optional<std::string> bytes = from_hex(text);
    if (!bytes || bytes->size() != size) {
        return std::nullopt;
    }
    const auto v = static_cast<unsigned char>(bytes->back());
    secp256k1::Signature signature;
    signature.compact = bytes->substr(0, size - 1);
    if (v <= 1) {
        signature.y_is_odd = v == 1;
    } else if (v == 27 || v == 28) {
        signature.y_is_odd = v == 28;
    } else if (v >= 35) {
        signature.y_is_odd = (v - 35) % 2 == 1;
    } else {
        return std::nullopt;
    }
    return signature;
}

Result<PublicKey> check_ed25519(std::string_view message, std::string_view signature,
                                std::string_view address) {
    const std::optional<std::string> bytes = from_base64(signature);
    const std::optional<std::string> key_bytes = from_hex(address);
    if (!bytes) {
        return bad_signature("A signature of `ed25519` is 64 bytes in base64.");
    }
    if (!key_bytes || key_bytes->size() != PrivateKey::size || to_hex(*key_bytes) != address) {
        return bad_signature("An address of `ed25519` is 64 lower-case hexadecimal digits.");
    }
    const RawKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets_of(*key_bytes),
                                                 key_bytes->size()));
    const Context context(EVP_MD_CTX_new());
    if (!key || !context ||
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
        return key_failure("check a signature of Ed25519");
    }
    if (EVP_DigestVerify(context.get(), octets_of(*bytes), bytes->size(), octets_of(message),
                         message.size()) != 1) {
        return bad_signature("The signature was not made by " + std::string(address) + '.');
    }
    return PublicKey(Ledger::ed25519, *key_bytes);
}

Result<std::string> sign_ed25519(const std::string& secret, std::string_view message) {
    const RawKey key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets_of(secret), secret.size()));
    const Context context(EVP_MD_CTX_new());
    std::string signature(64, '\0');
    std::size_t size = signature.size();
    if (!key || !context ||
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), octets_of(signature), &size, octets_of(message),
                       message.size()) != 1 ||
        size != signature.size()) {
        return key_failure("sign with Ed25519");
    }
    return to_base64(signature);
}

}  // namespace

// ---- Public keys -------------------------------------------------------------------------------

Result<std::string> PublicKey::text() const {
    if (ledger_ != Ledger::ethereum) {
        return to_hex(bytes_);
    }
    const std::optional<std::string> point = secp256k1::uncompressed(bytes_);
    if (!point) {
        return key_failure("write out a public key of secp256k1");
    }
    return "0x" + to_hex(*point);
}

Result<std::string> PublicKey::address() const {
    switch (ledger_) {
        case Ledger::cosmos:
        case Ledger::fetchai: {
            Result<std::string> inner = digest_by("SHA256", bytes_);
            if (!inner) {
                return inner;
            }
            Result<std::string> outer = digest_by("RIPEMD160", *inner);
            if (!outer) {
                return outer;
            }
            return to_bech32(ledger_ == Ledger::cosmos ? "cosmos" : "fetch", *outer);
        }
        case Ledger::ethereum: {
            constexpr std::size_t address_size = 20;
            const std::optional<std::string> point = secp256k1::uncompressed(bytes_);
            if (!point) {
                return key_failure("write out a public key of secp256k1");
            }
            Result<std::string> hash = keccak_256(*point);
            if (!hash) {
                return hash;
            }
            return checksummed(to_hex(hash->substr(hash->size() - address_size)));
        }
        case Ledger::ed25519:
            break;
    }
    return to_hex(bytes_);
}

Result<PublicKey> public_key_from(Ledger ledger, std::string_view text) {
    std::string_view digits = text;
    if (ledger == Ledger::ethereum && digits.starts_with("0x")) {
        digits.remove_prefix(2);
    }
    std::optional<std::string> bytes = from_hex(digits);
    if (bytes && ledger == Ledger::ethereum && bytes->size() == 2 * secp256k1::scalar_size) {
        const bool y_is_odd = (static_cast<unsigned char>(bytes->back()) & 1U) != 0;
        *bytes = (y_is_odd ? '\x03' : '\x02') + bytes->substr(0, secp256k1::scalar_size);
    }
    if (bytes) {
        PublicKey key(ledger, *std::move(bytes));
        const bool good = ledger == Ledger::ed25519
                              ? key.bytes().size() == PrivateKey::size
                              : key.bytes().size() == secp256k1::scalar_size + 1 &&
                                    secp256k1::uncompressed(key.bytes()).has_value();
        // Also refuses y coordinates that do not belong to x.
        if (const Result<std::string> again = key.text(); good && again && *again == text) {
            return key;
        }
    }
    return failure(ErrorClass::invalid, "proof.bad_key",
                   "`" + std::string(text) + "` is no public key of `" +
                       std::string(to_string(ledger)) + "`.");
}

// ---- Private keys ------------------------------------------------------------------------------

PrivateKey::PrivateKey(PrivateKey&& other) noexcept
    : ledger_(other.ledger_), bytes_(std::move(other.bytes_)) {}

PrivateKey& PrivateKey::operator=(PrivateKey&& other) noexcept {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
    ledger_ = other.ledger_;
    bytes_ = std::move(other.bytes_);
    return *this;
}

PrivateKey::~PrivateKey() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Result<PrivateKey> PrivateKey::generate(Ledger ledger) {
    std::string bytes(size, '\0');
    do {
        if (RAND_priv_bytes(octets_of(bytes), static_cast<int>(bytes.size())) != 1) {
            return key_failure("make random numbers");
        }
    } while (ledger != Ledger::ed25519 && !secp256k1::is_private_key(bytes));
    return PrivateKey(ledger, std::move(bytes));
}

Result<PrivateKey> PrivateKey::from_bytes(Ledger ledger, std::string bytes) {
    if (bytes.size() != size || (ledger != Ledger::ed25519 && !secp256k1::is_private_key(bytes))) {
        OPENSSL_cleanse(bytes.data(), bytes.size());
        return failure(
            ErrorClass::invalid, "proof.bad_key",
            "These bytes are no private key of `" + std::string(to_string(ledger)) +
                "`; it has 32 bytes" +
                (ledger == Ledger::ed25519 ? "." : ", from 1 to the order of the curve."));
    }
    return PrivateKey(ledger, std::move(bytes));
}

Result<PublicKey> PrivateKey::public_key() const {
    if (ledger_ != Ledger::ed25519) {
        return secp256k1::public_key(bytes_).map(
            [this](std::string key) { return PublicKey(ledger_, std::move(key)); });
    }
    const RawKey key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets_of(bytes_), bytes_.size()));
    std::string bytes(size, '\0');
    std::size_t length = bytes.size();
    if (!key || EVP_PKEY_get_raw_public_key(key.get(), octets_of(bytes), &length) != 1 ||
        length != bytes.size()) {
        return key_failure("compute a public key of Ed25519");
    }
    return PublicKey(ledger_, std::move(bytes));
}

Result<std::string> PrivateKey::sign(std::string_view message) const {
    if (ledger_ == Ledger::ed25519) {
        return sign_ed25519(bytes_, message);
    }
    Result<std::string> digest = digest_of(ledger_, message);
    if (!digest) {
        return digest;
    }
    return secp256k1::sign(bytes_, *digest).map([this](const secp256k1::Signature& signature) {
        return write_signature(ledger_, signature);
    });
}

// ---- Signatures --------------------------------------------------------------------------------

Result<PublicKey> check_signature(Ledger ledger, std::string_view message,
                                  std::string_view signature, std::string_view address) {
    if (ledger == Ledger::ed25519) {
        return check_ed25519(message, signature, address);
    }
    Result<std::string> digest = digest_of(ledger, message);
    if (!digest) {
        return tl::unexpected<Error>(digest.error());
    }
    std::vector<secp256k1::Signature> candidates;
    if (ledger == Ledger::ethereum) {
        if (auto read = read_ethereum_signature(signature)) {
            candidates.push_back(*std::move(read));
        }
    } else if (auto bytes = from_base64(signature);
               bytes && bytes->size() == 2 * secp256k1::scalar_size) {
        // This spelling does not say which of the two points it was.
        candidates.push_back({*bytes, false});
        candidates.push_back({*std::move(bytes), true});
    }
    if (candidates.empty()) {
        return bad_signature(ledger == Ledger::ethereum
                                 ? "A signature of `ethereum` is 65 bytes in hexadecimal, the last "
                                   "of which is a recovery id."
                                 : "A signature of `" + std::string(to_string(ledger)) +
                                       "` is 64 bytes in base64.");
    }
    for (const secp256k1::Signature& candidate : candidates) {
        if (auto bytes = secp256k1::recover(*digest, candidate)) {
            PublicKey key(ledger, *std::move(bytes));
            const Result<std::string> owner = key.address();
            if (!owner) {
                return tl::unexpected<Error>(owner.error());
            }
            if (*owner == address) {
                return key;
            }
        }
    }
    return bad_signature("The signature was not made by " + std::string(address) +
                         " over this message.");
}

}  // namespace patchbay::proofs
