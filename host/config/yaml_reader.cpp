// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_reader.hpp"

#include "config/text_check.hpp"
#include "config/yaml_scalar.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

namespace patchbay::config {
namespace {

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

/// Leaves the parser when a bound is passed: going on could cost without bound.
struct BoundExceeded {};

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

/// Builds the trees from yaml-cpp's events and notes every problem on the way.
class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(std::string_view text, const std::string& file, const YamlLimits& limits)
        : text_(text), lines_(lines_of(text)), file_(file), limits_(limits) {}

    void OnDocumentStart(const YAML::Mark& /*mark*/) override { anchors_.clear(); }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(Value(), mark, anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            problem(mark, "yaml.alias", "an alias cannot stand inside the node that it repeats");
            add(Value(), mark, 0);
            return;
        }
        Value copy = found->second.value;
        count_nodes(found->second.nodes, mark);
        finish(std::move(copy), 0, found->second.nodes);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        if (expects_key()) {
            add_key(mark, text, tag == "?");
            return;
        }
        add(scalar(mark, tag, text), mark, anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        check_collection_tag(mark, tag, "seq");
        open(Value(Value::List{}), mark, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        check_collection_tag(mark, tag, "map");
        open(Value(Value::Map{}), mark, anchor);
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] SourceLocation place(const YAML::Mark& mark) const {
        if (mark.is_null()) {
            return SourceLocation{file_, 0, 0};
        }
        const auto line = static_cast<std::size_t>(mark.line);
        const auto column = static_cast<std::size_t>(mark.column);
        return SourceLocation{file_, static_cast<std::uint32_t>(line + 1),
                              line < lines_.size() ? column_of(lines_[line], column)
                                                   : static_cast<std::uint32_t>(column + 1)};
    }

    void problem(const YAML::Mark& mark, const char* code, std::string message) {
        problems.push_back(Error{ErrorClass::invalid, code, std::move(message), place(mark)});
    }

    std::vector<Value> documents;
    Problems problems;

  private:
    /// A map or list that is being read.
    struct Open {
        Value container;
        YAML::anchor_t anchor = 0;
        std::size_t nodes = 1;
        bool has_key = false;
        std::string key;
        SourceLocation key_place;
        /// Every key so far and its line; look-up must not cost the size of the map.
        std::map<std::string, std::uint32_t> keys;
        /// The value that comes next belongs to a key that was refused.
        bool discard = false;
    };
    struct Anchored {
        Value value;
        std::size_t nodes = 1;
    };

    [[nodiscard]] bool expects_key() const {
        return !open_.empty() && open_.back().container.is_map() && !open_.back().has_key;
    }

    void count_nodes(std::size_t nodes, const YAML::Mark& mark) {
        nodes_ += nodes;
        if (nodes_ > limits_.nodes) {
            problem(mark, "yaml.size",
                    "the file has more than " + std::to_string(limits_.nodes) +
                        " nodes, aliases counted as what they repeat");
            throw BoundExceeded();
        }
    }

    /// yaml-cpp takes the end of the file for the closing quote.
    [[nodiscard]] bool is_unclosed_quote(const YAML::Mark& mark) const {
        const auto line = static_cast<std::size_t>(mark.line);
        if (mark.is_null() || line >= lines_.size()) {
            return false;
        }
        std::string_view rest = text_.substr(
            static_cast<std::size_t>(lines_[line].data() - text_.data() + mark.column));
        while (!rest.empty() && (rest.front() == '&' || rest.front() == '!')) {
            const auto end = rest.find_first_of(" \t\r\n");
            rest = end == std::string_view::npos ? "" : rest.substr(end);
            rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
        }
        if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) {
            return false;
        }
        const char quote = rest.front();
        for (std::size_t at = 1; at < rest.size(); ++at) {
            if (rest[at] == '\\' && quote == '"') {
                ++at;
            } else if (rest[at] == quote) {
                if (quote == '"' || at + 1 == rest.size() || rest[at + 1] != quote) {
                    return false;
                }
                ++at;
            }
        }
        return true;
    }

    Value scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
        if (tag != "?" && is_unclosed_quote(mark)) {
            problem(mark, "yaml.syntax", "the quote that opens here is never closed");
        }
        if (tag == "!" || tag == std::string(core_tags) + "str") {
            return Value(text);
        }
        auto resolved = resolve_plain_scalar(text);
        if (!resolved) {
            problem(mark, "yaml.number", std::move(resolved.error().message));
            return Value(text);
        }
        if (tag == "?") {
            return *resolved;
        }
        const std::map<std::string_view, Value::Kind> kinds{{"int", Value::Kind::integer},
                                                            {"float", Value::Kind::floating},
                                                            {"bool", Value::Kind::boolean},
                                                            {"null", Value::Kind::null}};
        const bool is_core = tag.starts_with(core_tags);
        const auto kind =
            is_core ? kinds.find(std::string_view(tag).substr(core_tags.size())) : kinds.end();
        if (kind == kinds.end()) {
            problem(mark, "yaml.tag",
                    "the tag `" + tag + "` is not one of !!str, !!int, !!float, !!bool, !!null");
        } else if (kind->second == Value::Kind::floating && resolved->is_integer()) {
            return Value(resolved->number());
        } else if (kind->second != resolved->kind()) {
            problem(mark, "yaml.tag",
                    '`' + text + "` is not what the tag !!" + std::string(kind->first) + " says");
        }
        return *resolved;
    }

