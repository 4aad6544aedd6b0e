// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_tree_builder.hpp"

#include "config/text_check.hpp"
#include "config/yaml_scalar.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::config {
namespace {

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

}  // namespace

TreeBuilder::TreeBuilder(std::string_view text, const std::string& file, const YamlLimits& limits)
    : text_(text), lines_(lines_of(text)), file_(file), limits_(limits) {}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    add(Value(), mark, anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
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

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& text) {
    if (expects_key()) {
        add_key(mark, text, tag == "?");
        return;
    }
    add(scalar(mark, tag, text), mark, anchor);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
    check_collection_tag(mark, tag, "seq");
    open(Value(Value::List{}), mark, anchor);
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value /*style*/) {
    check_collection_tag(mark, tag, "map");
    open(Value(Value::Map{}), mark, anchor);
}

SourceLocation TreeBuilder::place(const YAML::Mark& mark) const {
    if (mark.is_null()) {
        return SourceLocation{file_, 0, 0};
    }
    const auto line = static_cast<std::size_t>(mark.line);
    const auto column = static_cast<std::size_t>(mark.column);
    return SourceLocation{file_, static_cast<std::uint32_t>(line + 1),
                          line < lines_.size() ? column_of(lines_[line], column)
                                               : static_cast<std::uint32_t>(column + 1)};
}

void TreeBuilder::problem(const YAML::Mark& mark, const char* code, std::string message) {
    problems.push_back(Error{ErrorClass::invalid, code, std::move(message), place(mark)});
}

bool TreeBuilder::expects_key() const {
    return !open_.empty() && open_.back().container.is_map() && !open_.back().has_key;
}

void TreeBuilder::count_nodes(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes) {
        problem(mark, "yaml.size",
                "the file has more than " + std::to_string(limits_.nodes) +
                    " nodes, aliases counted as what they repeat");
        throw BoundExceeded();
    }
}

bool TreeBuilder::is_unclosed_quote(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(mark.line);
    if (mark.is_null() || line >= lines_.size()) {
        return false;
    }
    std::string_view rest =
        text_.substr(static_cast<std::size_t>(lines_[line].data() - text_.data() + mark.column));
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

Value TreeBuilder::scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
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

void TreeBuilder::check_collection_tag(const YAML::Mark& mark, const std::string& tag,
                                       const std::string& expected) {
    if (tag != "?" && tag != "!" && !tag.empty() && tag != std::string(core_tags) + expected) {
        problem(mark, "yaml.tag", "the tag `" + tag + "` is not known here");
    }
}

void TreeBuilder::add_key(const YAML::Mark& mark, const std::string& text, bool plain) {
    Open& map = open_.back();
    count_nodes(1, mark);
    map.has_key = true;
    map.key = text;
    map.key_place = place(mark);
    map.discard = false;
    if (plain && text == "<<") {
        problem(mark, "yaml.merge_key", "merge keys (`<<`) are not supported; write the keys out");
        map.discard = true;
        return;
    }
    const auto [earlier, is_new] = map.keys.emplace(text, map.key_place.line);
    if (!is_new) {
        problem(mark, "yaml.duplicate_key",
                "the key `" + text + "` stands in this map a second time; the first is in line " +
                    std::to_string(earlier->second));
        map.discard = true;
    }
}

void TreeBuilder::open(Value container, const YAML::Mark& mark, YAML::anchor_t anchor) {
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

void TreeBuilder::close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.container), done.anchor, done.nodes);
}

void TreeBuilder::add(Value value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    count_nodes(1, mark);
    // The mark of an empty value is that of the next token, which helps nobody.
    const bool after_key = value.is_null() && !open_.empty() && open_.back().has_key;
    value.set_location(after_key ? open_.back().key_place : place(mark));
    finish(std::move(value), anchor, 1);
}

void TreeBuilder::finish(Value value, YAML::anchor_t anchor, std::size_t nodes) {
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
        problems.push_back(Error{ErrorClass::invalid, "yaml.key",
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

}  // namespace patchbay::config
