// SPDX-License-Identifier: Apache-2.0
/// \file
/// The pieces of a parameter's text, and what values they make by the shape of its schema. Only the
/// parameter_*.cpp files include this.
#pragma once

#include "openapi/parameter.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

using Views = std::vector<std::string_view>;

/// A character that separates items, and how it looks percent-encoded.
struct Delimiter {
    std::string_view bare;
    std::string_view encoded;
    std::string_view encoded_lower;
};

inline constexpr Delimiter comma{",", "%2C", "%2c"};
inline constexpr Delimiter dot{".", "%2E", "%2e"};
inline constexpr Delimiter semicolon{";", "%3B", "%3b"};
inline constexpr Delimiter space{"+", "%20", "%20"};
inline constexpr Delimiter pipe{"|", "%7C", "%7c"};

/// Splits at the bare delimiter, or at the encoded one when no bare one is there. No items for no
/// text.
[[nodiscard]] Views split(std::string_view text, const Delimiter& delimiter);

/// The failing half of a parameter's result; `reason` is a fragment: "is not properly encoded".
[[nodiscard]] tl::unexpected<Error> refuse_parameter(std::string reason);

/// Turns raw texts of one parameter into values.
class ParameterReader {
  public:
    /// `parameter` must outlive this object.
    explicit ParameterReader(const Parameter& parameter) : parameter_(parameter) {}

    [[nodiscard]] Result<nlohmann::json> array(const Views& items) const;
    /// Names and values in turn.
    [[nodiscard]] Result<nlohmann::json> object(const Views& names_and_values) const;
    /// Parts of the form `name=value`.
    [[nodiscard]] Result<nlohmann::json> object_of_pairs(const Views& parts) const;
    /// `name` is decoded already.
    [[nodiscard]] Result<void> add_member(nlohmann::json& members, const std::string& name,
                                          std::string_view raw_value) const;
    /// Adds what `raw` may be as a value without structure, unless there are values and the schema
    /// has none without.
    [[nodiscard]] Result<void> add_scalars(std::vector<nlohmann::json>& values,
                                           std::string_view raw) const;

  private:
    [[nodiscard]] std::optional<std::string> decoded(std::string_view raw) const;

    const Parameter& parameter_;
};

}  // namespace patchbay::openapi
