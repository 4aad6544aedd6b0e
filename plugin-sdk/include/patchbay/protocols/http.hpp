// SPDX-License-Identifier: Apache-2.0
/// \file
/// The protocol `valory/http:1.0.0`: one request, one response. Its wire form is
/// `HttpMessage{request=5{method=1, url=2, version=3, headers=4, body=5 (bytes)} |
/// response=6{version=1, status_code=2 (int32), status_text=3, headers=4, body=5 (bytes)}}` inside
/// the wrapper of message.hpp, whose error codes apply. To these codecs `headers` is plain text;
/// http_headers.hpp reads and writes that text.
#pragma once

#include <patchbay/dialogue_rules.hpp>
#include <patchbay/protocols/message.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace patchbay::protocols {

inline constexpr std::string_view http_protocol_id = "valory/http:1.0.0";

enum class HttpPerformative : std::uint8_t { request = 5, response = 6 };

/// Contents in place; the views point into the decoded bytes.
struct HttpRequestView {
    std::string_view method;
    std::string_view url;
    std::string_view version;
    std::string_view headers;
    std::string_view body;
};

struct HttpResponseView {
    std::string_view version;
    std::int32_t status_code = 0;
    std::string_view status_text;
    std::string_view headers;
    std::string_view body;
};

struct HttpMessageView {
    MessageView header;  ///< its `content` is the undecoded HttpMessage
    std::variant<HttpRequestView, HttpResponseView> body;

    [[nodiscard]] HttpPerformative performative() const noexcept {
        return static_cast<HttpPerformative>(5 + body.index());
    }
};

/// Reads the whole `message` of an envelope in place.
[[nodiscard]] Result<HttpMessageView> decode_http(std::string_view bytes);

/// Length of the whole `message` of an envelope. Here and below `header.content` is ignored.
[[nodiscard]] std::size_t encoded_size(const HttpMessageView& message) noexcept;

/// Writes the whole `message` of an envelope into `buffer` and returns its length; allocates only
/// for an error. On failure the buffer is as it was.
[[nodiscard]] Result<std::size_t> encode_into(const HttpMessageView& message, char* buffer,
                                              std::size_t capacity);

/// The whole `message` of an envelope.
[[nodiscard]] Result<std::string> encode(const HttpMessageView& message);

/// A request, answered by a response, which ends the dialogue; ended ones are not kept.
inline constexpr DialogueRules http_dialogue_rules = [] {
    constexpr auto request = static_cast<unsigned>(HttpPerformative::request);
    constexpr auto response = static_cast<unsigned>(HttpPerformative::response);
    DialogueRules rules;
    rules.initial = performatives(request);
    rules.terminal = performatives(response);
    rules.replies[request] = performatives(response);
    return rules;
}();

}  // namespace patchbay::protocols
