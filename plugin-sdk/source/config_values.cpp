// SPDX-License-Identifier: Apache-2.0
#include <patchbay/config_values.hpp>

#include <cmath>
#include <cstdint>

namespace patchbay {

void refuse_value(const std::string& key, const std::string& value, const std::string& expected) {
    throw ConfigError({ErrorClass::invalid, "config.bad_value",
                       "'" + key + "' is " + value + "; expected " + expected + "."});
}

std::chrono::nanoseconds seconds_value(const Config& config, const std::string& key,
                                       double default_value) {
    constexpr double longest = 1e6;
    const double value = config.get<double>(key, default_value);
    if (!(value >= 0 && value <= longest)) {
        refuse_value(key, std::to_string(value), "seconds from 0 to 1000000");
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(value * 1e9)));
}

std::size_t size_value(const Config& config, const std::string& key, std::size_t default_value,
                       std::size_t minimum, std::size_t maximum) {
    const auto value = config.get<std::size_t>(key, default_value);
    if (value < minimum || value > maximum) {
        refuse_value(key, std::to_string(value),
                     std::to_string(minimum) + " to " + std::to_string(maximum));
    }
    return value;
}

}  // namespace patchbay