    void check_collection_tag(const YAML::Mark& mark, const std::string& tag,
                              const std::string& expected) {
        if (tag != "?" && tag != "!" && !tag.empty() && tag != std::string(core_tags) + expected) {
            problem(mark, "yaml.tag", "the tag `" + tag + "` is not known here");
        }
    }

    void add_key(const YAML::Mark& mark, const std::string& text, bool plain) {
        Open& map = open_.back();
        count_nodes(1, mark);
        map.has_key = true;
        map.key = text;
        map.key_place = place(mark);
        map.discard = false;
        if (plain && text == "<<") {
            problem(mark, "yaml.merge_key",
                    "merge keys (`<<`) are not supported; write the keys out");
            map.discard = true;
            return;
        }
        const auto [earlier, is_new] = map.keys.emplace(text, map.key_place.line);
        if (!is_new) {
            problem(mark, "yaml.duplicate_key",
                    "the key `" + text +
                        "` stands in this map a second time; the first is in line " +
                        std::to_string(earlier->second));
            map.discard = true;
        }
    }

    void open(Value container, const YAML::Mark& mark, YAML::anchor_t anchor) {
        count_nodes(1, mark);
        if (open_.size() >= limits_.depth) {
            problem(mark, "yaml.depth",
                    "the file nests deeper than " + std::to_string(limits_.depth) + " levels");
            throw BoundExceeded();
        }
        container.set_location(place(mark));
        Open opened;
        opened.container = std::move(container);
        opened.anchor = anchor;
        open_.push_back(std::move(opened));
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        finish(std::move(done.container), done.anchor, done.nodes);
    }

    void add(Value value, const YAML::Mark& mark, YAML::anchor_t anchor) {
        count_nodes(1, mark);
        // The mark of an empty value is that of the next token, which helps nobody.
        const bool after_key = value.is_null() && !open_.empty() && open_.back().has_key;
        value.set_location(after_key ? open_.back().key_place : place(mark));
        finish(std::move(value), anchor, 1);
    }

    /// A node is complete: it goes to where it belongs.
    void finish(Value value, YAML::anchor_t anchor, std::size_t nodes) {
        if (anchor != 0) {
            anchors_[anchor] = Anchored{value, nodes};
        }
        if (open_.empty()) {
            documents.push_back(std::move(value));
            return;
        }
        Open& parent = open_.back();
        parent.nodes += nodes;
        if (parent.container.is_list()) {
            parent.container.list().push_back(std::move(value));
        } else if (!parent.has_key) {
            problems.push_back(
                Error{ErrorClass::invalid, "yaml.key",
                      "a key must be text, not " + std::string(describe(value.kind())),
                      value.location()});
            parent.has_key = true;
            parent.discard = true;
        } else {
            if (!parent.discard) {
                parent.container.map().push_back(
                    Member{std::move(parent.key), std::move(value), std::move(parent.key_place)});
            }
            parent.has_key = false;
        }
    }

    std::string_view text_;
    std::vector<std::string_view> lines_;
    std::string file_;
    YamlLimits limits_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
};

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

Problems one_problem(std::string code, std::string message, SourceLocation location) {
    return {Error{ErrorClass::invalid, std::move(code), std::move(message), std::move(location)}};
}

}  // namespace

Checked<std::vector<Value>> read_yaml_documents(std::string_view text, const std::string& file,
                                                const YamlLimits& limits) {
    if (text.size() > limits.bytes) {
        return tl::unexpected(one_problem(
            "yaml.size", "the file is larger than " + std::to_string(limits.bytes) + " bytes",
            SourceLocation{file, 0, 0}));
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    Problems problems = check_text(text, file);
    if (!problems.empty()) {
        return tl::unexpected(std::move(problems));
    }
    TreeBuilder builder(text, file, limits);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const BoundExceeded&) {
        // The builder has noted it.
    } catch (const YAML::Exception& error) {
        builder.problem(error.mark, "yaml.syntax", syntax_message(error.msg));
    }
    if (!builder.problems.empty()) {
        return tl::unexpected(std::move(builder.problems));
    }
    return std::move(builder.documents);
}

Checked<Value> read_yaml(std::string_view text, const std::string& file, const YamlLimits& limits) {
    auto documents = read_yaml_documents(text, file, limits);
    if (!documents) {
        return tl::unexpected(std::move(documents.error()));
    }
    if (documents->size() > 1) {
        return tl::unexpected(one_problem("yaml.documents",
                                          "the file must hold one YAML document; a second one "
                                          "(after `---`) begins here",
                                          (*documents)[1].location()));
    }
    if (documents->empty()) {
        Value nothing;
        nothing.set_location(SourceLocation{file, 1, 1});
        return nothing;
    }
    return std::move(documents->front());
}

Checked<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
    const auto fail = [&path](const std::string& reason) {
        return tl::unexpected(one_problem("file.read", "cannot read the file: " + reason,
                                          SourceLocation{path, 0, 0}));
    };
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(std::strerror(errno));
    }
    std::string text(max_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) {
        return fail(errno == EISDIR ? "it is a folder" : std::strerror(errno));
    }
    const auto size = static_cast<std::size_t>(file.gcount());
    if (size > max_bytes) {
        return fail("it is larger than " + std::to_string(max_bytes) + " bytes");
    }
    text.resize(size);
    return text;
}

}  // namespace patchbay::config
