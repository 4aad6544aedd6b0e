// SPDX-License-Identifier: Apache-2.0
#include "plugins/pe_file.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace patchbay::plugins {

namespace {

constexpr std::size_t pe_section_header_size = 40;

struct PeSection {
    std::string name;
    std::uint32_t address = 0;
    std::uint32_t virtual_size = 0;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
};

class PeReader {
  public:
    PeReader(const ByteSource& source, const std::string& file, const PeLimits& limits)
        : source_(source), file_(file), limits_(limits) {}

    Result<PeFile> read() {
        using Step = Result<void> (PeReader::*)();
        constexpr std::array<Step, 5> steps{&PeReader::read_headers, &PeReader::read_sections,
                                            &PeReader::read_exports, &PeReader::read_imports,
                                            &PeReader::read_note};
        for (const Step step : steps) {
            if (auto done = (this->*step)(); !done) {
                return tl::unexpected<Error>(std::move(done.error()));
            }
        }
        return std::move(result_);
    }

  private:
    [[nodiscard]] tl::unexpected<Error> refuse(const char* code, std::string text) const {
        return failure(ErrorClass::invalid, code, std::move(text), {file_});
    }
    [[nodiscard]] tl::unexpected<Error> incomplete(const std::string& what) const {
        return refuse("pe.incomplete", what + " lies beyond the end of the file (" +
                                           std::to_string(source_.size()) +
                                           " bytes); is it still being copied?");
    }

