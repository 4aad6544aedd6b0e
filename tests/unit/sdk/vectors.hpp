// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads tests/data/aea-vectors.json: bytes and verdicts recorded from upstream. Its key
/// `how_to_read` explains every group.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace patchbay::vectors {

/// One group of the file, e.g. "envelope".
[[nodiscard]] const nlohmann::json& group(const char* name);

[[nodiscard]] std::string from_hex(std::string_view hex);
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// Bytes given as {"hex"} or {"rule"}.
[[nodiscard]] std::string bytes_of(const nlohmann::json& value);
/// Bytes of `fields[name + "_hex"]` or `fields[name + "_rule"]`.
[[nodiscard]] std::string field_bytes(const nlohmann::json& fields, const std::string& name);
/// Text that may be null.
[[nodiscard]] std::string text_of(const nlohmann::json& fields, const char* key);

/// Empty when `bytes` are those of `expected` ({"hex"} or {"length", "sha256", ...}), else what
/// differs.
[[nodiscard]] std::string difference(const nlohmann::json& expected, std::string_view bytes);

}  // namespace patchbay::vectors
