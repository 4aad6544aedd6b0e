// SPDX-License-Identifier: Apache-2.0
#include "envelope_frame.hpp"

#include <patchbay/public_id.hpp>

#include <protozero/varint.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace patchbay::agent_gateway {

namespace {

enum Field : unsigned char { to = 1, sender = 2, protocol_id = 3, message = 4, uri = 5 };

/// A field of bytes in two parts. Empty ones are not written.
struct Text {
    Field field;
    std::string_view prefix;
    std::string_view value;

    [[nodiscard]] std::size_t size() const noexcept { return prefix.size() + value.size(); }
    [[nodiscard]] std::size_t encoded_size() const noexcept {
        return size() == 0
                   ? 0
                   : 1 + static_cast<std::size_t>(protozero::length_of_varint(size())) + size();
    }
};

/// `text` into bytes that have room for it; returns where the next ones go.
char* write(const Text& text, char* end) {
    constexpr unsigned length_delimited = 2;
    if (text.size() == 0) {
        return end;
    }
    *end++ = static_cast<char>(static_cast<unsigned>(text.field) << 3U | length_delimited);
    end += protozero::write_varint(end, text.size());
    end = std::copy(text.prefix.begin(), text.prefix.end(), end);
    return std::copy(text.value.begin(), text.value.end(), end);
}

void append(std::string& out, const EnvelopeView& envelope, std::string_view before_to,
            std::string_view before_sender) {
    const std::array<Text, 5> texts{{{to, before_to, envelope.to},
                                     {sender, before_sender, envelope.sender},
                                     {protocol_id, {}, envelope.protocol_id},
                                     {message, {}, envelope.message},
                                     {uri, {}, envelope.uri}}};
    std::size_t size = 0;
    for (const Text& text : texts) {
        size += text.encoded_size();
    }
    const std::size_t begin = out.size();
    out.resize(begin + static_cast<std::size_t>(protozero::length_of_varint(size)) + size);
    char* end = out.data() + begin;
    end += protozero::write_varint(end, size);
    for (const Text& text : texts) {
        end = write(text, end);
    }
}

}  // namespace

std::optional<std::string_view> take_delimited(std::string_view& bytes) {
    std::uint64_t size = 0;
    std::size_t i = 0;
    for (unsigned shift = 0;; shift += 7, ++i) {
        if (i == bytes.size() || shift > 28) {
            return std::nullopt;
        }
        const auto byte = static_cast<unsigned char>(bytes[i]);
        size |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0) {
            break;
        }
    }
    ++i;
    if (size > bytes.size() - i) {
        return std::nullopt;
    }
    const std::string_view taken = bytes.substr(i, static_cast<std::size_t>(size));
    bytes.remove_prefix(i + taken.size());
    return taken;
}

void append_delimited(std::string& out, std::string_view encoded) {
    out.reserve(out.size() + protozero::max_varint_length + encoded.size());
    protozero::write_varint(std::back_inserter(out), encoded.size());
    out += encoded;
}

void append_envelope(std::string& out, const EnvelopeView& envelope) {
    append(out, envelope, {}, {});
}

void append_envelope_for_agent(std::string& out, const EnvelopeView& envelope) {
    const auto prefix = [](std::string_view name) {
        return is_public_id(name) ? component_prefix : std::string_view();
    };
    append(out, envelope, prefix(envelope.to), prefix(envelope.sender));
}

}  // namespace patchbay::agent_gateway