    Result<void> read_headers() {
        constexpr std::uint64_t dos_size = 64;
        const auto dos = source_.range(0, dos_size, dos_size);
        if (!dos || (*dos)[0] != std::byte{'M'} || (*dos)[1] != std::byte{'Z'}) {
            return refuse("pe.not_pe", "not a PE file");
        }
        constexpr std::uint64_t coff_size = 24;
        const std::uint64_t start = FieldReader(*dos).u32(60);
        const auto coff = source_.range(start, coff_size, coff_size);
        if (!coff) {
            return incomplete("the PE header");
        }
        FieldReader field(*coff);
        if (field.u32(0) != 0x4550) {
            return refuse("pe.not_pe", "not a PE file");
        }
        result_.machine = field.u16(4);
        section_count_ = field.u16(6);
        const std::uint64_t optional_size = field.u16(20);
        const std::uint64_t optional_start = start + coff_size;
        section_start_ = optional_start + optional_size;
        if ((field.u16(22) & 0x2000U) == 0) {
            return refuse("pe.unsupported", "a program, not a DLL");
        }
        const auto optional = source_.range(optional_start, optional_size, 65'536);
        if (!optional) {
            return incomplete("the optional header");
        }
        FieldReader header(*optional);
        if (header.u16(0) != 0x20b) {
            return refuse("pe.unsupported", "a 32-bit DLL; expected a 64-bit one");
        }
        constexpr std::size_t directories = 112;
        const std::uint32_t count = header.u32(108);
        if (count > 0) {
            export_address_ = header.u32(directories);
            export_size_ = header.u32(directories + 4);
        }
        if (count > 1) {
            import_address_ = header.u32(directories + 8);
        }
        return header.ok() ? Result<void>{}
                           : refuse("pe.malformed", "its optional header is too short");
    }

    Result<void> read_sections() {
        const std::uint64_t size = section_count_ * pe_section_header_size;
        const auto bytes = source_.range(section_start_, size, size);
        if (!bytes) {
            return incomplete("the section table");
        }
        FieldReader field(*bytes);
        for (std::size_t at = 0; at < bytes->size(); at += pe_section_header_size) {
            const std::string_view name(reinterpret_cast<const char*>(bytes->data()) + at, 8);
            PeSection section{.name = std::string(name.substr(0, name.find('\0'))),
                              .address = field.u32(at + 12),
                              .virtual_size = field.u32(at + 8),
                              .offset = field.u32(at + 20),
                              .size = field.u32(at + 16)};
            if (section.offset != 0 && !source_.contains(section.offset, section.size)) {
                return incomplete("section " + section.name);
            }
            sections_.push_back(std::move(section));
        }
        return {};
    }

    /// Where in the file the bytes at a relative virtual address stand, and how many follow there.
    struct Place {
        std::uint64_t offset = 0;
        std::uint64_t available = 0;
    };
    [[nodiscard]] std::optional<Place> place_of(std::uint32_t address) const {
        for (const PeSection& section : sections_) {
            if (section.offset != 0 && address >= section.address &&
                address - section.address < section.size) {
                const std::uint32_t inside = address - section.address;
                return Place{std::uint64_t{section.offset} + inside,
                             std::uint64_t{section.size} - inside};
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::vector<std::byte>> bytes_at(std::uint32_t address,
                                                                 std::uint64_t count) const {
        const auto place = place_of(address);
        if (!place || count > place->available) {
            return std::nullopt;
        }
        return source_.range(place->offset, count, count);
    }

    [[nodiscard]] std::optional<std::string> name_at(std::uint32_t address) const {
        const auto place = place_of(address);
        if (!place) {
            return std::nullopt;
        }
        const auto bytes = source_.range(
            place->offset, std::min<std::uint64_t>(place->available, limits_.name_bytes),
            limits_.name_bytes);
        const auto text = bytes ? text_at(*bytes, 0) : std::nullopt;
        return text ? std::optional<std::string>(*text) : std::nullopt;
    }

    Result<void> read_exports() {
        if (export_address_ == 0 || export_size_ == 0) {
            return {};
        }
        constexpr std::uint64_t directory_size = 40;
        const auto directory = bytes_at(export_address_, directory_size);
        if (!directory) {
            return refuse("pe.malformed", "its export directory is not readable");
        }
        FieldReader field(*directory);
        const std::uint32_t count = field.u32(24);
        if (count == 0) {
            return {};
        }
        const auto names = count <= limits_.exports
                               ? bytes_at(field.u32(32), std::uint64_t{count} * 4)
                               : std::nullopt;
        if (!names) {
            return refuse("pe.malformed", "its table of exported names is not readable");
        }
        FieldReader addresses(*names);
        for (std::size_t i = 0; i < count; ++i) {
            auto name = name_at(addresses.u32(i * 4));
            if (!name) {
                return refuse("pe.malformed", "the name of an export is not readable");
            }
            result_.exports.push_back(std::move(*name));
        }
        return {};
    }

    Result<void> read_imports() {
        if (import_address_ == 0) {
            return {};
        }
        constexpr std::uint32_t descriptor_size = 20;
        std::uint32_t address = import_address_;
        for (std::uint32_t i = 0; i < limits_.imports; ++i, address += descriptor_size) {
            const auto descriptor = bytes_at(address, descriptor_size);
            if (!descriptor) {
                return refuse("pe.malformed", "its import directory is not readable");
            }
            const std::uint32_t name_address = FieldReader(*descriptor).u32(12);
            if (name_address == 0) {
                return {};
            }
            auto name = name_at(name_address);
            if (!name) {
                return refuse("pe.malformed", "the name of an imported library is not readable");
            }
            result_.needed.push_back(std::move(*name));
        }
        return refuse("pe.malformed", "it imports more libraries than the bound allows");
    }

    Result<void> read_note() {
        for (const PeSection& section : sections_) {
            if (section.name == ".pbnote") {
                const std::uint64_t size = section.virtual_size != 0
                                               ? std::min(section.size, section.virtual_size)
                                               : section.size;
                result_.note_section = source_.range(section.offset, size, limits_.note_bytes);
                if (!result_.note_section) {
                    return refuse("pe.malformed", "its section .pbnote is not readable");
                }
            }
        }
        return {};
    }

    const ByteSource& source_;
    const std::string& file_;
    const PeLimits& limits_;
    PeFile result_;
    std::uint64_t section_count_ = 0;
    std::uint64_t section_start_ = 0;
    std::uint32_t export_address_ = 0;
    std::uint32_t export_size_ = 0;
    std::uint32_t import_address_ = 0;
    std::vector<PeSection> sections_;
};

}  // namespace

Result<PeFile> read_pe(const ByteSource& source, const std::string& file, const PeLimits& limits) {
    return PeReader(source, file, limits).read();
}

std::string pe_machine_name(std::uint16_t machine) {
    switch (machine) {
        case 0x14c:
            return "x86";
        case 0x8664:
            return "x86-64";
        case 0xaa64:
            return "ARM64";
        default:
            return "machine " + std::to_string(machine);
    }
}

}  // namespace patchbay::plugins
