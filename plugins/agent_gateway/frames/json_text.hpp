// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writing JSON for agents: ASCII only, as upstream's own, so that no client meets a character that
/// its own reader treats in a way of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

/// Appends `text`, which must be UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_string(std::string_view text);

/// Appends `, "name": ` or, right behind an opening brace, without the comma.
void append_member_name(std::string& out, std::string_view name);
void append_member(std::string& out, std::string_view name, std::string_view text);
void append_member(std::string& out, std::string_view name, bool value);
void append_member(std::string& out, std::string_view name, std::int64_t value);
/// A value that is JSON already.
void append_raw_member(std::string& out, std::string_view name, std::string_view json);

/// Base64 with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// False when `text` is not Base64 with padding.
[[nodiscard]] bool from_base64(std::string_view text, std::string& bytes);

}  // namespace patchbay::agent_gateway
