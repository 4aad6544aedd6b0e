// SPDX-License-Identifier: Apache-2.0
#include "../wire_reader.hpp"
#include "../wire_writer.hpp"
#include "message_writer.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/utf8.hpp>

#include <protozero/pbf_writer.hpp>

#include <utility>

namespace patchbay::protocols {

namespace {

constexpr std::uint32_t field_bytes_content = 1;
constexpr std::uint32_t field_error_code = 1;
constexpr std::uint32_t field_error_msg = 2;
constexpr std::uint32_t field_error_data = 3;
constexpr std::uint32_t field_code_value = 1;
constexpr std::uint32_t field_map_key = 1;
constexpr std::uint32_t field_map_value = 2;

constexpr std::uint32_t number(DefaultPerformative performative) noexcept {
    return static_cast<std::uint32_t>(performative);
}

bool is_known(DefaultErrorCode code) noexcept {
    return code >= DefaultErrorCode::unsupported_protocol &&
           code <= DefaultErrorCode::invalid_dialogue;
}

/// The readers below merge into `target`: a repeated sub-message adds to the earlier one.
template <class Text>
bool read_bytes(std::string_view bytes, Text& target) {
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_bytes(field_bytes_content)) {
            target = reader.bytes();
        }
    }
    return !reader.failed();
}

bool read_nothing(std::string_view bytes) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
    }
    return !reader.failed();
}

bool read_error_code(std::string_view bytes, DefaultErrorCode& target) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_varint(field_code_value)) {
            target = static_cast<DefaultErrorCode>(reader.int32());
        }
    }
    return !reader.failed();
}

bool read_data_entry(std::string_view bytes, std::map<std::string, std::string>& target) {
    std::string_view key;
    std::string_view value;
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_bytes(field_map_key)) {
            key = reader.bytes();
        } else if (reader.is_bytes(field_map_value)) {
            value = reader.bytes();
        }
    }
    if (reader.failed() || !is_utf8(key)) {
        return false;
    }
    target.insert_or_assign(std::string(key), std::string(value));
    return true;
}

bool read_error(std::string_view bytes, DefaultError& target) {
    wire::Reader reader(bytes);
    while (reader.next()) {
        bool good = true;
        if (reader.is_bytes(field_error_code)) {
            good = read_error_code(reader.bytes(), target.error_code);
        } else if (reader.is_bytes(field_error_msg)) {
            good = is_utf8(reader.bytes());
            target.error_msg = reader.bytes();
        } else if (reader.is_bytes(field_error_data)) {
            good = read_data_entry(reader.bytes(), target.error_data);
        }
        if (!good) {
            return false;
        }
    }
    return !reader.failed();
}

/// The alternative T of the message, new unless it is the present one.
template <class T>
T& alternative(DefaultMessage& message) {
    if (auto* present = std::get_if<T>(&message.body)) {
        return *present;
    }
    return message.body.emplace<T>();
}

tl::unexpected<Error> malformed_default() {
    return failure(
        ErrorClass::invalid, "message.malformed",
        "the content is not a well-formed message of " + std::string(default_protocol_id));
}

Result<void> write_error(protozero::pbf_writer& writer, const DefaultError& error) {
    if (!is_known(error.error_code)) {
        return failure(ErrorClass::invalid, "message.bad_error_code",
                       "error code " + std::to_string(static_cast<int>(error.error_code)) +
                           " is unknown; expected 0 to 4");
    }
    if (!is_utf8(error.error_msg)) {
        return failure(ErrorClass::invalid, "message.not_utf8", "'error_msg' is not UTF-8 text");
    }
    std::string code;
    protozero::pbf_writer code_writer(code);
    wire::add_int32(code_writer, field_code_value, static_cast<std::int32_t>(error.error_code));
    writer.add_message(field_error_code, code);  // present even when empty, as upstream writes it
    wire::add_bytes(writer, field_error_msg, error.error_msg);
    for (const auto& [key, value] : error.error_data) {
        if (!is_utf8(key)) {
            return failure(ErrorClass::invalid, "message.not_utf8",
                           "a key of 'error_data' is not UTF-8 text");
        }
        std::string entry;
        protozero::pbf_writer entry_writer(entry);
        entry_writer.add_string(field_map_key, key);
        entry_writer.add_bytes(field_map_value, value);
        writer.add_message(field_error_data, entry);
    }
    return {};
}

