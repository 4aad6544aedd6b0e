// SPDX-License-Identifier: Apache-2.0
#include "../wire_reader.hpp"
#include "message_writer.hpp"

#include <patchbay/protocols/message.hpp>
#include <patchbay/utf8.hpp>

#include <string>
#include <utility>

namespace patchbay::protocols {

namespace {

bool read_dialogue_message(std::string_view bytes, MessageView& message) noexcept {
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_varint(wrapper::message_id)) {
            message.message_id = reader.int32();
        } else if (reader.is_varint(wrapper::target)) {
            message.target = reader.int32();
        } else if (reader.is_bytes(wrapper::content)) {
            message.content = reader.bytes();
        } else if (reader.is_bytes(wrapper::starter_reference) ||
                   reader.is_bytes(wrapper::responder_reference)) {
            if (!is_utf8(reader.bytes())) {
                return false;
            }
            (reader.field() == wrapper::starter_reference ? message.starter_reference
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

Result<void> check(const MessageView& message) {
    return wrapper::check(message, encoded_size(message));
}

void write(const MessageView& message, char* buffer) {
    wire::BufferWriter writer(buffer);
    wrapper::add_header(writer, message, wrapper::inner_size(message, message.content.size()));
    wire::add_bytes(writer, wrapper::content, message.content);
}

}  // namespace

Result<void> wrapper::check(const MessageView& header, std::size_t size) {
    if (!is_utf8(header.starter_reference) || !is_utf8(header.responder_reference)) {
        return failure(ErrorClass::invalid, "message.not_utf8",
                       "a dialogue reference of the message is not UTF-8 text");
    }
    if (size > wire::size_limit) {
        return failure(ErrorClass::invalid, "message.too_large",
                       "the message is larger than 2 GiB, the limit of its wire form");
    }
    return {};
}

Result<void> wrapper::check_room(std::size_t size, std::size_t capacity) {
    if (size > capacity) {
        return failure(ErrorClass::invalid, "message.buffer_too_small",
                       "the message takes " + std::to_string(size) + " bytes, the buffer has " +
                           std::to_string(capacity));
    }
    return {};
}

Result<MessageView> decode_message(std::string_view bytes) {
    MessageView message;
    bool present = false;
    wire::Reader reader(bytes);
    while (reader.next()) {
        if (reader.is_bytes(wrapper::dialogue_message)) {
            present = true;
            if (!read_dialogue_message(reader.bytes(), message)) {
                return malformed();
            }
        } else if (reader.is_bytes(wrapper::body)) {
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
    return wire::present_size(wrapper::inner_size(message, message.content.size()));
}

Result<std::size_t> encode_into(const MessageView& message, char* buffer, std::size_t capacity) {
    if (auto checked = check(message); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    const std::size_t size = encoded_size(message);
    if (auto room = wrapper::check_room(size, capacity); !room) {
        return tl::unexpected(std::move(room.error()));
    }
    write(message, buffer);
    return size;
}

Result<std::string> encode(const MessageView& message) {
    if (auto checked = check(message); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    std::string bytes(encoded_size(message), '\0');
    write(message, bytes.data());
    return bytes;
}

}  // namespace patchbay::protocols
