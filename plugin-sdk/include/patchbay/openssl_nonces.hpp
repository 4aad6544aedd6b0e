// SPDX-License-Identifier: Apache-2.0
/// \file
/// References of dialogues from OpenSSL's generator, for connections that open many thousands in a
/// second and link libcrypto anyway: in bulk it gives bytes several times faster than the operating
/// system, from which it seeds itself. Only who includes this header needs OpenSSL.
#pragma once

#include <patchbay/nonce_source.hpp>

#include <openssl/rand.h>

#include <stdexcept>

namespace patchbay {

/// Throws std::runtime_error when the generator could not be seeded.
class OpensslNonces final : public PooledNonces {
    void draw(unsigned char* bytes, std::size_t size) override {
        if (RAND_bytes(bytes, static_cast<int>(size)) != 1) {
            throw std::runtime_error("OpenSSL has no random bytes to give");
        }
    }
};

}  // namespace patchbay
