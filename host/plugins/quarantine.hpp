// SPDX-License-Identifier: Apache-2.0
/// \file
/// Libraries whose bytes failed a reload, so that the same bytes are not tried again and again. The
/// next other bytes of the same file end the quarantine.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

struct QuarantinedLibrary {
    /// Absolute path.
    std::string library;
    std::string sha256;
    /// Nanoseconds since 1970, UTC.
    std::uint64_t since = 0;
    Error reason{};
};

/// Thread-safe.
class Quarantine {
  public:
    /// Bound; the oldest goes first.
    static constexpr std::size_t capacity = 256;

    void add(QuarantinedLibrary entry);
    void remove(std::string_view library);
    /// Why these bytes of the library failed; nothing when they did not.
    [[nodiscard]] std::optional<Error> reason(std::string_view library,
                                              std::string_view sha256) const;
    [[nodiscard]] std::vector<QuarantinedLibrary> all() const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, QuarantinedLibrary, std::less<>> entries_;
};

}  // namespace patchbay::plugins
