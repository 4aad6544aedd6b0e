// SPDX-License-Identifier: Apache-2.0
#include "app/envelope_text.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/utf8.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <variant>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_printable(std::string_view bytes) {
    return is_utf8(bytes) && std::all_of(bytes.begin(), bytes.end(), [](char c) {
               return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r';
           });
}

/// A JSON value of bytes: text where it is text.
ordered_json text_or_hex(std::string_view bytes) {
    if (is_utf8(bytes)) {
        return std::string(bytes);
    }
    return ordered_json{{"hex", to_hex(bytes)}};
}

ordered_json json_of(const protocols::DialogueHeader& header) {
    return {{"starter_reference", header.starter_reference},
            {"responder_reference", header.responder_reference},
            {"message_id", header.message_id},
            {"target", header.target}};
}

ordered_json json_of(const protocols::DefaultMessage& message) {
    ordered_json json = json_of(message.header);
    if (const auto* bytes = std::get_if<protocols::DefaultBytes>(&message.body)) {
        json["performative"] = "bytes";
        json["content"] = text_or_hex(bytes->content);
    } else if (const auto* error = std::get_if<protocols::DefaultError>(&message.body)) {
        json["performative"] = "error";
        json["error_code"] = static_cast<std::int32_t>(error->error_code);
        json["error_msg"] = error->error_msg;
        ordered_json data = ordered_json::object();
        for (const auto& [key, value] : error->error_data) {
            data[key] = text_or_hex(value);
        }
        json["error_data"] = std::move(data);
    } else {
        json["performative"] = "end";
    }
    return json;
}

ordered_json json_of(const protocols::HttpMessageView& message) {
    ordered_json json = json_of(protocols::header_of(message.header));
    if (const auto* request = std::get_if<protocols::HttpRequestView>(&message.body)) {
        json["performative"] = "request";
        json["method"] = request->method;
        json["url"] = request->url;
        json["version"] = request->version;
        json["headers"] = request->headers;
        json["body"] = text_or_hex(request->body);
    } else {
        const auto& response = std::get<protocols::HttpResponseView>(message.body);
        json["performative"] = "response";
        json["version"] = response.version;
        json["status_code"] = response.status_code;
        json["status_text"] = response.status_text;
        json["headers"] = response.headers;
        json["body"] = text_or_hex(response.body);
    }
    return json;
}

/// Null when the protocol is unknown or the message is none of it.
ordered_json decoded(const EnvelopeView& envelope) {
    if (envelope.protocol_id == protocols::default_protocol_id) {
        if (const auto message = protocols::decode_default(envelope.message)) {
            return json_of(*message);
        }
    } else if (envelope.protocol_id == protocols::http_protocol_id) {
        if (const auto message = protocols::decode_http(envelope.message)) {
            return json_of(*message);
        }
    }
    return nullptr;
}

std::string line(std::string_view name, std::string_view value) {
    std::string text(name);
    text += ':';
    constexpr std::size_t width = 20;
    text.append(name.size() < width ? width - name.size() : 1, ' ');
    text += value;
    text += '\n';
    return text;
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += hex_digits[byte >> 4U];
        text += hex_digits[byte & 0xFU];
    }
    return text;
}

Result<std::string> from_hex(std::string_view text) {
    std::string bytes;
    int high = -1;
    for (const char c : text) {
        if (high < 0 && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
            continue;
        }
        const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        const std::size_t digit = hex_digits.find(lower);
        if (digit == std::string_view::npos) {
            return failure(ErrorClass::invalid, "hex.malformed",
                           "'" + std::string(1, c) + "' is not a hexadecimal digit.");
        }
        if (high < 0) {
            high = static_cast<int>(digit);
        } else {
            bytes += static_cast<char>((static_cast<unsigned>(high) << 4U) | digit);
            high = -1;
        }
    }
    if (high >= 0) {
        return failure(ErrorClass::invalid, "hex.malformed",
                       "The last byte has only one hexadecimal digit.");
    }
    return bytes;
}

std::string printable(std::string_view bytes, std::size_t longest) {
    const std::string_view shown = bytes.substr(0, longest);
    std::string text = is_printable(bytes) && shown.size() == bytes.size() ? std::string(shown)
                                                                           : "hex:" + to_hex(shown);
    if (shown.size() < bytes.size()) {
        text += "... (" + std::to_string(bytes.size()) + " bytes)";
    }
    return text;
}

std::string describe(const EnvelopeView& envelope) {
    std::string text = line("to", envelope.to) + line("sender", envelope.sender) +
                       line("protocol", envelope.protocol_id);
    if (!envelope.uri.empty()) {
        text += line("uri", envelope.uri);
    }
    const ordered_json message = decoded(envelope);
    if (message.is_null()) {
        return text + line("message", printable(envelope.message));
    }
    for (const auto& [name, value] : message.items()) {
        if (value.is_object() && value.contains("hex")) {
            text += line(name, printable(from_hex(value["hex"].get<std::string>()).value()));
        } else {
            text +=
                line(name, value.is_string() ? printable(value.get<std::string>()) : value.dump());
        }
    }
    return text;
}

ordered_json to_json(const EnvelopeView& envelope) {
    ordered_json json = {{"to", envelope.to},
                         {"sender", envelope.sender},
                         {"protocol_id", envelope.protocol_id},
                         {"message", to_hex(envelope.message)}};
    if (!envelope.uri.empty()) {
        json["uri"] = envelope.uri;
    }
    ordered_json message = decoded(envelope);
    if (!message.is_null()) {
        json["decoded"] = std::move(message);
    }
    return json;
}

}  // namespace patchbay::app