/// The nested lengths of a message of performative bytes, outermost last.
struct Sizes {
    explicit Sizes(const DefaultBytesView& message) noexcept
        : body(wire::bytes_size(message.content.size())),
          content(wire::present_size(body)),
          inner(wrapper::inner_size(message.header, content)),
          whole(wire::present_size(inner)) {}

    std::size_t body;
    std::size_t content;
    std::size_t inner;
    std::size_t whole;
};

void write(const DefaultBytesView& message, const Sizes& sizes, char* buffer) {
    wire::BufferWriter writer(buffer);
    wrapper::add_header(writer, message.header, sizes.inner);
    writer.open(wrapper::content, sizes.content);
    writer.open(number(DefaultPerformative::bytes), sizes.body);
    wire::add_bytes(writer, field_bytes_content, message.content);
}

}  // namespace

std::size_t encoded_size(const DefaultBytesView& message) noexcept {
    return Sizes(message).whole;
}

Result<std::size_t> encode_into(const DefaultBytesView& message, char* buffer,
                                std::size_t capacity) {
    const Sizes sizes(message);
    if (auto checked = wrapper::check(message.header, sizes.whole); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    if (auto room = wrapper::check_room(sizes.whole, capacity); !room) {
        return tl::unexpected(std::move(room.error()));
    }
    write(message, sizes, buffer);
    return sizes.whole;
}

Result<std::string> encode(const DefaultBytesView& message) {
    const Sizes sizes(message);
    if (auto checked = wrapper::check(message.header, sizes.whole); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    std::string bytes(sizes.whole, '\0');
    write(message, sizes, bytes.data());
    return bytes;
}

Result<std::string> encode(const DefaultMessage& message) {
    if (const auto* bytes = std::get_if<DefaultBytes>(&message.body)) {
        return encode(DefaultBytesView{view_of(message.header, {}), bytes->content});
    }
    std::string body;
    if (const auto* error = std::get_if<DefaultError>(&message.body)) {
        protozero::pbf_writer writer(body);
        if (auto written = write_error(writer, *error); !written) {
            return tl::unexpected(std::move(written.error()));
        }
    }
    std::string content;
    protozero::pbf_writer writer(content);
    writer.add_message(number(message.performative()), body);
    return encode(view_of(message.header, content));
}

std::optional<std::string_view> default_bytes_of(const MessageView& wrapper) noexcept {
    std::optional<std::string_view> content;
    wire::Reader reader(wrapper.content);
    while (reader.next()) {
        if (reader.is_bytes(number(DefaultPerformative::bytes))) {
            if (!content) {
                content.emplace();
            }
            if (!read_bytes(reader.bytes(), *content)) {
                return std::nullopt;
            }
        } else if (reader.is_bytes(number(DefaultPerformative::end)) ||
                   reader.is_bytes(number(DefaultPerformative::error))) {
            return std::nullopt;
        }
    }
    return reader.failed() ? std::nullopt : content;
}

Result<DefaultMessage> decode_default(std::string_view bytes) {
    const auto wrapper = decode_message(bytes);
    if (!wrapper) {
        return tl::unexpected(wrapper.error());
    }
    return decode_default(*wrapper);
}

Result<DefaultMessage> decode_default(const MessageView& wrapper) {
    DefaultMessage message;
    bool present = false;
    wire::Reader reader(wrapper.content);
    while (reader.next()) {
        bool good = true;
        if (reader.is_bytes(number(DefaultPerformative::bytes))) {
            good = read_bytes(reader.bytes(), alternative<DefaultBytes>(message).content);
        } else if (reader.is_bytes(number(DefaultPerformative::end))) {
            good = read_nothing(reader.bytes());
            alternative<DefaultEnd>(message);
        } else if (reader.is_bytes(number(DefaultPerformative::error))) {
            good = read_error(reader.bytes(), alternative<DefaultError>(message));
        } else {
            continue;
        }
        if (!good) {
            return malformed_default();
        }
        present = true;
    }
    if (reader.failed()) {
        return malformed_default();
    }
    if (!present) {
        return failure(ErrorClass::invalid, "message.no_performative",
                       "the content has none of the performatives bytes, end and error");
    }
    const auto* error = std::get_if<DefaultError>(&message.body);
    if (error != nullptr && !is_known(error->error_code)) {
        return failure(ErrorClass::invalid, "message.bad_error_code",
                       "error code " + std::to_string(static_cast<int>(error->error_code)) +
                           " is unknown; expected 0 to 4");
    }
    message.header = header_of(wrapper);
    return message;
}

}  // namespace patchbay::protocols
