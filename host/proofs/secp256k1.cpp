// SPDX-License-Identifier: Apache-2.0
#include "proofs/secp256k1.hpp"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>

#include <memory>

namespace patchbay::proofs::secp256k1 {
namespace {

template <auto function>
struct Free {
    template <class T>
    void operator()(T* pointer) const {
        function(pointer);
    }
};
using Number = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using Scratch = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, Free<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Free<EC_POINT_clear_free>>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Number number(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

/// For values that must not leak through the time that a computation takes.
Number secret_number(std::string_view bytes) {
    Number value = number(bytes);
    if (value != nullptr) {
        BN_set_flags(value.get(), BN_FLG_CONSTTIME);
    }
    return value;
}

/// What every computation needs.
struct Curve {
    Group group{EC_GROUP_new_by_curve_name(NID_secp256k1)};
    Scratch scratch{BN_CTX_secure_new()};

    [[nodiscard]] bool good() const { return group != nullptr && scratch != nullptr; }
    [[nodiscard]] const BIGNUM* order() const { return EC_GROUP_get0_order(group.get()); }
    [[nodiscard]] Point point() const { return Point(EC_POINT_new(group.get())); }
    [[nodiscard]] bool in_range(const BIGNUM* value) const {
        return !BN_is_zero(value) && BN_cmp(value, order()) < 0;
    }
    /// `a` times `b`, reduced by the order.
    bool multiply(BIGNUM* result, const BIGNUM* a, const BIGNUM* b) const {
        return BN_mod_mul(result, a, b, order(), scratch.get()) == 1;
    }
};

tl::unexpected<Error> crypto_failure(const char* what) {
    return failure(ErrorClass::failed, "proof.crypto",
                   std::string("OpenSSL could not ") + what + '.');
}

std::string padded(const BIGNUM* value) {
    std::string bytes(scalar_size, '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(bytes.size()));
    return bytes;
}

std::optional<std::string> compressed(const Curve& curve, const EC_POINT* point) {
    std::string bytes(scalar_size + 1, '\0');
    const std::size_t size = EC_POINT_point2oct(
        curve.group.get(), point, POINT_CONVERSION_COMPRESSED,
        reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), curve.scratch.get());
    return size == bytes.size() ? std::optional(std::move(bytes)) : std::nullopt;
}

void wipe(std::string& bytes) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

std::string hmac(const std::string& key, std::string_view message) {
    std::string result(scalar_size, '\0');
    unsigned int size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message),
             message.size(), reinterpret_cast<unsigned char*>(result.data()), &size) == nullptr) {
        result.clear();
    }
    return result;
}

/// The candidates for k of RFC 6979, section 3.2, one after the other.
class Nonces {
  public:
    /// `digest` is already reduced by the order.
    Nonces(std::string_view scalar, std::string_view digest)
        : key_(scalar_size, '\0'), value_(scalar_size, '\x01') {
        for (const char mark : {'\x00', '\x01'}) {
            std::string seed = value_ + mark;
            seed.append(scalar).append(digest);
            key_ = hmac(key_, seed);
            value_ = hmac(key_, value_);
            wipe(seed);
        }
    }
    Nonces(const Nonces&) = delete;
    Nonces& operator=(const Nonces&) = delete;
    ~Nonces() {
        wipe(key_);
        wipe(value_);
    }

    [[nodiscard]] std::string next() {
        if (used_) {
            key_ = hmac(key_, value_ + '\0');
            value_ = hmac(key_, value_);
        }
        used_ = true;
        value_ = hmac(key_, value_);
        return value_;
    }

  private:
    std::string key_;
    std::string value_;
    bool used_ = false;
};

}  // namespace

bool is_private_key(std::string_view scalar) {
    const Curve curve;
    const Number value = secret_number(scalar);
    return curve.good() && value != nullptr && scalar.size() == scalar_size &&
           curve.in_range(value.get());
}

Result<std::string> public_key(std::string_view scalar) {
    const Curve curve;
    const Number secret = secret_number(scalar);
    if (curve.good() && secret != nullptr) {
        const Point point = curve.point();
        if (point != nullptr && EC_POINT_mul(curve.group.get(), point.get(), secret.get(), nullptr,
                                             nullptr, curve.scratch.get()) == 1) {
            if (auto key = compressed(curve, point.get())) {
                return *std::move(key);
            }
        }
    }
    return crypto_failure("compute a public key of secp256k1");
}

std::optional<std::string> uncompressed(std::string_view key) {
    const Curve curve;
    if (!curve.good()) {
        return std::nullopt;
    }
    const Point point = curve.point();
    std::string bytes(2 * scalar_size + 1, '\0');
    if (point == nullptr ||
        EC_POINT_oct2point(curve.group.get(), point.get(), bytes_of(key), key.size(),
                           curve.scratch.get()) != 1 ||
        EC_POINT_point2oct(curve.group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                           reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                           curve.scratch.get()) != bytes.size()) {
        return std::nullopt;
    }
    return bytes.substr(1);
}

