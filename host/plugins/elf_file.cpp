// SPDX-License-Identifier: Apache-2.0
#include "plugins/elf_file.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace patchbay::plugins {

namespace {

constexpr std::size_t header_size = 64;
constexpr std::size_t section_header_size = 64;
constexpr std::size_t program_header_size = 56;
constexpr std::size_t symbol_size = 24;
constexpr std::size_t dynamic_size = 16;

constexpr std::uint32_t section_dynamic = 6;
constexpr std::uint32_t section_note = 7;
constexpr std::uint32_t section_no_bits = 8;
constexpr std::uint32_t section_dynamic_symbols = 11;
constexpr std::uint32_t segment_load = 1;

struct ElfSection {
    std::uint32_t type = 0;
    std::uint32_t link = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t entry_size = 0;
};

/// One pass over one file. Each step returns the failure, if any.
class ElfReader {
  public:
    ElfReader(const ByteSource& source, const std::string& file, const ElfLimits& limits)
        : source_(source), file_(file), limits_(limits) {}

    Result<ElfFile> read() {
        using Step = Result<void> (ElfReader::*)();
        constexpr std::array<Step, 6> steps{&ElfReader::read_header,   &ElfReader::check_segments,
                                            &ElfReader::read_sections, &ElfReader::read_symbols,
                                            &ElfReader::read_dynamic,  &ElfReader::read_notes};
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
        return refuse("elf.incomplete", what + " lies beyond the end of the file (" +
                                            std::to_string(source_.size()) +
                                            " bytes); is it still being copied?");
    }

    Result<void> read_header() {
        const auto bytes =
            source_.range(0, std::min<std::uint64_t>(header_size, source_.size()), header_size);
        constexpr std::array<std::byte, 4> magic{std::byte{0x7f}, std::byte{'E'}, std::byte{'L'},
                                                 std::byte{'F'}};
        if (!bytes || bytes->size() < magic.size() ||
            !std::equal(magic.begin(), magic.end(), bytes->begin())) {
            return refuse("elf.not_elf", "not an ELF file");
        }
        FieldReader field(*bytes);
        if (bytes->size() < header_size) {
            return incomplete("the ELF header");
        }
        if (field.u8(4) != 2) {
            return refuse("elf.unsupported", "a 32-bit ELF file; expected a 64-bit one");
        }
        if (field.u8(5) != 1) {
            return refuse("elf.unsupported", "a big-endian ELF file; expected a little-endian one");
        }
        if (field.u16(16) != 3) {
            return refuse("elf.unsupported", "not a shared library (an ELF file of type " +
                                                 std::to_string(field.u16(16)) +
                                                 "; expected ET_DYN, link it with -shared)");
        }
        result_.machine = field.u16(18);
        program_offset_ = field.u64(32);
        section_offset_ = field.u64(40);
        program_count_ = field.u16(56);
        section_count_ = field.u16(60);
        if ((program_count_ != 0 && field.u16(54) != program_header_size) ||
            field.u16(58) != section_header_size) {
            return refuse("elf.malformed", "its header tables have entries of an unknown size");
        }
        return {};
    }

    /// What will be mapped must be in the file: a mapping beyond its end kills with SIGBUS.
    Result<void> check_segments() {
        const std::uint64_t size = program_count_ * program_header_size;
        const auto bytes = source_.range(program_offset_, size, limits_.table_bytes);
        if (!bytes) {
            return incomplete("the program header table");
        }
        FieldReader field(*bytes);
        bool loads = false;
        for (std::size_t at = 0; at < bytes->size(); at += program_header_size) {
            if (field.u32(at) == segment_load) {
                loads = true;
                if (!source_.contains(field.u64(at + 8), field.u64(at + 32))) {
                    return incomplete("a loadable segment");
                }
            }
        }
        if (!loads) {
            return refuse("elf.malformed", "it has nothing to load (no PT_LOAD segment)");
        }
        return {};
    }

