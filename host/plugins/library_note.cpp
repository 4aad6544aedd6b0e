// SPDX-License-Identifier: Apache-2.0
#include "plugins/library_note.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::plugins {

namespace {

tl::unexpected<Error> malformed(const std::string& text, const std::string& file) {
    return failure(ErrorClass::invalid, "plugin.note_malformed",
                   "the library's Patchbay note " + text +
                       "; write it with PATCHBAY_PLUGIN_NOTE of patchbay/abi.h",
                   {file});
}

}  // namespace

Result<LibraryNote> parse_library_note(std::string_view json, const std::string& file) {
    constexpr std::size_t size_limit = 65'536;
    if (json.size() > size_limit) {
        return malformed("is longer than 65,536 bytes", file);
    }
    // Depth is bounded by the size: the parser is iterative.
    const auto tree = nlohmann::json::parse(json, nullptr, false);
    if (!tree.is_object()) {
        return malformed("is not a JSON object", file);
    }
    LibraryNote note;
    for (const auto& [key, target] :
         {std::pair<const char*, std::string*>{"abi", &note.abi}, {"public_id", &note.public_id}}) {
        const auto found = tree.find(key);
        if (found == tree.end() || !found->is_string()) {
            return malformed("has no text `" + std::string(key) + "`", file);
        }
        *target = found->get<std::string>();
    }
    const auto classes = tree.find("classes");
    if (classes == tree.end() || !classes->is_array() || classes->empty()) {
        return malformed("has no list `classes`", file);
    }
    for (const auto& name : *classes) {
        if (!name.is_string() || name.get_ref<const std::string&>().empty()) {
            return malformed("has an entry in `classes` that is not a class name", file);
        }
        note.classes.push_back(name.get<std::string>());
    }
    return note;
}

}  // namespace patchbay::plugins