Result<Signature> sign(std::string_view scalar, std::string_view digest) {
    constexpr const char* what = "sign with a key of secp256k1";
    const Curve curve;
    const Number secret = secret_number(scalar);
    const Number message = number(digest);
    if (!curve.good() || secret == nullptr || message == nullptr) {
        return crypto_failure(what);
    }
    const BIGNUM* order = curve.order();
    BN_CTX* scratch = curve.scratch.get();
    const Point point = curve.point();
    const Number x(BN_new());
    const Number r(BN_new());
    const Number s(BN_secure_new());
    const Number inverse(BN_secure_new());
    const Number blind(BN_secure_new());
    const Number part(BN_secure_new());
    const Number exponent(BN_dup(order));
    const Number half(BN_new());
    if (!point || !x || !r || !s || !inverse || !blind || !part || !exponent || !half ||
        BN_nnmod(message.get(), message.get(), order, scratch) != 1 ||
        BN_sub_word(exponent.get(), 2) != 1 || BN_rshift1(half.get(), order) != 1) {
        return crypto_failure(what);
    }
    Nonces nonces(scalar, padded(message.get()));
    // The first candidate fails with a probability of about 2^-128.
    for (int attempt = 0; attempt < 16; ++attempt) {
        std::string candidate = nonces.next();
        const Number k = secret_number(candidate);
        wipe(candidate);
        if (k == nullptr || !curve.in_range(k.get())) {
            continue;
        }
        const Number y(BN_new());
        if (!y ||
            EC_POINT_mul(curve.group.get(), point.get(), k.get(), nullptr, nullptr, scratch) != 1 ||
            EC_POINT_get_affine_coordinates(curve.group.get(), point.get(), x.get(), y.get(),
                                            scratch) != 1 ||
            BN_nnmod(r.get(), x.get(), order, scratch) != 1) {
            return crypto_failure(what);
        }
        if (BN_is_zero(r.get()) || BN_cmp(r.get(), x.get()) != 0) {
            continue;
        }
        // s = (message + r * secret) / k, each term times a random number, so that the secret is
        // never an operand beside known ones.
        BN_set_flags(blind.get(), BN_FLG_CONSTTIME);
        if (BN_priv_rand_range(blind.get(), order) != 1 || BN_is_zero(blind.get()) ||
            !curve.multiply(part.get(), blind.get(), secret.get()) ||
            !curve.multiply(part.get(), part.get(), r.get()) ||
            !curve.multiply(s.get(), blind.get(), message.get()) ||
            BN_mod_add(s.get(), s.get(), part.get(), order, scratch) != 1 ||
            !curve.multiply(part.get(), blind.get(), k.get())) {
            return crypto_failure(what);
        }
        // The inverse by Fermat's theorem, in constant time.
        BN_set_flags(part.get(), BN_FLG_CONSTTIME);
        if (BN_mod_exp_mont_consttime(inverse.get(), part.get(), exponent.get(), order, scratch,
                                      nullptr) != 1 ||
            !curve.multiply(s.get(), s.get(), inverse.get())) {
            return crypto_failure(what);
        }
        if (BN_is_zero(s.get())) {
            continue;
        }
        Signature signature;
        signature.y_is_odd = BN_is_odd(y.get()) == 1;
        if (BN_cmp(s.get(), half.get()) > 0) {
            if (BN_sub(s.get(), order, s.get()) != 1) {
                return crypto_failure(what);
            }
            signature.y_is_odd = !signature.y_is_odd;
        }
        signature.compact = padded(r.get()) + padded(s.get());
        return signature;
    }
    return crypto_failure(what);
}

std::optional<std::string> recover(std::string_view digest, const Signature& signature) {
    const Curve curve;
    if (!curve.good() || signature.compact.size() != 2 * scalar_size) {
        return std::nullopt;
    }
    const std::string_view compact = signature.compact;
    const Number r = number(compact.substr(0, scalar_size));
    const Number s = number(compact.substr(scalar_size));
    const Number message = number(digest);
    if (!r || !s || !message || !curve.in_range(r.get()) || !curve.in_range(s.get())) {
        return std::nullopt;
    }
    const Point point = curve.point();
    const Point key = curve.point();
    const Number inverse(BN_mod_inverse(nullptr, r.get(), curve.order(), curve.scratch.get()));
    // The key is (s * point - message * generator) / r.
    if (!point || !key || !inverse ||
        EC_POINT_set_compressed_coordinates(curve.group.get(), point.get(), r.get(),
                                            signature.y_is_odd ? 1 : 0, curve.scratch.get()) != 1 ||
        !curve.multiply(s.get(), s.get(), inverse.get()) ||
        !curve.multiply(message.get(), message.get(), inverse.get())) {
        return std::nullopt;
    }
    BN_set_negative(message.get(), 1);
    if (BN_nnmod(message.get(), message.get(), curve.order(), curve.scratch.get()) != 1 ||
        EC_POINT_mul(curve.group.get(), key.get(), message.get(), point.get(), s.get(),
                     curve.scratch.get()) != 1 ||
        EC_POINT_is_at_infinity(curve.group.get(), key.get()) == 1) {
        return std::nullopt;
    }
    return compressed(curve, key.get());
}

}  // namespace patchbay::proofs::secp256k1
