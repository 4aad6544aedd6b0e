// SPDX-License-Identifier: Apache-2.0
#include "envelope_body.hpp"

#include "json_text.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/protocols/http_headers.hpp>
#include <patchbay/utf8.hpp>

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace patchbay::agent_gateway {

namespace {

using protocols::DefaultBytes;
using protocols::DefaultBytesView;
using protocols::DefaultEnd;
using protocols::DefaultError;
using protocols::DefaultMessage;
using protocols::DialogueHeader;
using protocols::HttpMessageView;
using protocols::HttpRequestView;
using protocols::HttpResponseView;
using protocols::MessageView;

tl::unexpected<Error> bad_body(std::string text) {
    return failure(ErrorClass::invalid, "agent_gateway.bad_body", std::move(text));
}

/// The two names of a member that holds bytes.
struct BytesName {
    std::string_view text;
    std::string_view base64;
};

constexpr BytesName content_name{"content", "content_base64"};
constexpr BytesName body_name{"body", "body_base64"};

/// As text when it is text, else as Base64 under the other name.
void append_bytes(std::string& out, const BytesName& name, std::string_view bytes) {
    if (is_utf8(bytes)) {
        append_member(out, name.text, bytes);
    } else {
        append_member(out, name.base64, std::string_view(to_base64(bytes)));
    }
}

void append_body(std::string& out, const HttpRequestView& request) {
    append_member(out, "performative", std::string_view("request"));
    append_member(out, "method", request.method);
    append_member(out, "url", request.url);
    append_member(out, "version", request.version);
    append_member(out, "headers", request.headers);
    append_bytes(out, body_name, request.body);
}

void append_body(std::string& out, const HttpResponseView& response) {
    append_member(out, "performative", std::string_view("response"));
    append_member(out, "status_code", static_cast<std::int64_t>(response.status_code));
    append_member(out, "status_text", response.status_text);
    append_member(out, "version", response.version);
    append_member(out, "headers", response.headers);
    append_bytes(out, body_name, response.body);
}

void append_default_bytes(std::string& out, std::string_view content) {
    out += R"("performative": "bytes")";
    append_bytes(out, content_name, content);
}

void append_body(std::string& out, const DefaultBytes& bytes) {
    append_default_bytes(out, bytes.content);
}

void append_body(std::string& out, const DefaultEnd& /*end*/) {
    append_member(out, "performative", std::string_view("end"));
}

void append_body(std::string& out, const DefaultError& error) {
    append_member(out, "performative", std::string_view("error"));
    append_member(out, "error_code", static_cast<std::int64_t>(error.error_code));
    append_member(out, "error_msg", std::string_view(error.error_msg));
    std::string data = "{";
    for (const auto& [key, value] : error.error_data) {
        append_member(data, key, std::string_view(to_base64(value)));
    }
    append_raw_member(out, "error_data", data + "}");
}

std::optional<JsonElement> member(const JsonElement& body, std::string_view name) {
    JsonElement found;
    if (body.at_key(name).get(found) != simdjson::SUCCESS || found.is_null()) {
        return std::nullopt;
    }
    return found;
}

/// In place.
Result<std::string_view> text(const JsonElement& body, std::string_view name,
                              std::string_view default_value) {
    const auto found = member(body, name);
    if (!found) {
        return default_value;
    }
    if (const auto value = text_of(found)) {
        return *value;
    }
    return bad_body("'" + std::string(name) + "' is not text");
}

/// The bytes of a member: its text in place, or in `storage` the JSON that it is written out, or
/// what its Base64 stands for.
struct Bytes {
    std::string_view value{};
    bool is_json = false;
    std::string storage{};
};

Result<void> read_bytes(const JsonElement& body, const BytesName& name, Bytes& bytes) {
    if (const auto encoded = member(body, name.base64)) {
        const auto value = text_of(encoded);
        if (!value || !from_base64(*value, bytes.storage)) {
            return bad_body("'" + std::string(name.base64) + "' is not Base64");
        }
        bytes.value = bytes.storage;
        return {};
    }
    const auto found = member(body, name.text);
    if (!found) {
        return {};
    }
    if (const auto value = text_of(found)) {
        bytes.value = *value;
        return {};
    }
    bytes.is_json = true;
    bytes.storage = json_of(*found);
    bytes.value = bytes.storage;
    return {};
}

/// Headers as upstream's text, from such a text or from an object of names and values.
Result<std::string> headers(const JsonElement& body, bool is_json) {
    std::vector<protocols::HttpHeaderView> list;
    const auto found = member(body, "headers");
    simdjson::dom::object object;
    std::string_view given;
    if (found && found->get(object) == simdjson::SUCCESS) {
        for (const simdjson::dom::key_value_pair& entry : object) {
            std::string_view value;
            if (entry.value.get(value) != simdjson::SUCCESS) {
                return bad_body("the header '" + std::string(entry.key) + "' is not text");
            }
            if (entry.key.find_first_of("\r\n: ") != std::string_view::npos) {
                return bad_body("'" + std::string(entry.key) + "' is not the name of a header");
            }
            list.push_back({entry.key, value});
        }
    } else if (found && found->get(given) == simdjson::SUCCESS) {
        list = protocols::headers_from_text(given);
    } else if (found) {
        return bad_body("'headers' is neither text nor an object");
    }
    constexpr std::string_view type = "content-type";
    const bool has_type = std::any_of(list.begin(), list.end(), [&](const auto& header) {
        return std::equal(header.name.begin(), header.name.end(), type.begin(), type.end(),
                          [](char a, char b) { return a == b || (a | 0x20) == b; });
    });
    if (is_json && !has_type) {
        list.push_back({"Content-Type", "application/json"});
    }
    return list.empty() ? std::string() : protocols::headers_to_text(list);
}

Result<std::string> encode_response(const JsonElement& body, const MessageView& header) {
    std::int64_t status = 200;
    if (const auto given = member(body, "status_code");
        given && (given->get(status) != simdjson::SUCCESS || status < 100 || status > 999)) {
        return bad_body("'status_code' is not a number from 100 to 999");
    }
    Bytes content;
    if (auto read = read_bytes(body, body_name, content); !read) {
        return tl::unexpected(std::move(read.error()));
    }
    auto header_text = headers(body, content.is_json);
    if (!header_text) {
        return header_text;
    }
    auto phrase = text(body, "status_text", status == 200 ? "OK" : "");
    auto version = text(body, "version", "HTTP/1.1");
    for (auto* const part : {&phrase, &version}) {
        if (!*part) {
            return tl::unexpected(std::move(part->error()));
        }
    }
    HttpMessageView message;
    message.header = header;
    message.body = HttpResponseView{*version, static_cast<std::int32_t>(status), *phrase,
                                    *header_text, content.value};
    return protocols::encode(message);
}

Result<std::string> encode_request(const JsonElement& body, const MessageView& header) {
    Bytes content;
    if (auto read = read_bytes(body, body_name, content); !read) {
        return tl::unexpected(std::move(read.error()));
    }
    auto header_text = headers(body, content.is_json);
    if (!header_text) {
        return header_text;
    }
    auto method = text(body, "method", "get");
    auto url = text(body, "url", "");
    auto version = text(body, "version", "HTTP/1.1");
    for (auto* const part : {&method, &url, &version}) {
        if (!*part) {
            return tl::unexpected(std::move(part->error()));
        }
    }
    if (url->empty()) {
        return bad_body("'url' is missing");
    }
    HttpMessageView message;
    message.header = header;
    message.body = HttpRequestView{*method, *url, *version, *header_text, content.value};
    return protocols::encode(message);
}

Result<std::string> encode_http(const JsonElement& body, const MessageView& header) {
    const bool is_answer = header.message_id < 0;
    return is_answer ? encode_response(body, header) : encode_request(body, header);
}

Result<std::string> encode_default(const JsonElement& body, const MessageView& header) {
    auto performative = text(body, "performative", "bytes");
    if (!performative) {
        return tl::unexpected(std::move(performative.error()));
    }
    if (*performative == "bytes") {
        Bytes content;
        if (auto read = read_bytes(body, content_name, content); !read) {
            return tl::unexpected(std::move(read.error()));
        }
        return protocols::encode(DefaultBytesView{header, content.value});
    }
    DefaultMessage message;
    message.header = protocols::header_of(header);
    if (*performative == "end") {
        message.body = DefaultEnd{};
    } else if (*performative == "error") {
        DefaultError error;
        auto what = text(body, "error_msg", "");
        if (!what) {
            return tl::unexpected(std::move(what.error()));
        }
        error.error_msg = *what;
        std::int64_t code = 0;
        const auto given = member(body, "error_code");
        if (given && (given->get(code) != simdjson::SUCCESS || code < 0 || code > 4)) {
            return bad_body("'error_code' is not a number from 0 to 4");
        }
        error.error_code = static_cast<protocols::DefaultErrorCode>(code);
        message.body = std::move(error);
    } else {
        return bad_body("'performative' is none of bytes, end and error");
    }
    return protocols::encode(message);
}

}  // namespace

void append_body_json(std::string& out, std::string_view protocol_id, std::string_view message,
                      const std::optional<MessageView>& dialogue) {
    out += '{';
    if (protocol_id == protocols::http_protocol_id) {
        if (const auto http = protocols::decode_http(message)) {
            std::visit([&](const auto& body) { append_body(out, body); }, http->body);
            out += '}';
            return;
        }
    } else if (protocol_id == protocols::default_protocol_id && dialogue) {
        if (const auto content = protocols::default_bytes_of(*dialogue)) {
            append_default_bytes(out, *content);
            out += '}';
            return;
        }
        if (const auto decoded = protocols::decode_default(*dialogue)) {
            std::visit([&](const auto& body) { append_body(out, body); }, decoded->body);
            out += '}';
            return;
        }
    }
    append_member(out, "message_base64", std::string_view(to_base64(message)));
    out += '}';
}

std::optional<MessageView> dialogue_of(std::string_view protocol_id, std::string_view message) {
    if (protocol_id != protocols::http_protocol_id &&
        protocol_id != protocols::default_protocol_id) {
        return std::nullopt;
    }
    const auto wrapper = protocols::decode_message(message);
    return wrapper ? std::optional(*wrapper) : std::nullopt;
}

bool expects_answer(std::string_view protocol_id, std::string_view message) {
    if (protocol_id != protocols::http_protocol_id) {
        return false;
    }
    const auto http = protocols::decode_http(message);
    return http && std::holds_alternative<HttpRequestView>(http->body);
}

DialogueHeader answer_header(const DialogueHeader& request, std::string_view reference) {
    DialogueHeader answer = request;
    answer.target = request.message_id;
    // The starter counts 1, 2, 3; the responder -1, -2, -3; and they take turns.
    answer.message_id = request.message_id > 0 ? -request.message_id : 1 - request.message_id;
    if (answer.responder_reference.empty()) {
        answer.responder_reference = reference;
    }
    return answer;
}

Result<std::string> encode_body(std::string_view protocol_id, const JsonElement& body,
                                const MessageView& header) {
    if (!body.is_object()) {
        return bad_body("the body is not an object");
    }
    if (const auto whole = member(body, "message_base64")) {
        const auto encoded = text_of(whole);
        std::string decoded;
        if (!encoded || !from_base64(*encoded, decoded)) {
            return bad_body("'message_base64' is not Base64");
        }
        return decoded;
    }
    if (protocol_id == protocols::http_protocol_id) {
        return encode_http(body, header);
    }
    if (protocol_id == protocols::default_protocol_id) {
        return encode_default(body, header);
    }
    return bad_body("a message of '" + std::string(protocol_id) +
                    "' is sent as 'message_base64', the bytes of the protocol's own message");
}

}  // namespace patchbay::agent_gateway
