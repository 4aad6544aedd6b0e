// SPDX-License-Identifier: Apache-2.0
#include <patchbay/nonce_source.hpp>

#include <cerrno>
#include <string_view>
#include <system_error>

#if defined(__linux__)
#include <sys/random.h>
#else
#include <cstring>
#include <random>
#endif

namespace patchbay {

namespace {

void fill_random(unsigned char* bytes, std::size_t size) {
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

}  // namespace

std::string RandomNonces::next() {
    if (used_ == pool_.size()) {
        fill_random(pool_.data(), pool_.size());
        used_ = 0;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(nonce_bytes * 2, '0');
    for (std::size_t i = 0; i < nonce_bytes; ++i) {
        unsigned char& byte = pool_[used_ + i];
        text[2 * i] = digits[byte >> 4U];
        text[2 * i + 1] = digits[byte & 15U];
        byte = 0;  // a reference is not left behind in memory for a second use
    }
    used_ += nonce_bytes;
    return text;
}

}  // namespace patchbay
