// SPDX-License-Identifier: Apache-2.0
/// \file
/// What agents say to each other through a server. Free content is JSON text, so that an agent
/// chooses its own JSON library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::agent {

enum class MessageKind : std::uint8_t { direct, broadcast, protocol };

struct Message {
    MessageKind kind = MessageKind::direct;
    /// Made by the sender, unique.
    std::string id;
    std::string sender_id;
    /// Direct messages: the receiver.
    std::string target_id;
    /// Protocol messages: which one.
    std::string protocol;
    /// A JSON object.
    std::string content = "{}";
    /// A JSON object.
    std::string metadata = "{}";
    /// Milliseconds since 1970 by the sender's clock; 0 when it gave none.
    std::int64_t timestamp = 0;
    /// The whole message object as it arrived, with what else is in it.
    std::string json;
};

/// `{"text": ...}`, the usual content.
[[nodiscard]] std::string text_content(std::string_view text);
/// The member `text` of a content; empty when it has none.
[[nodiscard]] std::string text_of(std::string_view content);

}  // namespace patchbay::agent
