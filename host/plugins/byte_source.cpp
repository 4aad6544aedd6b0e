// SPDX-License-Identifier: Apache-2.0
#include "plugins/byte_source.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace patchbay::plugins {

namespace {

class FileSource final : public ByteSource {
  public:
    FileSource(std::ifstream stream, std::uint64_t size)
        : stream_(std::move(stream)), size_(size) {}

    [[nodiscard]] std::uint64_t size() const override { return size_; }

    [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> target) const override {
        if (!contains(offset, target.size())) {
            return false;
        }
        stream_.clear();
        stream_.seekg(static_cast<std::streamoff>(offset));
        stream_.read(reinterpret_cast<char*>(target.data()),
                     static_cast<std::streamsize>(target.size()));
        return stream_.good() || target.empty();
    }

  private:
    mutable std::ifstream stream_;
    std::uint64_t size_;
};

}  // namespace

std::optional<std::vector<std::byte>> ByteSource::range(std::uint64_t offset, std::uint64_t count,
                                                        std::uint64_t limit) const {
    if (count > limit || !contains(offset, count)) {
        return std::nullopt;
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(count));
    if (!read(offset, bytes)) {
        return std::nullopt;
    }
    return bytes;
}

bool MemorySource::read(std::uint64_t offset, std::span<std::byte> target) const {
    if (!contains(offset, target.size())) {
        return false;
    }
    if (!target.empty()) {
        std::memcpy(target.data(), bytes_.data() + offset, target.size());
    }
    return true;
}

Result<std::unique_ptr<ByteSource>> open_file_source(const std::string& path) {
    std::error_code error;
    // A named pipe of that name would block the open for ever.
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
        return failure(ErrorClass::failed, "file.read", "the file does not exist", {path});
    }
    if (!std::filesystem::is_regular_file(status)) {
        return failure(ErrorClass::failed, "file.read", "not a regular file", {path});
    }
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    std::ifstream stream(path, std::ios::binary);
    if (error || !stream) {
        return failure(ErrorClass::failed, "file.read",
                       "the file cannot be read; check its permissions", {path});
    }
    return std::make_unique<FileSource>(std::move(stream), size);
}

std::optional<std::string_view> text_at(std::span<const std::byte> table, std::uint64_t offset,
                                        std::size_t limit) {
    if (offset >= table.size()) {
        return std::nullopt;
    }
    const auto rest = table.subspan(static_cast<std::size_t>(offset));
    const auto end = std::find(
        rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(std::min(limit, rest.size())),
        std::byte{0});
    const auto length = static_cast<std::size_t>(end - rest.begin());
    if (length == std::min(limit, rest.size())) {
        return std::nullopt;
    }
    return std::string_view(reinterpret_cast<const char*>(rest.data()), length);
}

}  // namespace patchbay::plugins
