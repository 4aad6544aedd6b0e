// SPDX-License-Identifier: Apache-2.0
#include "envelope_frame.hpp"

#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>

#include <cstdint>
#include <iterator>

namespace patchbay::agent_gateway {

namespace {

enum Field : protozero::pbf_tag_type { to = 1, sender = 2, protocol_id = 3, message = 4, uri = 5 };

void append_field(protozero::pbf_writer& writer, Field field, std::string_view value) {
    if (!value.empty()) {
        writer.add_bytes(field, value.data(), value.size());
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
    protozero::write_varint(std::back_inserter(out), encoded.size());
    out += encoded;
}

void append_envelope(std::string& out, const EnvelopeView& envelope) {
    std::string encoded;
    protozero::pbf_writer writer(encoded);
    append_field(writer, to, envelope.to);
    append_field(writer, sender, envelope.sender);
    append_field(writer, protocol_id, envelope.protocol_id);
    append_field(writer, message, envelope.message);
    append_field(writer, uri, envelope.uri);
    append_delimited(out, encoded);
}

}  // namespace patchbay::agent_gateway
