// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_reader.hpp"

#include "config/text_check.hpp"
#include "config/yaml_tree_builder.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

namespace patchbay::config {
namespace {

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
        {"illegal map value",
         "`: ` may not stand here; text that contains it must be put in quotes"},
        {"the referenced anchor is not defined", "no `&` anchor before this alias has its name"},
    };
    for (const auto& [theirs, ours] : advice) {
        if (reason == theirs) {
            return std::string(ours);
        }
    }
    return "this is not YAML: " + reason;
}

Error problem(std::string code, std::string message, SourceLocation location) {
    return Error{ErrorClass::invalid, std::move(code), std::move(message), std::move(location)};
}

}  // namespace

std::optional<std::vector<Value>> read_yaml_documents(std::string_view text,
                                                      const std::string& file, Problems& problems,
                                                      const YamlLimits& limits) {
    if (text.size() > limits.bytes) {
        problems.push_back(problem(
            "yaml.size", "the file is larger than " + std::to_string(limits.bytes) + " bytes",
            SourceLocation{file, 0, 0}));
        return std::nullopt;
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    Problems bad_text = check_text(text, file);
    if (!bad_text.empty()) {
        std::move(bad_text.begin(), bad_text.end(), std::back_inserter(problems));
        return std::nullopt;
    }
    TreeBuilder builder(text, file, limits);
    bool complete = false;
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        complete = true;
    } catch (const BoundExceeded&) {
        // The builder has noted it.
    } catch (const YAML::Exception& error) {
        builder.problem(error.mark, "yaml.syntax", syntax_message(error.msg));
    }
    std::move(builder.problems.begin(), builder.problems.end(), std::back_inserter(problems));
    return complete ? std::optional(std::move(builder.documents)) : std::nullopt;
}

Checked<std::vector<Value>> read_yaml_documents(std::string_view text, const std::string& file,
                                                const YamlLimits& limits) {
    Problems problems;
    auto documents = read_yaml_documents(text, file, problems, limits);
    if (!problems.empty()) {
        return tl::unexpected(std::move(problems));
    }
    return std::move(*documents);
}

std::optional<Value> read_yaml(std::string_view text, const std::string& file, Problems& problems,
                               const YamlLimits& limits) {
    auto documents = read_yaml_documents(text, file, problems, limits);
    if (!documents) {
        return std::nullopt;
    }
    if (documents->empty()) {
        Value nothing;
        nothing.set_location(SourceLocation{file, 1, 1});
        return nothing;
    }
    if (documents->size() > 1) {
        problems.push_back(problem("yaml.documents",
                                   "the file must hold one YAML document; a second one (after "
                                   "`---`) begins here",
                                   (*documents)[1].location()));
    }
    return std::move(documents->front());
}

Checked<Value> read_yaml(std::string_view text, const std::string& file, const YamlLimits& limits) {
    Problems problems;
    auto value = read_yaml(text, file, problems, limits);
    if (!problems.empty()) {
        return tl::unexpected(std::move(problems));
    }
    return std::move(*value);
}

Checked<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
    const auto fail = [&path](const std::string& reason) {
        return tl::unexpected(Problems{
            problem("file.read", "cannot read the file: " + reason, SourceLocation{path, 0, 0})});
    };
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(std::strerror(errno));
    }
    std::string text;
    std::array<char, 65'536> piece{};
    while (file && text.size() <= max_bytes) {
        file.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad()) {
        return fail(errno == EISDIR ? "it is a folder" : std::strerror(errno));
    }
    if (text.size() > max_bytes) {
        return fail("it is larger than " + std::to_string(max_bytes) + " bytes");
    }
    return text;
}

}  // namespace patchbay::config