    Result<void> read_sections() {
        if (section_offset_ == 0) {
            return refuse("elf.malformed",
                          "it has no section table; strip it with `strip`, not with `sstrip`");
        }
        std::uint64_t count = section_count_;
        if (count == 0) {
            // 65,280 sections and more: the number stands in the first entry.
            const auto first =
                source_.range(section_offset_, section_header_size, section_header_size);
            if (!first) {
                return incomplete("the section table");
            }
            count = FieldReader(*first).u64(32);
        }
        if (count == 0 || count > limits_.sections) {
            return refuse("elf.malformed", "a section table of " + std::to_string(count) +
                                               " entries; the bound is " +
                                               std::to_string(limits_.sections));
        }
        const auto bytes =
            source_.range(section_offset_, count * section_header_size, limits_.table_bytes);
        if (!bytes) {
            return incomplete("the section table");
        }
        FieldReader field(*bytes);
        for (std::size_t at = 0; at < bytes->size(); at += section_header_size) {
            const ElfSection section{.type = field.u32(at + 4),
                                     .link = field.u32(at + 40),
                                     .offset = field.u64(at + 24),
                                     .size = field.u64(at + 32),
                                     .entry_size = field.u64(at + 56)};
            if (section.type != 0 && section.type != section_no_bits &&
                !source_.contains(section.offset, section.size)) {
                return incomplete("section " + std::to_string(at / section_header_size));
            }
            sections_.push_back(section);
        }
        return {};
    }

    [[nodiscard]] const ElfSection* only_section(std::uint32_t type) const {
        const auto found = std::find_if(sections_.begin(), sections_.end(),
                                        [&](const ElfSection& s) { return s.type == type; });
        return found == sections_.end() ? nullptr : &*found;
    }

    /// The string table that a section names with its link.
    [[nodiscard]] std::optional<std::vector<std::byte>> strings_of(
        const ElfSection& section) const {
        if (section.link >= sections_.size()) {
            return std::nullopt;
        }
        const ElfSection& strings = sections_[section.link];
        if (strings.type == section_no_bits) {
            return std::nullopt;
        }
        return source_.range(strings.offset, strings.size, limits_.table_bytes);
    }

    Result<void> read_symbols() {
        const ElfSection* table = only_section(section_dynamic_symbols);
        if (table == nullptr) {
            return {};
        }
        const auto bytes = source_.range(table->offset, table->size, limits_.table_bytes);
        const auto names = strings_of(*table);
        if (!bytes || !names || table->entry_size != symbol_size ||
            bytes->size() % symbol_size != 0) {
            return refuse("elf.malformed", "its dynamic symbol table is not readable");
        }
        FieldReader field(*bytes);
        for (std::size_t at = symbol_size; at + symbol_size <= bytes->size(); at += symbol_size) {
            const std::uint8_t info = field.u8(at + 4);
            const ElfBinding binding = binding_of(info >> 4U);
            if (binding == ElfBinding::local) {
                continue;
            }
            const auto name = text_at(*names, field.u32(at));
            if (!name) {
                return refuse("elf.malformed", "a dynamic symbol's name lies outside of its table");
            }
            spent_on_names_ += name->size();
            if (spent_on_names_ > limits_.table_bytes) {
                // Overlapping names let a small table ask for a lot of memory.
                return refuse("elf.malformed", "the names of its symbols exceed the bound");
            }
            const std::uint8_t visibility = field.u8(at + 5) & 3U;
            result_.symbols.push_back({.name = std::string(*name),
                                       .binding = binding,
                                       .defined = field.u16(at + 6) != 0,
                                       .hidden = visibility == 1 || visibility == 2});
        }
        return {};
    }

