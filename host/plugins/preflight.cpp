// SPDX-License-Identifier: Apache-2.0
#include "plugins/preflight.hpp"

#include "config/nearest.hpp"

#include <patchbay/abi.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace patchbay::plugins {

namespace {

constexpr const char* version_script_remedy =
    "; link it with the SDK's version script (pkg-config patchbay-sdk, or patchbay-plugin.map)";

std::string list_of(const std::vector<std::string>& names, std::size_t shown) {
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < shown; ++i) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    return names.size() > shown ? text + " and " + std::to_string(names.size() - shown) + " more"
                                : text;
}

std::string version_text(std::uint32_t version) {
    return std::to_string(version >> 16U) + '.' + std::to_string(version & 0xffffU);
}

/// "1.0" packed; nothing when it is not of that form.
std::optional<std::uint32_t> packed_version(const std::string& text) {
    std::uint16_t major = 0;
    std::uint16_t minor = 0;
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') {
        return std::nullopt;
    }
    const auto second = std::from_chars(first.ptr + 1, end, minor);
    if (second.ec != std::errc() || second.ptr != end) {
        return std::nullopt;
    }
    return std::uint32_t{major} << 16U | minor;
}

class Check {
  public:
    Check(const std::string& path, const config::ConnectionManifest& manifest)
        : path_(path), manifest_(manifest) {}

    Preflight run(const AbiRange& host) {
        auto library = read_library(path_);
        if (!library) {
            result_.errors.push_back(std::move(library.error()));
            return std::move(result_);
        }
        result_.library = std::move(*library);
        check_machine();
        check_exports();
        check_unloading();
        check_note(host);
        return std::move(result_);
    }

  private:
    void refuse(const char* code, std::string text) {
        result_.errors.push_back({ErrorClass::invalid, code, std::move(text), {path_}});
    }
    void warn(const char* code, std::string text) {
        result_.warnings.push_back({ErrorClass::invalid, code, std::move(text), {path_}});
    }

    void check_machine() {
        if (!result_.library->native) {
            refuse("plugin.wrong_machine",
                   std::string("the library is built for another machine (") +
                       (result_.library->format == LibraryFormat::pe ? "a Windows DLL, " : "") +
                       result_.library->machine + "); rebuild it for this one");
        }
    }

    void check_exports() {
        std::vector<std::string> others = result_.library->exports;
        const auto entry = std::find(others.begin(), others.end(), PATCHBAY_ENTRY_NAME);
        if (entry == others.end()) {
            refuse("plugin.no_entry", "the library does not export patchbay_plugin_entry" +
                                          (others.empty() ? ", nor anything else"
                                                          : "; it exports " + list_of(others, 3)));
            return;
        }
        others.erase(entry);
        if (!others.empty()) {
            warn("plugin.extra_exports", "the library exports more than patchbay_plugin_entry: " +
                                             list_of(others, 3) + version_script_remedy);
        }
    }

    void check_unloading() {
        if (!result_.library->unique_symbols.empty()) {
            warn("plugin.unique_symbols",
                 "the library cannot be unloaded, because it has unique symbols: " +
                     list_of(result_.library->unique_symbols, 3) + version_script_remedy);
        }
        if (result_.library->no_delete) {
            warn("plugin.not_unloadable",
                 "the library is linked with -z nodelete and stays mapped until the host ends; "
                 "leave that option out, or declare its classes PATCHBAY_CLASS_RESIDENT");
        }
        if (result_.library->text_relocations) {
            warn("plugin.text_relocations",
                 "the library has text relocations, which hardened systems refuse; compile it "
                 "with -fPIC");
        }
    }

    void check_note(const AbiRange& host) {
        const std::string id = manifest_.public_id();
        if (!result_.library->note_json) {
            refuse("plugin.no_note",
                   "the library carries no Patchbay note; put PATCHBAY_PLUGIN_NOTE("
                   "\"" +
                       id + "\", \"\\\"" + manifest_.class_name +
                       "\\\"\") into one of its source files");
            return;
        }
        auto note = parse_library_note(*result_.library->note_json, path_);
        if (!note) {
            result_.errors.push_back(std::move(note.error()));
            return;
        }
        result_.note = std::move(*note);
        if (result_.note->public_id != id) {
            result_.errors.push_back(
                {ErrorClass::invalid, "plugin.note_disagrees",
                 "connection.yaml describes " + id + ", but the library " + path_ + " says it is " +
                     result_.note->public_id + "; are they from the same build?",
                 manifest_.version_location.file.empty() ? SourceLocation{manifest_.path}
                                                         : manifest_.version_location});
        }
        check_abi(host);
        check_class();
    }

    void check_abi(const AbiRange& host) {
        const auto version = packed_version(result_.note->abi);
        if (!version) {
            refuse("plugin.note_malformed", "the library's Patchbay note has the ABI version `" +
                                                result_.note->abi + "`; expected MAJOR.MINOR");
            return;
        }
        // Minor versions negotiate at the entry; a later one can still speak an earlier.
        if (*version >> 16U < host.minimum >> 16U || *version >> 16U > host.maximum >> 16U) {
            refuse("plugin.abi_unsupported",
                   "the library speaks ABI " + result_.note->abi + ", this host " +
                       version_text(host.minimum) +
                       (host.minimum == host.maximum ? "" : " to " + version_text(host.maximum)) +
                       (*version > host.maximum ? "; update the host" : "; rebuild the plugin"));
        }
    }

    void check_class() {
        const auto& classes = result_.note->classes;
        if (std::find(classes.begin(), classes.end(), manifest_.class_name) == classes.end()) {
            result_.errors.push_back({ErrorClass::invalid, "plugin.class_unknown",
                                      "class_name `" + manifest_.class_name +
                                          "` is not a class of " + path_ + ", which offers " +
                                          list_of(classes, 16) +
                                          config::did_you_mean(manifest_.class_name, classes),
                                      manifest_.class_name_location});
        }
    }

    const std::string& path_;
    const config::ConnectionManifest& manifest_;
    Preflight result_;
};

}  // namespace

AbiRange supported_abi() {
    return {PATCHBAY_ABI_MAJOR << 16U, PATCHBAY_ABI_VERSION};
}

Preflight preflight(const std::string& library_path, const config::ConnectionManifest& manifest,
                    const AbiRange& host) {
    return Check(library_path, manifest).run(host);
}

}  // namespace patchbay::plugins
