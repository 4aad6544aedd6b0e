// SPDX-License-Identifier: Apache-2.0
#include "bookmark.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string_view>

namespace patchbay::stub {

namespace {

constexpr std::size_t record_size = 512;
constexpr std::string_view title = "patchbay stub position 1";

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4U];
        text += digits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

std::string from_hex(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        unsigned int value = 0;
        std::sscanf(std::string(text.substr(i, 2)).c_str(), "%2x", &value);
        bytes += static_cast<char>(value);
    }
    return bytes;
}

/// FNV-1a: tells a torn record from a whole one.
std::uint64_t checksum(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

std::string number(const char* name, std::uint64_t value) {
    return std::string(name) + '=' + std::to_string(value) + ' ';
}

std::string to_record(std::uint64_t sequence, const Position& position) {
    std::string text(title);
    text += ' ' + number("sequence", sequence) + number("device", position.device) +
            number("inode", position.inode) + number("offset", position.offset) +
            number("emptying", static_cast<unsigned>(position.emptying)) +
            "before=" + to_hex(position.before) + " mark=" + to_hex(position.mark) + ' ';
    text += "check=" + std::to_string(checksum(text));
    text.resize(record_size - 1, ' ');
    return text + '\n';
}

/// Value of `name=` in the record; empty when it is missing.
std::string_view value_of(std::string_view record, std::string_view name) {
    const std::string key = ' ' + std::string(name) + '=';
    const std::size_t at = record.find(key);
    if (at == std::string_view::npos) {
        return {};
    }
    record.remove_prefix(at + key.size());
    return record.substr(0, record.find_first_of(" \n"));
}

std::uint64_t number_of(std::string_view record, std::string_view name) {
    std::uint64_t value = 0;
    std::sscanf(std::string(value_of(record, name)).c_str(), "%" SCNu64, &value);
    return value;
}

struct Record {
    std::uint64_t sequence = 0;
    Position position;
};

std::optional<Record> from_record(std::string_view text) {
    const std::size_t check = text.find("check=");
    if (text.substr(0, title.size()) != title || check == std::string_view::npos ||
        number_of(text, "check") != checksum(text.substr(0, check))) {
        return std::nullopt;
    }
    Record record;
    record.sequence = number_of(text, "sequence");
    record.position.device = number_of(text, "device");
    record.position.inode = number_of(text, "inode");
    record.position.offset = number_of(text, "offset");
    record.position.emptying = static_cast<Emptying>(number_of(text, "emptying"));
    record.position.before = from_hex(value_of(text, "before"));
    record.position.mark = from_hex(value_of(text, "mark"));
    return record;
}

}  // namespace

Result<Position> position_at(const FileHandle& file, const std::string& path,
                             std::uint64_t offset) {
    const auto status = status_of(file, path);
    if (!status) {
        return tl::unexpected(status.error());
    }
    const std::size_t size =
        static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_before));
    auto before = read_at(file, path, offset - size, size);
    if (!before) {
        return tl::unexpected(before.error());
    }
    Position position;
    position.device = status->st_dev;
    position.inode = status->st_ino;
    position.offset = offset;
    position.before = std::move(*before);
    return position;
}

Result<std::uint64_t> resume_offset(const FileHandle& file, const std::string& path,
                                    const Position& remembered) {
    const auto status = status_of(file, path);
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (static_cast<std::uint64_t>(status->st_size) < remembered.offset) {
        return 0;
    }
    if (remembered.emptying != Emptying::none) {
        const auto beginning = read_at(file, path, 0, remembered.mark.size());
        if (!beginning) {
            return tl::unexpected(beginning.error());
        }
        if (*beginning == remembered.mark) {
            return remembered.offset;
        }
        if (remembered.emptying == Emptying::marked) {
            return 0;
        }
    }
    const auto now = position_at(file, path, remembered.offset);
    if (!now) {
        return tl::unexpected(now.error());
    }
    return now->before == remembered.before ? remembered.offset : 0;
}

Result<Bookmark> Bookmark::open(const std::string& path) {
    auto file = open_or_create(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    // A lock of the process, not of the descriptor: two generations of one host may overlap.
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(file->get(), F_SETLK, &whole) != 0) {
        return failure(ErrorClass::failed, "stub.in_use",
                       "another process has " + path +
                           " open; two hosts cannot share one file of a stub connection");
    }
    const auto text = read_at(*file, path, 0, 2 * record_size);
    if (!text) {
        return tl::unexpected(text.error());
    }
    Bookmark bookmark(std::move(*file), path);
    for (const std::size_t at : {std::size_t{0}, record_size}) {
        const std::size_t start = std::min(at, text->size());
        if (const auto record = from_record(std::string_view(*text).substr(start, record_size));
            record && record->sequence > bookmark.sequence_) {
            bookmark.sequence_ = record->sequence;
            bookmark.position_ = record->position;
        }
    }
    return bookmark;
}

Result<void> Bookmark::store(Position position) {
    if (position_ == position) {
        return {};
    }
    const std::uint64_t sequence = sequence_ + 1;
    if (auto written =
            write_at(file_, path_, (sequence % 2) * record_size, to_record(sequence, position));
        !written) {
        return written;
    }
    sequence_ = sequence;
    position_ = std::move(position);
    unsynced_ = true;
    return {};
}

Result<void> Bookmark::sync() {
    if (unsynced_ && ::fdatasync(file_.get()) != 0) {
        return system_failure("stub.cannot_write", "save", path_);
    }
    unsynced_ = false;
    return {};
}

}  // namespace patchbay::stub
