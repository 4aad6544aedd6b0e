// SPDX-License-Identifier: Apache-2.0
#include "../wire_reader.hpp"
#include "../wire_writer.hpp"

#include <patchbay/protocols/message.hpp>
#include <patchbay/utf8.hpp>

#include <protozero/buffer_fixed.hpp>

namespace patchbay::protocols {

namespace {

constexpr std::uint32_t wrapper_body = 1;
constexpr std::uint32_t wrapper_dialogue_message = 2;
constexpr std::uint32_t field_message_id = 1;
constexpr std::uint32_t field_starter_reference = 2;
constexpr std::uint32_t field_responder_reference = 3;
constexpr std::uint32_t field_target = 4;
constexpr std::uint32_t field_content = 5;

using FixedWriter = protozero::basic_pbf_writer<protozero::fixed_size_buffer_adaptor>;

bool read_dialogue_message(std::string_view bytes, MessageView& message) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_varint(field_message_id)) {
            message.message_id = reader.int32();
        } else if (reader.is_varint(field_target)) {
            message.target = reader.int32();
        } else if (reader.is_bytes(field_content)) {
            message.content = reader.bytes();
        } else if (reader.is_bytes(field_starter_reference) ||
                   reader.is_bytes(field_responder_reference)) {
            if (!is_utf8(reader.bytes())) {
                return false;
            }
            (reader.field() == field_starter_reference ? message.starter_reference
                                                       : message.responder_reference) =
                reader.bytes();
        }
    }
    return !reader.failed();
}

bool is_well_formed(std::string_view bytes) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
    }
    return !reader.failed();
}

tl::unexpected<Error> malformed() {
    return failure(ErrorClass::invalid, "message.malformed",
                   "the message is not a well-formed protobuf Message with UTF-8 references");
}

std::size_t inner_size(const MessageView& message) noexcept {
    return wire::int32_size(message.message_id) +
           wire::bytes_size(message.starter_reference.size()) +
           wire::bytes_size(message.responder_reference.size()) + wire::int32_size(message.target) +
           wire::bytes_size(message.content.size());
}

Result<void> check(const MessageView& message) {
    if (!is_utf8(message.starter_reference) || !is_utf8(message.responder_reference)) {
        return failure(ErrorClass::invalid, "message.not_utf8",
                       "a dialogue reference of the message is not UTF-8 text");
    }
    if (encoded_size(message) > wire::size_limit) {
        return failure(ErrorClass::invalid, "message.too_large",
                       "the message is larger than 2 GiB, the limit of its wire form");
    }
    return {};
}

void write(const MessageView& message, char* buffer, std::size_t size) {
    protozero::fixed_size_buffer_adaptor target(buffer, size);
    FixedWriter wrapper(target);
    const std::size_t inner = inner_size(message);
    if (inner == 0) {
        // To protozero a sub-message of size 0 means "size unknown", and it drops empty ones.
        wrapper.add_message(wrapper_dialogue_message, "", 0);
        return;
    }
    FixedWriter writer(wrapper, wrapper_dialogue_message, inner);
    wire::add_int32(writer, field_message_id, message.message_id);
    wire::add_bytes(writer, field_starter_reference, message.starter_reference);
    wire::add_bytes(writer, field_responder_reference, message.responder_reference);
    wire::add_int32(writer, field_target, message.target);
    wire::add_bytes(writer, field_content, message.content);
}

}  // namespace

Result<MessageView> decode_message(std::string_view bytes) {
    MessageView message;
    bool present = false;
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_bytes(wrapper_dialogue_message)) {
            present = true;
            if (!read_dialogue_message(reader.bytes(), message)) {
                return malformed();
            }
        } else if (reader.is_bytes(wrapper_body)) {
            // The two exclude each other: the later one takes the place of the earlier.
            present = false;
            message = {};
            if (!is_well_formed(reader.bytes())) {
                return malformed();
            }
        }
    }
    if (reader.failed() || bytes.size() > wire::size_limit) {
        return malformed();
    }
    if (!present) {
        return failure(ErrorClass::invalid, "message.no_dialogue_message",
                       "the message carries no dialogue message");
    }
    return message;
}

std::size_t encoded_size(const MessageView& message) noexcept {
    return wire::present_size(inner_size(message));
}

Result<std::size_t> encode_into(const MessageView& message, char* buffer, std::size_t capacity) {
    if (auto checked = check(message); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    const std::size_t size = encoded_size(message);
    if (size > capacity) {
        return failure(ErrorClass::invalid, "message.buffer_too_small",
                       "the message takes " + std::to_string(size) + " bytes, the buffer has " +
                           std::to_string(capacity));
    }
    write(message, buffer, size);
    return size;
}

Result<std::string> encode(const MessageView& message) {
    if (auto checked = check(message); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    std::string bytes(encoded_size(message), '\0');
    write(message, bytes.data(), bytes.size());
    return bytes;
}

}  // namespace patchbay::protocols
