// SPDX-License-Identifier: Apache-2.0
/// \file
/// Media types (`application/json`) and ranges of them (`image/*`), without their parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::openapi {

/// How the content of a media type is read.
enum class ContentKind : std::uint8_t {
    json,   ///< `application/json`, `text/json`, `*/*+json`
    form,   ///< `application/x-www-form-urlencoded`
    text,   ///< other `text/*`
    other,  ///< not read: only the type counts
};

/// Lower case. Either part may be `*` in a range.
struct MediaType {
    std::string type;
    std::string subtype;

    /// Nothing when `text` has not the form `type/subtype`, with or without parameters.
    [[nodiscard]] static std::optional<MediaType> parse(std::string_view text);

    /// 0 when `concrete` is not in this range, else the more the narrower the range is.
    [[nodiscard]] int match(const MediaType& concrete) const;
    [[nodiscard]] ContentKind kind() const;

    friend bool operator==(const MediaType&, const MediaType&) = default;
};

}  // namespace patchbay::openapi
