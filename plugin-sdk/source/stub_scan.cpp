// SPDX-License-Identifier: Apache-2.0
#include "stub_scan.hpp"

#include "wire_reader.hpp"

#include <patchbay/public_id.hpp>
#include <patchbay/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace patchbay::stub {

namespace {

constexpr char dialogue_message_tag = '\x12';
/// Tags that a DialogueMessage can begin with.
constexpr std::string_view first_tags("\x08\x12\x1a\x20\x2a", 5);
constexpr std::uint64_t max_length = 0x7FFFFFFF;

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back()) && text.back() != '\0') {
        text.remove_suffix(1);
    }
    return text;
}

/// The fields stand where a line begins: good enough to end the line before it there.
bool makes_sense(const EnvelopeView& fields) noexcept {
    return !fields.to.empty() && is_public_id(fields.protocol_id) &&
           is_public_id(fields.to) == is_public_id(fields.sender) && is_utf8(fields.to) &&
           is_utf8(fields.sender);
}

/// True when `bytes` can be the beginning of (or, when they are that many, the whole of) a
/// DialogueMessage of `size` bytes. Unknown fields are fine, except at the front: text that merely
/// begins with the tag byte must not make the decoder wait for bytes that never come.
bool may_be_dialogue_message(std::string_view bytes, std::size_t size) noexcept {
    const bool whole = bytes.size() == size;
    if (!bytes.empty() && first_tags.find(bytes[0]) == std::string_view::npos) {
        return false;
    }
    std::size_t at = 0;
    while (at < bytes.size()) {
        const wire::Varint tag = wire::read_varint(bytes.substr(at), 5);
        if (tag.state != wire::VarintState::complete) {
            return tag.state == wire::VarintState::needs_more && !whole;
        }
        if ((tag.value >> 3U) == 0) {
            return false;
        }
        at += tag.size;
        std::uint64_t length = 0;
        switch (static_cast<wire::Type>(tag.value & 7U)) {
            case wire::Type::varint:
            case wire::Type::length_delimited: {
                const wire::Varint value = wire::read_varint(bytes.substr(at));
                if (value.state != wire::VarintState::complete) {
                    return value.state == wire::VarintState::needs_more && !whole;
                }
                at += value.size;
                if ((tag.value & 7U) == static_cast<unsigned>(wire::Type::length_delimited)) {
                    length = value.value;
                }
                break;
            }
            case wire::Type::fixed64:
                length = 8;
                break;
            case wire::Type::fixed32:
                length = 4;
                break;
            default:
                return false;
        }
        if (length > size - std::min(at, size)) {
            return false;
        }
        at += static_cast<std::size_t>(length);
    }
    return !whole || at == size;
}

}  // namespace

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\0' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

std::size_t skip_blank(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_blank(text[at])) {
        ++at;
    }
    return at;
}

Header read_header(std::string_view text, std::size_t at, std::size_t max_field) noexcept {
    Header header;
    const std::array<std::string_view*, 3> fields = {&header.fields.to, &header.fields.sender,
                                                     &header.fields.protocol_id};
    for (std::string_view* field : fields) {
        const std::string_view window = text.substr(at, max_field + 1);
        const std::size_t stop = window.find_first_of(",\n");
        if (stop == std::string_view::npos) {
            header.state =
                window.size() > max_field ? HeaderState::field_too_long : HeaderState::incomplete;
            return header;
        }
        if (window[stop] == '\n') {
            header.state = HeaderState::line_ends;
            return header;
        }
        *field = trimmed(window.substr(0, stop));
        at += stop + 1;
    }
    header.state = HeaderState::complete;
    header.message_begin = at;
    return header;
}

MessageEnd find_message_end(std::string_view text, std::size_t begin) noexcept {
    std::size_t at = begin;
    while (at < text.size()) {
        if (at != begin && text[at] == ',') {
            return {MessageState::complete, at};
        }
        if (text[at] != dialogue_message_tag) {
            return {MessageState::opaque, at};
        }
        const wire::Varint length = wire::read_varint(text.substr(at + 1));
        if (length.state == wire::VarintState::needs_more) {
            return {MessageState::incomplete, text.size()};
        }
        if (length.state == wire::VarintState::malformed || length.value > max_length) {
            return {MessageState::opaque, at};
        }
        at += 1 + length.size;
        const auto size = static_cast<std::size_t>(length.value);
        if (!may_be_dialogue_message(text.substr(at, size), size)) {
            return {MessageState::opaque, at};
        }
        at += size;
    }
    return {MessageState::incomplete, at};
}

Separator next_separator(std::string_view text, std::size_t at, std::size_t max_field) noexcept {
    Separator found;
    found.position = text.find_first_of(",\n", at);
    if (found.position == std::string_view::npos) {
        return found;
    }
    found.next = skip_blank(text, found.position + 1);
    if (found.next == text.size()) {
        found.follows = Follows::blank;
        return found;
    }
    const Header header = read_header(text, found.next, max_field);
    if (header.state == HeaderState::incomplete) {
        found.follows = Follows::undecided;
    } else if (header.state == HeaderState::complete && makes_sense(header.fields)) {
        found.follows = Follows::line;
    }
    return found;
}

}  // namespace patchbay::stub
