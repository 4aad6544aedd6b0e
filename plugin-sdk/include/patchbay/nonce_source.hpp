// SPDX-License-Identifier: Apache-2.0
/// \file
/// References of dialogues: 32 random bytes in lower-case hex. They must not be guessable, because
/// whoever knows a reference can speak in its dialogue; so the bytes come from the operating
/// system. The source can be replaced, which tests do to replay recorded dialogues.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace patchbay {

class NonceSource {
  public:
    NonceSource() = default;
    NonceSource(const NonceSource&) = delete;
    NonceSource& operator=(const NonceSource&) = delete;
    virtual ~NonceSource() = default;

    /// The next reference.
    [[nodiscard]] virtual std::string next() = 0;
};

/// Draws from the operating system, many references per call, because one call costs more than a
/// whole dialogue. Not for use by several threads at once. Throws std::system_error when the system
/// has no random bytes to give.
class RandomNonces final : public NonceSource {
  public:
    RandomNonces() = default;
    [[nodiscard]] std::string next() override;

  private:
    static constexpr std::size_t nonce_bytes = 32;
    static constexpr std::size_t batch = 64;

    std::array<unsigned char, nonce_bytes * batch> pool_{};
    std::size_t used_ = nonce_bytes * batch;
};

}  // namespace patchbay
