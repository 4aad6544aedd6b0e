// SPDX-License-Identifier: Apache-2.0
/// \file
/// Certificates whose signature was found good, by their exact text, so that the next look at one
/// costs no hashing. Times and claims are looked at each time. Of bounded size: a new entry takes
/// the place of another one.
#pragma once

#include "identity/certificate.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::identity {

/// Longer texts are not kept.
inline constexpr std::size_t max_cached_certificate_bytes = 1'024;

/// Thread-safe.
class VerifiedCertificates {
  public:
    /// `places` is rounded up to a power of two; their memory is taken as they are filled.
    explicit VerifiedCertificates(std::size_t places);

    /// True, and `certificate` filled, when exactly this text was added in this epoch of the keys.
    [[nodiscard]] bool find(std::string_view json, std::uint64_t epoch,
                            Certificate& certificate) const;
    void add(std::string_view json, std::uint64_t epoch, const Certificate& certificate);

  private:
    struct Place {
        std::size_t hash = 0;
        std::uint64_t epoch = 0;
        std::string json;
        Certificate certificate;
    };
    static constexpr std::size_t lock_count = 16;

    [[nodiscard]] std::size_t place_of(std::size_t hash) const {
        return hash & (places_.size() - 1);
    }

    std::vector<Place> places_;
    mutable std::array<std::mutex, lock_count> locks_;
};

}  // namespace patchbay::identity
