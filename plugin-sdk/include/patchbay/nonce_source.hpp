// SPDX-License-Identifier: Apache-2.0
/// \file
/// References of dialogues: 32 random bytes in lower-case hex. They must not be guessable, because
/// whoever knows a reference can speak in its dialogue; so the bytes come from a cryptographic
/// generator. The source can be replaced, which tests do to replay recorded dialogues.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace patchbay {

/// Characters of a reference.
inline constexpr std::size_t nonce_size = 64;

/// Not for use by several threads at once.
class NonceSource {
  public:
    NonceSource() = default;
    NonceSource(const NonceSource&) = delete;
    NonceSource& operator=(const NonceSource&) = delete;
    virtual ~NonceSource() = default;

    /// Writes the next reference, `nonce_size` characters without a terminating zero.
    virtual void next_into(char* text) = 0;

    [[nodiscard]] std::string next() {
        std::string text(nonce_size, '0');
        next_into(text.data());
        return text;
    }
};

/// Draws the bytes of many references at a time, because one draw costs more than a whole dialogue.
class PooledNonces : public NonceSource {
  public:
    void next_into(char* text) final;

  private:
    static constexpr std::size_t nonce_bytes = nonce_size / 2;
    static constexpr std::size_t batch = 128;

    /// Fills all of it with random bytes, or throws.
    virtual void draw(unsigned char* bytes, std::size_t size) = 0;

    std::array<unsigned char, nonce_bytes * batch> pool_{};
    std::size_t used_ = nonce_bytes * batch;
};

/// Draws from the operating system. Throws std::system_error when that has no random bytes to give.
class RandomNonces final : public PooledNonces {
    void draw(unsigned char* bytes, std::size_t size) override;
};

}  // namespace patchbay
