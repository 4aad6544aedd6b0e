// SPDX-License-Identifier: Apache-2.0
#include "openapi/yaml_file.hpp"

#include "openapi/json_escapes.hpp"
#include "openapi/yaml_tree.hpp"

#include <patchbay/utf8.hpp>

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// yaml-cpp's words for the commonest mistakes do not say what to do.
std::string syntax_message(const std::string& reason) {
    static constexpr std::pair<std::string_view, std::string_view> advice[]{
        {"end of map not found",
         "this line does not continue the map above it; is its indentation right, and is there a "
         "`: ` after the key?"},
        {"end of sequence not found",
         "this line does not continue the list above it; is its indentation right, and does it "
         "begin with `- `?"},
        {"end of map flow not found", "`{` without its `}`, or a missing comma"},
        {"end of sequence flow not found", "`[` without its `]`, or a missing comma"},
        {"illegal map value", "`: ` may not stand here; text that contains it must be in quotes"},
    };
    for (const auto& [theirs, ours] : advice) {
        if (reason == theirs) {
            return std::string(ours);
        }
    }
    return "this is not YAML: " + reason;
}

/// Bytes of the UTF-8 sequence that `lead` begins.
std::size_t sequence_size(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// yaml-cpp replaces bad bytes silently. False when there is one.
bool check_characters(std::string_view text, Problems& problems) {
    std::uint32_t line = 1;
    for (std::string_view rest = text; !rest.empty(); ++line) {
        const std::string_view whole = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(whole.size() + 1, rest.size()));
        std::uint32_t column = 1;
        for (std::string_view left = whole; !left.empty(); ++column) {
            const std::string_view character = left.substr(0, sequence_size(left.front()));
            left.remove_prefix(character.size());
            const auto byte = static_cast<unsigned char>(character.front());
            const bool is_control = (byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F;
            if (is_control || (byte >= 0x80 && !is_utf8(character))) {
                problems.add({line, column}, "openapi.yaml",
                             is_control ? "a control character may not stand in this file"
                                        : "the text is not UTF-8 here");
                return false;
            }
        }
    }
    return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path, const Limits& limits) {
    const auto refuse = [&path](const std::string& reason) {
        return failure(ErrorClass::invalid, "openapi.file",
                       "The specification '" + path + "' " + reason + '.',
                       SourceLocation{path, 0, 0});
    };
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (error) {
        return refuse("cannot be read: " + error.message());
    }
    if (!std::filesystem::is_regular_file(status)) {
        return refuse("is not a file");
    }
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > limits.file_bytes) {
        return refuse(error ? "cannot be read: " + error.message()
                            : "is larger than " + std::to_string(limits.file_bytes) + " bytes");
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return refuse("cannot be read: " + std::generic_category().message(errno));
    }
    std::string text(size, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) {
        return refuse("cannot be read");
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::optional<Node> read_yaml(std::string_view text, const Limits& limits, Problems& problems) {
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    if (!check_characters(text, problems)) {
        return std::nullopt;
    }
    const JoinedEscapes joined = join_surrogates(text);
    YamlTree tree(joined, limits, problems);
    try {
        std::istringstream stream(joined.text);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(tree)) {
        }
    } catch (const YAML::Exception& exception) {
        problems.add(tree.place(exception.mark), "openapi.yaml", syntax_message(exception.msg));
        return std::nullopt;
    } catch (const FileBoundExceeded&) {
        return std::nullopt;
    }
    if (!tree.document) {
        problems.add({1, 1}, "openapi.yaml", "the file is empty");
    }
    return std::move(tree.document);
}

}  // namespace patchbay::openapi
