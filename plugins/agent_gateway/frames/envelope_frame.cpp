// SPDX-License-Identifier: Apache-2.0
#include "envelope_frame.hpp"

#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>

#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

enum Field : protozero::pbf_tag_type { to = 1, sender = 2, protocol_id = 3, message = 4, uri = 5 };

/// `each(field, value)` for those that are written.
template <class Function>
void each_field(const EnvelopeView& envelope, Function each) {
    const std::array<std::pair<Field, std::string_view>, 5> fields{
        {{to, envelope.to},
         {sender, envelope.sender},
         {protocol_id, envelope.protocol_id},
         {message, envelope.message},
         {uri, envelope.uri}}};
    for (const auto& [field, value] : fields) {
        if (!value.empty()) {
            each(field, value);
        }
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
    std::size_t size = 0;
    each_field(envelope, [&](Field, std::string_view value) {
        size +=
            1 + static_cast<std::size_t>(protozero::length_of_varint(value.size())) + value.size();
    });
    out.reserve(out.size() + protozero::max_varint_length + size);
    protozero::write_varint(std::back_inserter(out), size);
    protozero::pbf_writer writer(out);
    each_field(envelope, [&](Field field, std::string_view value) {
        writer.add_bytes(field, value.data(), value.size());
    });
}

}  // namespace patchbay::agent_gateway
