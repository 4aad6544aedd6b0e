// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

/// Types in an order; all numbers are of one type, as in JSON Schema.
int rank(const json& value) {
    return value.is_number() ? static_cast<int>(json::value_t::number_float)
                             : static_cast<int>(value.type());
}

std::partial_ordering compare(const json& left, const json& right, Effort& effort);

/// Wide enough for every integer of 64 bits and every double, and one type for all, so that the
/// order is one even where it is not.
long double to_number(const json& value) {
    if (value.is_number_unsigned()) {
        return static_cast<long double>(value.get<std::uint64_t>());
    }
    return value.is_number_integer() ? static_cast<long double>(value.get<std::int64_t>())
                                     : static_cast<long double>(value.get<double>());
}

std::partial_ordering compare_arrays(const json& left, const json& right, Effort& effort) {
    if (left.size() != right.size()) {
        return left.size() <=> right.size();
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (const auto order = compare(left[i], right[i], effort); order != 0) {
            return order;
        }
    }
    return std::partial_ordering::equivalent;
}

std::partial_ordering compare_objects(const json& left, const json& right, Effort& effort) {
    if (left.size() != right.size()) {
        return left.size() <=> right.size();
    }
    for (auto l = left.begin(), r = right.begin(); l != left.end(); ++l, ++r) {
        effort.spend(1 + std::min(l.key().size(), r.key().size()) / 64);
        if (const int order = l.key().compare(r.key()); order != 0) {
            return order <=> 0;
        }
        if (const auto order = compare(*l, *r, effort); order != 0) {
            return order;
        }
    }
    return std::partial_ordering::equivalent;
}

std::partial_ordering compare(const json& left, const json& right, Effort& effort) {
    effort.spend(1);
    if (rank(left) != rank(right)) {
        return rank(left) <=> rank(right);
    }
    if (left.is_number()) {
        return to_number(left) <=> to_number(right);
    }
    if (left.is_array()) {
        return compare_arrays(left, right, effort);
    }
    if (left.is_object()) {
        return compare_objects(left, right, effort);
    }
    if (left.is_string()) {
        const auto& text = left.get_ref<const std::string&>();
        const auto& other = right.get_ref<const std::string&>();
        effort.spend(std::min(text.size(), other.size()) / 64);
        return text.compare(other) <=> 0;
    }
    return left.is_boolean() ? left.get<bool>() <=> right.get<bool>() : std::strong_ordering::equal;
}

}  // namespace

bool has_unique_items(const json& array, Effort& effort) {
    effort.spend(array.size());
    std::vector<const json*> items;
    items.reserve(array.size());
    for (const json& item : array) {
        items.push_back(&item);
    }
    std::sort(items.begin(), items.end(), [&effort](const json* left, const json* right) {
        return compare(*left, *right, effort) < 0;
    });
    return std::adjacent_find(items.begin(), items.end(),
                              [&effort](const json* left, const json* right) {
                                  return compare(*left, *right, effort) == 0;
                              }) == items.end();
}

std::uint64_t length_of(std::string_view text) {
    return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }));
}

bool is_multiple_of(double value, double divisor) {
    const double quotient = value / divisor;
    if (!std::isfinite(quotient)) {
        return false;
    }
    const double tolerance =
        std::max(1e-9, 4 * std::numeric_limits<double>::epsilon() * std::fabs(quotient));
    const bool whole = value == std::trunc(value) && divisor == std::trunc(divisor);
    return whole ? std::fmod(value, divisor) == 0
                 : std::fabs(quotient - std::round(quotient)) <= tolerance;
}

}  // namespace patchbay::openapi
