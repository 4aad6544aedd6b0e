// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads the few members that we want of a small JSON object from outside, and is strict about all
/// of it: RFC 8259 without NaN and Infinity, well-formed UTF-8 without lone surrogates, no
/// duplicate members in any object, bounded size, depth and number of members.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace patchbay::identity {

struct StrictJsonLimits {
    std::size_t bytes = 8'192;  ///< at most 64 KiB
    /// Containers within each other; the object itself is the first.
    std::size_t depth = 8;
    /// Members in all objects together.
    std::size_t members = 64;
};

enum class MemberKind : std::uint8_t {
    text,   ///< `value` is the text without quotes and escapes
    number  ///< `value` is the number as it is written
};

struct WantedMember {
    std::string_view name;
    MemberKind kind = MemberKind::text;
    /// Filled in. Valid until the thread's next call of `read_object`.
    std::string_view value{};
    bool found = false;
};

/// Code `CODE`, class `invalid`; the message begins with `subject` ("The certificate"). Members
/// that are not there are no failure.
[[nodiscard]] Result<void> read_object(std::string_view json, std::span<WantedMember> wanted,
                                       const StrictJsonLimits& limits, std::string_view subject,
                                       std::string_view code);

}  // namespace patchbay::identity
