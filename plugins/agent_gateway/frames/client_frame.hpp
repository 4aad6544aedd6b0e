// SPDX-License-Identifier: Apache-2.0
/// \file
/// A JSON frame that an agent sent, read once from front to back. Views and elements live in the
/// reader's parser and the frame's bytes until the next frame is read.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

using JsonElement = simdjson::dom::element;

enum class FrameKind : std::uint8_t {
    request,   ///< system_request
    response,  ///< system_response: the pong
    message,   ///< `data` holds it, or the frame is the message itself (the old, unwrapped form)
};

/// What is read of a frame. Members that are absent or null are empty.
struct ClientFrame {
    FrameKind kind = FrameKind::message;
    bool wrapped = false;  ///< message: it was in `data`
    JsonElement root{};
    std::string_view command{};
    std::optional<JsonElement> agent_id{};
    std::optional<JsonElement> metadata{};
    std::optional<JsonElement> certificate{};
    std::optional<JsonElement> force_reconnect{};
    std::optional<JsonElement> force{};
    std::optional<JsonElement> timestamp{};
    std::optional<JsonElement> success{};
    std::optional<JsonElement> request_id{};
    std::optional<JsonElement> data{};
};

/// Why a frame is refused: a stable code, and a sentence for the agent.
struct FrameProblem {
    std::string_view code{};
    std::string_view text{};
};

class FrameReader {
  public:
    /// Nesting beyond it is refused: readers of other languages recurse.
    static constexpr std::size_t depth_bound = 128;

    FrameReader();

    /// Reads `text`, behind which simdjson's padding must be readable. Nothing on a problem, which
    /// is told.
    [[nodiscard]] std::optional<ClientFrame> read(std::string_view text, FrameProblem& problem);
    /// Any JSON, under the same bounds.
    [[nodiscard]] std::optional<JsonElement> parse(std::string_view text, FrameProblem& problem);
    /// Gives the memory back that a large frame needed. Ends the life of the last one.
    void trim();

  private:
    std::unique_ptr<simdjson::dom::parser> parser_;
};

/// Text of a string; nothing for other types.
[[nodiscard]] std::optional<std::string_view> text_of(const std::optional<JsonElement>& element);
/// Text of an object's member; empty when it is absent or no text, or that is no object.
[[nodiscard]] std::string_view text_at(const JsonElement& object, std::string_view name);
/// Whether a Python program takes the value for true: not false, null, 0, "", [] or {}.
[[nodiscard]] bool is_truthy(const std::optional<JsonElement>& element);
/// Compact JSON.
[[nodiscard]] std::string json_of(const JsonElement& element);

}  // namespace patchbay::agent_gateway
