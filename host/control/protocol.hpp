// SPDX-License-Identifier: Apache-2.0
/// \file
/// The language of the control socket: one JSON object per line.
///
///     -> {"id": 1, "verb": "status", "arguments": {}}
///     <- {"id": 1, "ok": true, "result": {...}}
///     <- {"id": 1, "ok": false, "error": {"class": "invalid", "code": "...", "message": "..."}}
///
/// A verb that streams answers with any number of lines `{"id": 1, "item": {...}}` before the
/// answer. Requests of one connection are answered one after the other, in order.
#pragma once

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::control {

/// Bounds of one line, its newline included.
inline constexpr std::size_t longest_request = std::size_t{64} << 10U;
inline constexpr std::size_t longest_answer = std::size_t{64} << 20U;

struct Request {
    Request();
    Request(Request&&) noexcept;
    Request& operator=(Request&&) noexcept;
    ~Request();

    std::int64_t id = 0;
    std::string verb;
    /// Always an object. By pointer because only the definition of nlohmann::json would do.
    std::unique_ptr<nlohmann::json> arguments;
};

/// Codes: `control.malformed`.
[[nodiscard]] Result<Request> parse_request(std::string_view line);
[[nodiscard]] std::string request_line(std::int64_t id, std::string_view verb,
                                       const nlohmann::json& arguments);

[[nodiscard]] std::string result_line(std::int64_t id, const nlohmann::json& result);
[[nodiscard]] std::string item_line(std::int64_t id, const nlohmann::json& item);
[[nodiscard]] std::string failure_line(std::int64_t id, const Error& error);

/// {"class", "code", "message", "file", "line", "column"}: an error as JSON, here and wherever the
/// command line prints one with --json.
[[nodiscard]] nlohmann::json to_json(const Error& error);
[[nodiscard]] Error error_from(const nlohmann::json& json);

/// "failed", "overloaded", "disconnected", "unsupported", "invalid".
[[nodiscard]] std::string_view to_string(ErrorClass error_class);

}  // namespace patchbay::control
