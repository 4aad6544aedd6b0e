// SPDX-License-Identifier: Apache-2.0
#include "../wire_reader.hpp"
#include "message_writer.hpp"

#include <patchbay/protocols/http.hpp>
#include <patchbay/utf8.hpp>

#include <string>
#include <utility>

namespace patchbay::protocols {

namespace {

constexpr std::uint32_t request_method = 1;
constexpr std::uint32_t request_url = 2;
constexpr std::uint32_t request_version = 3;
constexpr std::uint32_t response_version = 1;
constexpr std::uint32_t response_status_code = 2;
constexpr std::uint32_t response_status_text = 3;
constexpr std::uint32_t field_headers = 4;
constexpr std::uint32_t field_body = 5;

constexpr std::uint32_t number(HttpPerformative performative) noexcept {
    return static_cast<std::uint32_t>(performative);
}

/// Stores the present field when it is text of this number. False when it is not UTF-8.
bool take_text(const wire::Reader& reader, std::uint32_t field, std::string_view& target) noexcept {
    if (!reader.is_bytes(field)) {
        return true;
    }
    target = reader.bytes();
    return is_utf8(target);
}

/// The readers below merge into `target`: a repeated sub-message adds to the earlier one.
bool read_request(std::string_view bytes, HttpRequestView& target) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (!take_text(reader, request_method, target.method) ||
            !take_text(reader, request_url, target.url) ||
            !take_text(reader, request_version, target.version) ||
            !take_text(reader, field_headers, target.headers)) {
            return false;
        }
        if (reader.is_bytes(field_body)) {
            target.body = reader.bytes();
        }
    }
    return !reader.failed();
}

bool read_response(std::string_view bytes, HttpResponseView& target) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (!take_text(reader, response_version, target.version) ||
            !take_text(reader, response_status_text, target.status_text) ||
            !take_text(reader, field_headers, target.headers)) {
            return false;
        }
        if (reader.is_varint(response_status_code)) {
            target.status_code = reader.int32();
        } else if (reader.is_bytes(field_body)) {
            target.body = reader.bytes();
        }
    }
    return !reader.failed();
}

template <class T>
T& alternative(HttpMessageView& message) noexcept {
    if (auto* present = std::get_if<T>(&message.body)) {
        return *present;
    }
    return message.body.emplace<T>();
}

tl::unexpected<Error> malformed_http() {
    return failure(ErrorClass::invalid, "message.malformed",
                   "the content is not a well-formed message of " + std::string(http_protocol_id));
}

bool texts_are_utf8(const HttpMessageView& message) noexcept {
    if (const auto* request = std::get_if<HttpRequestView>(&message.body)) {
        return is_utf8(request->method) && is_utf8(request->url) && is_utf8(request->version) &&
               is_utf8(request->headers);
    }
    const auto* response = std::get_if<HttpResponseView>(&message.body);
    return response != nullptr && is_utf8(response->version) && is_utf8(response->status_text) &&
           is_utf8(response->headers);
}

std::size_t body_size(const HttpMessageView& message) noexcept {
    if (const auto* request = std::get_if<HttpRequestView>(&message.body)) {
        return wire::bytes_size(request->method.size()) + wire::bytes_size(request->url.size()) +
               wire::bytes_size(request->version.size()) +
               wire::bytes_size(request->headers.size()) + wire::bytes_size(request->body.size());
    }
    const auto* response = std::get_if<HttpResponseView>(&message.body);
    return response == nullptr ? 0
                               : wire::bytes_size(response->version.size()) +
                                     wire::int32_size(response->status_code) +
                                     wire::bytes_size(response->status_text.size()) +
                                     wire::bytes_size(response->headers.size()) +
                                     wire::bytes_size(response->body.size());
}

void write_body(wire::BufferWriter& writer, const HttpMessageView& message) {
    if (const auto* request = std::get_if<HttpRequestView>(&message.body)) {
        wire::add_bytes(writer, request_method, request->method);
        wire::add_bytes(writer, request_url, request->url);
        wire::add_bytes(writer, request_version, request->version);
        wire::add_bytes(writer, field_headers, request->headers);
        wire::add_bytes(writer, field_body, request->body);
    } else if (const auto* response = std::get_if<HttpResponseView>(&message.body)) {
        wire::add_bytes(writer, response_version, response->version);
        wire::add_int32(writer, response_status_code, response->status_code);
        wire::add_bytes(writer, response_status_text, response->status_text);
        wire::add_bytes(writer, field_headers, response->headers);
        wire::add_bytes(writer, field_body, response->body);
    }
}

/// The nested lengths, outermost last.
struct Sizes {
    explicit Sizes(const HttpMessageView& message) noexcept
        : body(body_size(message)),
          content(wire::present_size(body)),
          inner(wrapper::inner_size(message.header, content)),
          whole(wire::present_size(inner)) {}

    std::size_t body;
    std::size_t content;
    std::size_t inner;
    std::size_t whole;
};

Result<void> check(const HttpMessageView& message, const Sizes& sizes) {
    if (!texts_are_utf8(message)) {
        return failure(ErrorClass::invalid, "message.not_utf8",
                       "a text of the http message is not UTF-8");
    }
    return wrapper::check(message.header, sizes.whole);
}

void write(const HttpMessageView& message, const Sizes& sizes, char* buffer) {
    wire::BufferWriter writer(buffer);
    wrapper::add_header(writer, message.header, sizes.inner);
    writer.open(wrapper::content, sizes.content);
    writer.open(number(message.performative()), sizes.body);
    write_body(writer, message);
}

}  // namespace

Result<HttpMessageView> decode_http(std::string_view bytes) {
    auto wrapper = decode_message(bytes);
    if (!wrapper) {
        return tl::unexpected(std::move(wrapper.error()));
    }
    HttpMessageView message;
    bool present = false;
    wire::Reader reader(wrapper->content);
    while (reader.next()) {
        bool good = true;
        if (reader.is_bytes(number(HttpPerformative::request))) {
            good = read_request(reader.bytes(), alternative<HttpRequestView>(message));
        } else if (reader.is_bytes(number(HttpPerformative::response))) {
            good = read_response(reader.bytes(), alternative<HttpResponseView>(message));
        } else {
            continue;
        }
        if (!good) {
            return malformed_http();
        }
        present = true;
    }
    if (reader.failed()) {
        return malformed_http();
    }
    if (!present) {
        return failure(ErrorClass::invalid, "message.no_performative",
                       "the content has none of the performatives request and response");
    }
    message.header = *wrapper;
    return message;
}

std::size_t encoded_size(const HttpMessageView& message) noexcept {
    return Sizes(message).whole;
}

Result<std::size_t> encode_into(const HttpMessageView& message, char* buffer,
                                std::size_t capacity) {
    const Sizes sizes(message);
    if (auto checked = check(message, sizes); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    if (auto room = wrapper::check_room(sizes.whole, capacity); !room) {
        return tl::unexpected(std::move(room.error()));
    }
    write(message, sizes, buffer);
    return sizes.whole;
}

Result<std::string> encode(const HttpMessageView& message) {
    const Sizes sizes(message);
    if (auto checked = check(message, sizes); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    std::string bytes(sizes.whole, '\0');
    write(message, sizes, bytes.data());
    return bytes;
}

}  // namespace patchbay::protocols
