// SPDX-License-Identifier: Apache-2.0
#include "app/time_text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace patchbay::app {

std::string utc_text(std::chrono::system_clock::time_point time) {
    return utc_text(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()));
}

std::string utc_text(std::uint64_t nanoseconds) {
    const auto seconds = static_cast<std::time_t>(nanoseconds / 1'000'000'000);
    std::tm utc{};
    (void)::gmtime_r(&seconds, &utc);
    std::array<char, 32> date{};
    const std::size_t size = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 8> fraction{};
    (void)std::snprintf(fraction.data(), fraction.size(), ".%03uZ",
                        static_cast<unsigned>(nanoseconds / 1'000'000 % 1000));
    return std::string(date.data(), size) + fraction.data();
}

}  // namespace patchbay::app
