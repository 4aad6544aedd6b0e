// SPDX-License-Identifier: Apache-2.0
/// \file
/// Small additions to protozero's writer: proto3's rule that defaults are not written, and sizes
/// known before writing.
#pragma once

#include <protozero/basic_pbf_writer.hpp>
#include <protozero/varint.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchbay::wire {

/// Largest message that protobuf can carry.
inline constexpr std::size_t size_limit = 0x7FFFFFFF;

/// An int32 on the wire is extended to 64 bits, so negative ones take ten bytes.
[[nodiscard]] inline std::uint64_t extended(std::int32_t value) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

/// Size of a length-delimited field with a field number below 16, written even when empty.
[[nodiscard]] inline std::size_t present_size(std::size_t length) noexcept {
    return 1 + static_cast<std::size_t>(protozero::length_of_varint(length)) + length;
}

/// The same, not written when empty.
[[nodiscard]] inline std::size_t bytes_size(std::size_t length) noexcept {
    return length == 0 ? 0 : present_size(length);
}

/// Size of an int32 field with a field number below 16, not written when zero.
[[nodiscard]] inline std::size_t int32_size(std::int32_t value) noexcept {
    return value == 0 ? 0
                      : 1 + static_cast<std::size_t>(protozero::length_of_varint(extended(value)));
}

template <class Writer>
void add_bytes(Writer& writer, std::uint32_t field, std::string_view bytes) {
    if (!bytes.empty()) {
        writer.add_bytes(field, bytes.data(), bytes.size());
    }
}

template <class Writer>
void add_int32(Writer& writer, std::uint32_t field, std::int32_t value) {
    if (value != 0) {
        writer.add_int32(field, value);
    }
}

}  // namespace patchbay::wire
