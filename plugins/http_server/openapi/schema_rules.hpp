// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a schema demands that valijson does not check, or not so that a stranger may choose the
/// input: its patterns are exponential, its `uniqueItems` is quadratic, its lengths end at a NUL
/// character, its `multipleOf` cuts fractions off. One constraint of our own does it in their
/// place.
#pragma once

#include "openapi/format.hpp"
#include "openapi/pattern.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::openapi {

/// Numbers of schemas are those of their `SchemaSet`.
struct SchemaRules {
    struct Contains {
        std::size_t schema = 0;
        std::uint64_t min = 1;
        std::optional<std::uint64_t> max;
    };
    struct NamedLike {
        Pattern pattern;
        std::size_t schema = 0;
    };

    // Texts; lengths are in characters.
    std::optional<std::uint64_t> min_length;
    std::optional<std::uint64_t> max_length;
    std::optional<Pattern> pattern;
    /// Of texts or integers.
    std::optional<Format> format;

    std::optional<double> multiple_of;

    bool unique_items = false;
    std::optional<Contains> contains;

    std::optional<std::size_t> property_names;
    std::vector<NamedLike> pattern_properties;
    /// For properties that neither are in `properties` nor match a pattern. Only there when there
    /// are patterns; otherwise valijson does it.
    std::optional<std::size_t> additional_properties;
    /// Sorted.
    std::vector<std::string> properties;
};

/// Whether all items are different, in time n log n. Spends effort; throws `EffortExceeded`.
[[nodiscard]] bool has_unique_items(const nlohmann::json& array, Effort& effort);

/// Characters of UTF-8 text.
[[nodiscard]] std::uint64_t length_of(std::string_view text);

/// Binary fractions are compared with the tolerance of their last digits: 0.3 is a multiple of 0.1.
[[nodiscard]] bool is_multiple_of(double value, double divisor);

}  // namespace patchbay::openapi