    [[nodiscard]] static ElfBinding binding_of(unsigned number) {
        switch (number) {
            case 0:
                return ElfBinding::local;
            case 1:
                return ElfBinding::global;
            case 2:
                return ElfBinding::weak;
            case 10:
                return ElfBinding::unique;
            default:
                return ElfBinding::other;
        }
    }

    Result<void> read_dynamic() {
        const ElfSection* table = only_section(section_dynamic);
        if (table == nullptr) {
            return refuse("elf.malformed", "it has no dynamic section; link it with -shared");
        }
        const auto bytes = source_.range(table->offset, table->size, limits_.table_bytes);
        const auto names = strings_of(*table);
        if (!bytes || !names || table->entry_size != dynamic_size) {
            return refuse("elf.malformed", "its dynamic section is not readable");
        }
        FieldReader field(*bytes);
        for (std::size_t at = 0; at + dynamic_size <= bytes->size(); at += dynamic_size) {
            constexpr std::uint64_t end = 0;
            constexpr std::uint64_t needed = 1;
            constexpr std::uint64_t soname = 14;
            constexpr std::uint64_t text_relocation = 22;
            constexpr std::uint64_t flags = 30;
            constexpr std::uint64_t flags_1 = 0x6ffffffb;
            const std::uint64_t tag = field.u64(at);
            const std::uint64_t value = field.u64(at + 8);
            if (tag == end) {
                break;
            }
            if (tag == needed || tag == soname) {
                const auto name = text_at(*names, value, 4'096);
                if (!name || result_.needed.size() >= limits_.needed) {
                    return refuse("elf.malformed", "its dynamic section names a library wrongly");
                }
                (tag == needed ? result_.needed.emplace_back() : result_.soname) = *name;
            } else if (tag == flags_1) {
                result_.no_delete = (value & 8U) != 0;
            } else if (tag == text_relocation || (tag == flags && (value & 4U) != 0)) {
                result_.text_relocations = true;
            }
        }
        return {};
    }

    Result<void> read_notes() {
        std::uint64_t note_budget = limits_.table_bytes;
        for (const ElfSection& section : sections_) {
            if (section.type != section_note) {
                continue;
            }
            // Sections may overlap; the sum is what bounds the work.
            const auto bytes = source_.range(section.offset, section.size, note_budget);
            if (!bytes ||
                !collect_notes(*bytes, limits_.note_owner, limits_.notes, result_.notes)) {
                return refuse("elf.malformed", "one of its note sections is not readable");
            }
            note_budget -= section.size;
        }
        return {};
    }

    const ByteSource& source_;
    const std::string& file_;
    const ElfLimits& limits_;
    ElfFile result_;
    std::uint64_t program_offset_ = 0;
    std::uint64_t section_offset_ = 0;
    std::uint64_t program_count_ = 0;
    std::uint64_t section_count_ = 0;
    std::uint64_t spent_on_names_ = 0;
    std::vector<ElfSection> sections_;
};

}  // namespace

Result<ElfFile> read_elf(const ByteSource& source, const std::string& file,
                         const ElfLimits& limits) {
    return ElfReader(source, file, limits).read();
}

std::uint16_t native_elf_machine() {
#if defined(__x86_64__)
    return 62;
#elif defined(__aarch64__)
    return 183;
#elif defined(__riscv)
    return 243;
#elif defined(__powerpc64__)
    return 21;
#elif defined(__s390x__)
    return 22;
#elif defined(__loongarch__)
    return 258;
#else
    return 0;  // unknown: nothing is refused for its machine
#endif
}

std::string elf_machine_name(std::uint16_t machine) {
    switch (machine) {
        case 3:
            return "x86";
        case 21:
            return "PowerPC64";
        case 22:
            return "S/390";
        case 40:
            return "ARM";
        case 62:
            return "x86-64";
        case 183:
            return "AArch64";
        case 243:
            return "RISC-V";
        case 258:
            return "LoongArch";
        default:
            return "machine " + std::to_string(machine);
    }
}

}  // namespace patchbay::plugins
