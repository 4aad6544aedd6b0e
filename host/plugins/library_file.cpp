// SPDX-License-Identifier: Apache-2.0
#include "plugins/library_file.hpp"

#include "plugins/elf_file.hpp"
#include "plugins/pe_file.hpp"

#include <patchbay/abi.h>

#include <algorithm>
#include <array>
#include <utility>

namespace patchbay::plugins {

namespace {

#if defined(_WIN32)
constexpr bool native_is_pe = true;
#else
constexpr bool native_is_pe = false;
#endif

void sort_names(std::vector<std::string>& names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
}

Result<std::optional<std::string>> note_text(const std::vector<Note>& notes,
                                             const std::string& file) {
    if (notes.empty()) {
        return std::optional<std::string>();
    }
    if (notes.size() > 1) {
        return failure(ErrorClass::invalid, "plugin.note_malformed",
                       "the library carries " + std::to_string(notes.size()) +
                           " Patchbay notes; expected one PATCHBAY_PLUGIN_NOTE in one source file",
                       {file});
    }
    if (notes[0].type != PATCHBAY_NOTE_TYPE) {
        return failure(ErrorClass::invalid, "plugin.note_malformed",
                       "the library's Patchbay note has type " + std::to_string(notes[0].type) +
                           "; this host knows type 1 only",
                       {file});
    }
    std::string text = notes[0].descriptor;
    // The macro counts the NUL of the string literal.
    while (!text.empty() && text.back() == '\0') {
        text.pop_back();
    }
    return std::optional<std::string>(std::move(text));
}

Result<LibraryFile> from_elf(const ByteSource& source, const std::string& path) {
    auto elf = read_elf(source, path);
    if (!elf) {
        return tl::unexpected<Error>(std::move(elf.error()));
    }
    LibraryFile library;
    library.machine = elf_machine_name(elf->machine);
    library.native =
        !native_is_pe && (native_elf_machine() == 0 || elf->machine == native_elf_machine());
    for (ElfSymbol& symbol : elf->symbols) {
        if (!symbol.defined) {
            library.imports.push_back(std::move(symbol.name));
            continue;
        }
        if (symbol.hidden) {
            continue;
        }
        if (symbol.binding == ElfBinding::unique) {
            library.unique_symbols.push_back(symbol.name);
        }
        library.exports.push_back(std::move(symbol.name));
    }
    library.needed = std::move(elf->needed);
    library.soname = std::move(elf->soname);
    library.no_delete = elf->no_delete;
    library.text_relocations = elf->text_relocations;
    auto note = note_text(elf->notes, path);
    if (!note) {
        return tl::unexpected<Error>(std::move(note.error()));
    }
    library.note_json = std::move(*note);
    return library;
}

Result<LibraryFile> from_pe(const ByteSource& source, const std::string& path) {
    auto pe = read_pe(source, path);
    if (!pe) {
        return tl::unexpected<Error>(std::move(pe.error()));
    }
    LibraryFile library;
    library.format = LibraryFormat::pe;
    library.machine = pe_machine_name(pe->machine);
    library.native = native_is_pe;
    library.exports = std::move(pe->exports);
    library.needed = std::move(pe->needed);
    if (pe->note_section) {
        std::vector<Note> notes;
        if (!collect_notes(*pe->note_section, PATCHBAY_NOTE_OWNER, 16, notes)) {
            return failure(ErrorClass::invalid, "plugin.note_malformed",
                           "the library's section .pbnote is not readable", {path});
        }
        auto note = note_text(notes, path);
        if (!note) {
            return tl::unexpected<Error>(std::move(note.error()));
        }
        library.note_json = std::move(*note);
    }
    return library;
}

}  // namespace

bool LibraryFile::imports_symbol(std::string_view name) const {
    return std::binary_search(imports.begin(), imports.end(), name);
}

Result<LibraryFile> read_library(const std::string& path) {
    const auto source = open_file_source(path);
    if (!source) {
        return tl::unexpected<Error>(source.error());
    }
    const auto magic = (*source)->range(0, 2, 2);
    const bool pe = magic && (*magic)[0] == std::byte{'M'} && (*magic)[1] == std::byte{'Z'};
    auto library = pe ? from_pe(**source, path) : from_elf(**source, path);
    if (!library) {
        if (library.error().code == "elf.not_elf") {
            return failure(ErrorClass::invalid, "plugin.not_a_library",
                           "neither an ELF nor a PE shared library" +
                               std::string((*source)->size() == 0 ? " (the file is empty)" : ""),
                           {path});
        }
        return library;
    }
    sort_names(library->exports);
    sort_names(library->imports);
    sort_names(library->unique_symbols);
    return library;
}

}  // namespace patchbay::plugins
