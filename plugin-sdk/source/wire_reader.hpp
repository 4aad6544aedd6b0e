// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads protobuf fields in upstream's sense of "well-formed". protozero helps to write our
/// messages; its reader is not used because it throws on bad input, refuses unknown groups and the
/// reserved field numbers 19000 to 19999, and takes tags longer than 32 bits, where upstream's
/// library (upb) decides the other way. Nothing here allocates or throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchbay::wire {

enum class Type : std::uint8_t {
    varint = 0,
    fixed64 = 1,
    length_delimited = 2,
    start_group = 3,
    end_group = 4,
    fixed32 = 5,
};

/// How a varint at the start of some bytes ended.
enum class VarintState : std::uint8_t { complete, needs_more, malformed };

struct Varint {
    VarintState state = VarintState::malformed;
    std::uint64_t value = 0;
    std::size_t size = 0;  ///< bytes used, when complete
};

/// Reads one varint of at most `max_size` bytes. Non-minimal forms are accepted.
[[nodiscard]] inline Varint read_varint(std::string_view bytes,
                                        std::size_t max_size = 10) noexcept {
    // Nearly all tags and lengths.
    if (!bytes.empty() && static_cast<unsigned char>(bytes[0]) < 0x80U && max_size != 0) {
        return {VarintState::complete, static_cast<unsigned char>(bytes[0]), 1};
    }
    Varint result;
    const std::size_t limit = bytes.size() < max_size ? bytes.size() : max_size;
    for (std::size_t i = 0; i < limit; ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (i == 9 && byte > 1) {
            return result;
        }
        result.value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7U * i);
        if (byte < 0x80U) {
            result.state = VarintState::complete;
            result.size = i + 1;
            return result;
        }
    }
    result.state = bytes.size() < max_size ? VarintState::needs_more : VarintState::malformed;
    return result;
}

/// Steps through the fields of one message.
class Reader {
  public:
    explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}

    /// Moves to the next field that is not a group (groups are skipped: no message of ours has
    /// one). False at the end of the message, and at the first error, which `failed` then tells.
    [[nodiscard]] bool next() noexcept { return next_short() || next_of_any_form(); }

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] std::uint32_t field() const noexcept { return field_; }

    /// The present field is `number` and carries bytes; another wire type counts as unknown.
    [[nodiscard]] bool is_bytes(std::uint32_t number) const noexcept {
        return field_ == number && type_ == Type::length_delimited;
    }
    /// The present field is `number` and carries a varint.
    [[nodiscard]] bool is_varint(std::uint32_t number) const noexcept {
        return field_ == number && type_ == Type::varint;
    }

    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    /// Protobuf's int32: the low 32 bits of the varint.
    [[nodiscard]] std::int32_t int32() const noexcept {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(varint_));
    }

  private:
    static constexpr std::size_t max_group_depth = 100;  // upstream's library has the same limit
    static constexpr std::size_t max_tag_size = 5;
    static constexpr std::uint64_t max_length = 0x7FFFFFFF;

    /// Nearly all fields: a tag of one byte, and a number of one byte or bytes of less than 16 KiB.
    /// False, and nothing changed, for all others.
    bool next_short() noexcept {
        if (rest_.size() < 2 || failed_) {
            return false;
        }
        const auto byte = [this](std::size_t at) {
            return static_cast<std::uint32_t>(static_cast<unsigned char>(rest_[at]));
        };
        const std::uint32_t tag = byte(0);
        const auto type = static_cast<Type>(tag & 7U);
        if (tag >= 0x80U || tag >> 3U == 0) {
            return false;
        }
        std::size_t head = 2;
        std::size_t size = byte(1);
        if (type == Type::varint && size < 0x80U) {
            varint_ = size;
            size = 0;
        } else if (type != Type::length_delimited) {
            return false;
        } else if (size >= 0x80U) {
            if (rest_.size() == head || byte(head) >= 0x80U) {
                return false;
            }
            size = (size & 0x7FU) | byte(head++) << 7U;
        }
        if (size > rest_.size() - head) {
            return false;
        }
        field_ = tag >> 3U;
        type_ = type;
        bytes_ = rest_.substr(head, size);
        rest_.remove_prefix(head + size);
        return true;
    }

    bool next_of_any_form() noexcept {
        while (!rest_.empty() && !failed_) {
            if (!read_tag()) {
                return false;
            }
            if (type_ == Type::start_group) {
                failed_ = !skip_group();
            } else {
                failed_ = type_ == Type::end_group || !read_value();
                return !failed_;
            }
        }
        return false;
    }

    bool read_tag() noexcept {
        const Varint tag = read_varint(rest_, max_tag_size);
        if (tag.state != VarintState::complete || tag.value > 0xFFFFFFFFU ||
            (tag.value >> 3U) == 0) {
            failed_ = true;
            return false;
        }
        rest_.remove_prefix(tag.size);
        field_ = static_cast<std::uint32_t>(tag.value >> 3U);
        type_ = static_cast<Type>(tag.value & 7U);
        return true;
    }

    bool take(std::size_t count) noexcept {
        if (count > rest_.size()) {
            return false;
        }
        bytes_ = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return true;
    }

    bool read_value() noexcept {
        switch (type_) {
            case Type::varint: {
                const Varint value = read_varint(rest_);
                varint_ = value.value;
                return value.state == VarintState::complete && take(value.size);
            }
            case Type::fixed64:
                return take(8);
            case Type::fixed32:
                return take(4);
            case Type::length_delimited: {
                const Varint length = read_varint(rest_);
                return length.state == VarintState::complete && length.value <= max_length &&
                       take(length.size) && take(static_cast<std::size_t>(length.value));
            }
            case Type::start_group:
            case Type::end_group:
                break;
        }
        return false;  // wire types 6 and 7 do not exist
    }

    bool skip_group() noexcept {
        std::array<std::uint32_t, max_group_depth> open{};
        std::size_t depth = 0;
        open[depth++] = field_;
        while (depth != 0) {
            if (rest_.empty() || !read_tag()) {
                return false;
            }
            if (type_ == Type::start_group) {
                if (depth == max_group_depth) {
                    return false;
                }
                open[depth++] = field_;
            } else if (type_ == Type::end_group) {
                if (field_ != open[--depth]) {
                    return false;
                }
            } else if (!read_value()) {
                return false;
            }
        }
        return true;
    }

    std::string_view rest_;
    std::string_view bytes_;
    std::uint64_t varint_ = 0;
    std::uint32_t field_ = 0;
    Type type_ = Type::varint;
    bool failed_ = false;
};

}  // namespace patchbay::wire
