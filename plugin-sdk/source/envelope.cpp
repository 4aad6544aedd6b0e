// SPDX-License-Identifier: Apache-2.0
#include "wire_reader.hpp"
#include "wire_writer.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/public_id.hpp>
#include <patchbay/utf8.hpp>

#include <protozero/basic_pbf_writer.hpp>
#include <protozero/buffer_fixed.hpp>

#include <cstdint>
#include <utility>

namespace patchbay {

namespace {

constexpr std::uint32_t field_to = 1;
constexpr std::uint32_t field_sender = 2;
constexpr std::uint32_t field_protocol_id = 3;
constexpr std::uint32_t field_message = 4;
constexpr std::uint32_t field_uri = 5;

/// `text` cut to a length that suits an error message, bad bytes replaced.
std::string shown(std::string_view text) {
    constexpr std::size_t limit = 100;
    std::string result(text.substr(0, limit));
    for (char& c : result) {
        if (static_cast<unsigned char>(c) < 0x20U || static_cast<unsigned char>(c) >= 0x7FU) {
            c = '?';
        }
    }
    return result;
}

/// The two rules about what may stand together. The ids are parsed once, by the caller.
Result<void> check_pair(const EnvelopeView& envelope) {
    const bool to_component = is_public_id(envelope.to);
    const bool sender_component = is_public_id(envelope.sender);
    if (to_component != sender_component) {
        return failure(ErrorClass::invalid, "envelope.mixed_addresses",
                       "'to' (" + shown(envelope.to) + ") and 'sender' (" + shown(envelope.sender) +
                           ") must both be addresses of agents or both be public ids of "
                           "components");
    }
    if (to_component && (!envelope.uri.empty() || !envelope.context_connection_id.empty())) {
        return failure(ErrorClass::invalid, "envelope.context_between_components",
                       "an envelope from component " + shown(envelope.sender) + " to component " +
                           shown(envelope.to) + " cannot have a context or uri");
    }
    return {};
}

Result<PublicIdView> parse_protocol_id(std::string_view text) {
    const auto id = view_public_id(text);
    if (!id) {
        return failure(ErrorClass::invalid, "envelope.bad_protocol_id",
                       "protocol id '" + shown(text) +
                           "' is not a public id; expected author/name:version, for example "
                           "fetchai/default:1.0.0");
    }
    return *id;
}

Result<PublicIdView> check_all(const EnvelopeView& envelope) {
    auto id = parse_protocol_id(envelope.protocol_id);
    if (!id) {
        return id;
    }
    if (auto pair = check_pair(envelope); !pair) {
        return tl::unexpected(std::move(pair.error()));
    }
    const std::pair<const char*, std::string_view> texts[] = {
        {"to", envelope.to}, {"sender", envelope.sender}, {"uri", envelope.uri}};
    for (const auto& [name, text] : texts) {
        if (!is_utf8(text)) {
            return failure(ErrorClass::invalid, "envelope.not_utf8",
                           std::string("'") + name + "' of the envelope is not UTF-8 text");
        }
    }
    return id;
}

std::size_t size_with(const EnvelopeView& envelope, const PublicIdView& id) noexcept {
    return wire::bytes_size(envelope.to.size()) + wire::bytes_size(envelope.sender.size()) +
           wire::bytes_size(printed_size(id)) + wire::bytes_size(envelope.message.size()) +
           wire::bytes_size(envelope.uri.size());
}

/// `capacity` holds `size_with(envelope, id)` bytes.
std::size_t write(const EnvelopeView& envelope, const PublicIdView& id, char* buffer,
                  std::size_t capacity) {
    protozero::fixed_size_buffer_adaptor target(buffer, capacity);
    protozero::basic_pbf_writer<protozero::fixed_size_buffer_adaptor> writer(target);
    wire::add_bytes(writer, field_to, envelope.to);
    wire::add_bytes(writer, field_sender, envelope.sender);
    const std::string_view version = id.version.empty() ? latest_version : id.version;
    const std::string_view hash_mark = id.hash.empty() ? "" : ":";
    writer.add_bytes_vectored(field_protocol_id, id.author, std::string_view("/"), id.name,
                              std::string_view(":"), version, hash_mark, id.hash);
    wire::add_bytes(writer, field_message, envelope.message);
    wire::add_bytes(writer, field_uri, envelope.uri);
    return target.size();
}

Result<PublicIdView> check_size(const EnvelopeView& envelope) {
    auto id = check_all(envelope);
    if (id && size_with(envelope, *id) > wire::size_limit) {
        return failure(ErrorClass::invalid, "envelope.too_large",
                       "the envelope is larger than 2 GiB, the limit of its wire form");
    }
    return id;
}

tl::unexpected<Error> malformed(const char* what) {
    return failure(ErrorClass::invalid, "envelope.malformed",
                   std::string("not an envelope: ") + what);
}

}  // namespace

Result<Envelope> Envelope::make(Envelope parts) {
    const auto id = check_all(parts.view());
    if (!id) {
        return tl::unexpected(id.error());
    }
    parts.protocol_id = patchbay::to_string(*id);
    return parts;
}

Envelope Envelope::copy_of(const EnvelopeView& view) {
    return {std::string(view.to),          std::string(view.sender),
            std::string(view.protocol_id), std::string(view.message),
            std::string(view.uri),         std::string(view.context_connection_id)};
}

Result<void> check(const EnvelopeView& envelope) {
    auto id = check_all(envelope);
    if (!id) {
        return tl::unexpected(std::move(id.error()));
    }
    return {};
}

std::size_t encoded_size(const EnvelopeView& envelope) noexcept {
    const auto id = view_public_id(envelope.protocol_id);
    return id ? size_with(envelope, *id) : 0;
}

Result<std::size_t> encode_into(const EnvelopeView& envelope, char* buffer, std::size_t capacity) {
    auto id = check_size(envelope);
    if (!id) {
        return tl::unexpected(std::move(id.error()));
    }
    const std::size_t size = size_with(envelope, *id);
    if (size > capacity) {
        return failure(ErrorClass::invalid, "envelope.buffer_too_small",
                       "the envelope takes " + std::to_string(size) + " bytes, the buffer has " +
                           std::to_string(capacity));
    }
    return write(envelope, *id, buffer, capacity);
}

Result<std::string> encode(const EnvelopeView& envelope) {
    auto id = check_size(envelope);
    if (!id) {
        return tl::unexpected(std::move(id.error()));
    }
    std::string bytes(size_with(envelope, *id), '\0');
    write(envelope, *id, bytes.data(), bytes.size());
    return bytes;
}

Result<EnvelopeView> decode_view(std::string_view bytes) {
    if (bytes.size() > wire::size_limit) {
        return malformed("larger than 2 GiB");
    }
    EnvelopeView envelope;
    wire::Reader reader(bytes);
    while (reader.next()) {
        std::string_view* text = nullptr;
        if (reader.is_bytes(field_to)) {
            text = &envelope.to;
        } else if (reader.is_bytes(field_sender)) {
            text = &envelope.sender;
        } else if (reader.is_bytes(field_protocol_id)) {
            text = &envelope.protocol_id;
        } else if (reader.is_bytes(field_uri)) {
            text = &envelope.uri;
        } else if (reader.is_bytes(field_message)) {
            envelope.message = reader.bytes();
        }
        if (text != nullptr) {
            *text = reader.bytes();
            if (!is_utf8(*text)) {
                return malformed("a text field is not UTF-8");
            }
        }
    }
    if (reader.failed()) {
        return malformed("the bytes are not a well-formed protobuf message");
    }
    if (auto id = parse_protocol_id(envelope.protocol_id); !id) {
        return tl::unexpected(std::move(id.error()));
    }
    if (envelope.protocol_id.back() == '\n') {
        envelope.protocol_id.remove_suffix(1);
    }
    if (auto pair = check_pair(envelope); !pair) {
        return tl::unexpected(std::move(pair.error()));
    }
    return envelope;
}

Result<Envelope> decode(std::string_view bytes) {
    const auto view = decode_view(bytes);
    if (!view) {
        return tl::unexpected(view.error());
    }
    Envelope envelope = Envelope::copy_of(*view);
    if (const auto id = view_public_id(view->protocol_id); id && id->version.empty()) {
        envelope.protocol_id = patchbay::to_string(*id);
    }
    return envelope;
}

}  // namespace patchbay
