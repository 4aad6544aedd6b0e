// SPDX-License-Identifier: Apache-2.0
#include <patchbay/nonce_source.hpp>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#if defined(__linux__)
#include <sys/random.h>
#else
#include <random>
#endif

namespace patchbay {

namespace {

/// The two digits of every byte.
constexpr std::array<char, 512> hex_digits = [] {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 512> pairs{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        pairs[2 * byte] = digits[byte >> 4U];
        pairs[2 * byte + 1] = digits[byte & 15U];
    }
    return pairs;
}();

}  // namespace

void PooledNonces::next_into(char* text) {
    if (used_ == pool_.size()) {
        draw(pool_.data(), pool_.size());
        used_ = 0;
    }
    unsigned char* const bytes = pool_.data() + used_;
    for (std::size_t i = 0; i < nonce_bytes; ++i) {
        std::memcpy(text + 2 * i, &hex_digits[2 * std::size_t{bytes[i]}], 2);
    }
    std::memset(bytes, 0, nonce_bytes);  // a reference is not left behind for a second use
    used_ += nonce_bytes;
}

void RandomNonces::draw(unsigned char* bytes, std::size_t size) {
#if defined(__linux__)
    while (size != 0) {
        const ssize_t got = getrandom(bytes, size, 0);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        bytes += got;
        size -= static_cast<std::size_t>(got);
    }
#else
    // On Windows this is the system's generator, not a seeded engine.
    std::random_device device;
    while (size != 0) {
        const unsigned int word = device();
        const std::size_t part = size < sizeof word ? size : sizeof word;
        std::memcpy(bytes, &word, part);
        bytes += part;
        size -= part;
    }
#endif
}

}  // namespace patchbay
