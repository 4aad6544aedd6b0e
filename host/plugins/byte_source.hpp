// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bounded reading of binary files that come from outside. Every read states its place and size and
/// fails when they do not lie inside the file, so that the readers of ELF and PE files cannot be
/// led out of it by the sizes that stand in it. Files are read, not mapped: somebody who truncates
/// a mapped file would kill the host with SIGBUS.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

class ByteSource {
  public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// Fills `target` from `offset`; false when that is not wholly inside, or on a read error.
    [[nodiscard]] virtual bool read(std::uint64_t offset, std::span<std::byte> target) const = 0;

    [[nodiscard]] bool contains(std::uint64_t offset, std::uint64_t count) const {
        return offset <= size() && count <= size() - offset;
    }
    /// The bytes of a range; nothing when it is not inside or larger than `limit`.
    [[nodiscard]] std::optional<std::vector<std::byte>> range(std::uint64_t offset,
                                                              std::uint64_t count,
                                                              std::uint64_t limit) const;
};

/// Bytes that somebody else owns and keeps while this lives.
class MemorySource final : public ByteSource {
  public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
    [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> target) const override;

  private:
    std::span<const std::byte> bytes_;
};

/// A regular file, opened for reading. Code: `file.read`.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file_source(const std::string& path);

/// Little-endian numbers inside a piece of a file that was read before. Outside of it they are
/// zero, and `ok` stays false from then on.
class FieldReader {
  public:
    explicit FieldReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
    [[nodiscard]] std::uint8_t u8(std::size_t offset) { return number<std::uint8_t>(offset); }
    [[nodiscard]] std::uint16_t u16(std::size_t offset) { return number<std::uint16_t>(offset); }
    [[nodiscard]] std::uint32_t u32(std::size_t offset) { return number<std::uint32_t>(offset); }
    [[nodiscard]] std::uint64_t u64(std::size_t offset) { return number<std::uint64_t>(offset); }
    [[nodiscard]] bool ok() const { return ok_; }

  private:
    template <class T>
    T number(std::size_t offset) {
        if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) {
            ok_ = false;
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = sizeof(T); i-- > 0;) {
            value = value << 8U | std::to_integer<std::uint64_t>(bytes_[offset + i]);
        }
        return static_cast<T>(value);
    }

    std::span<const std::byte> bytes_;
    bool ok_ = true;
};

/// The text at `offset` of a string table, up to its NUL; nothing when there is none inside the
/// table or the text is longer than `limit`.
[[nodiscard]] std::optional<std::string_view> text_at(std::span<const std::byte> table,
                                                      std::uint64_t offset,
                                                      std::size_t limit = 65'536);

}  // namespace patchbay::plugins
