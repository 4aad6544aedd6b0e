// SPDX-License-Identifier: Apache-2.0
/// \file
/// Small additions to protozero's writer: proto3's rule that defaults are not written, sizes known
/// before writing, and writing when they are.
#pragma once

#include <protozero/varint.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// Writes the fields of a message into a buffer whose size was computed before. protozero's writer
/// of such buffers looks for room at every byte, and takes twice the instructions. Field numbers
/// are below 16.
class BufferWriter {
  public:
    explicit BufferWriter(char* buffer) noexcept : end_(buffer) {}

    /// Begins a sub-message of that size: the fields that follow are its own until it is full.
    void open(std::uint32_t field, std::size_t size) noexcept {
        constexpr std::uint32_t length_delimited = 2;
        *end_++ = static_cast<char>(field << 3U | length_delimited);
        end_ += protozero::write_varint(end_, size);
    }
    void add_bytes(std::uint32_t field, const char* data, std::size_t size) noexcept {
        open(field, size);
        std::memcpy(end_, data, size);
        end_ += size;
    }
    void add_int32(std::uint32_t field, std::int32_t value) noexcept {
        *end_++ = static_cast<char>(field << 3U);
        end_ += protozero::write_varint(end_, extended(value));
    }

  private:
    char* end_;
};

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
