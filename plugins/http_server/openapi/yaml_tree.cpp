// SPDX-License-Identifier: Apache-2.0
#include "openapi/yaml_tree.hpp"

#include "openapi/yaml_scalar.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::string_view core_tags = "tag:yaml.org,2002:";

std::vector<std::size_t> starts_of_lines(std::string_view text) {
    std::vector<std::size_t> starts{0};
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        starts.push_back(at + 1);
    }
    return starts;
}

std::string to_text(Place place) {
    return std::to_string(place.line) + ':' + std::to_string(place.column);
}

}  // namespace

YamlTree::YamlTree(const JoinedEscapes& text, const Limits& limits, Problems& problems)
    : text_(text), line_starts_(starts_of_lines(text.text)), limits_(limits), problems_(problems) {}

void YamlTree::OnDocumentStart(const YAML::Mark& mark) {
    anchors_.clear();
    if (++documents_ == 2) {
        problems_.add(place(mark), "openapi.yaml",
                      "a second document begins here; a specification is one document");
    }
}

void YamlTree::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    // The mark of an empty value is that of the next token, which helps nobody.
    const bool after_key = !open_.empty() && open_.back().has_key;
    add(Node({}, after_key ? open_.back().key_place : place(mark)), anchor);
}

void YamlTree::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
        problems_.add(place(mark), "openapi.yaml",
                      "an alias cannot stand inside the node that it repeats");
        add(Node({}, place(mark)), 0);
        return;
    }
    count_nodes(found->second.nodes, place(mark));
    finish(found->second.node, 0, found->second.nodes);
}

void YamlTree::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                        const std::string& value) {
    if (tag != "?" && is_unclosed_quote(mark)) {
        problems_.add(place(mark), "openapi.yaml", "the quote that opens here is never closed");
    }
    if (value.find('\0') != std::string::npos) {
        problems_.add(place(mark), "openapi.yaml", "this text holds a NUL character");
    }
    if (!open_.empty() && open_.back().container.is_map() && !open_.back().has_key) {
        add_key(mark, value, tag == "?");
    } else {
        add(scalar(place(mark), tag, value), anchor);
    }
}

void YamlTree::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                               YAML::anchor_t anchor, YAML::EmitterStyle::value /*style*/) {
    open(Node(Node::List{}, place(mark)), tag, "seq", anchor);
}

void YamlTree::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                          YAML::EmitterStyle::value /*style*/) {
    open(Node(Node::Map{}, place(mark)), tag, "map", anchor);
}

Place YamlTree::place(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(mark.line);
    if (mark.is_null() || line >= line_starts_.size()) {
        return {};
    }
    const std::size_t start = line_starts_[line];
    const std::size_t end =
        std::min(start + static_cast<std::size_t>(mark.column), text_.text.size());
    // Columns are characters: bytes that continue one do not count.
    const auto characters = std::count_if(
        text_.text.begin() + static_cast<std::ptrdiff_t>(start),
        text_.text.begin() + static_cast<std::ptrdiff_t>(end),
        [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; });
    return {static_cast<std::uint32_t>(line + 1),
            static_cast<std::uint32_t>(static_cast<std::size_t>(characters) + 1 +
                                       text_.shortened_between(start, end))};
}

void YamlTree::add_key(const YAML::Mark& mark, const std::string& key, bool plain) {
    Open& map = open_.back();
    map.has_key = true;
    map.key = key;
    map.key_place = place(mark);
    count_nodes(1, map.key_place);
    const auto [earlier, is_new] = map.keys.emplace(key, map.key_place);
    map.discard = !is_new;
    if (plain && key == "<<") {
        problems_.add(map.key_place, "openapi.yaml",
                      "merge keys (`<<`) are not supported; write the keys out");
        map.discard = true;
    } else if (!is_new) {
        problems_.add(map.key_place, "openapi.duplicate_key",
                      "the key `" + key + "` stands in this map a second time; the first is at " +
                          to_text(earlier->second));
    }
}

Node YamlTree::scalar(Place place, const std::string& tag, const std::string& text) {
    if (tag == "!" || tag == std::string(core_tags) + "str") {
        return Node(text, place);
    }
    auto resolved = resolve_plain_scalar(text);
    if (!resolved) {
        problems_.add(
            place, "openapi.yaml",
            '`' + text + "` is not a number that JSON has; put it in quotes if it is text");
        return Node(text, place);
    }
    Node node(std::move(*resolved), place);
    const bool fits = tag == "?" || (tag == std::string(core_tags) + "null" && node.is_null()) ||
                      (tag == std::string(core_tags) + "bool" && node.is_boolean()) ||
                      (tag == std::string(core_tags) + "int" && node.is_integer()) ||
                      (tag == std::string(core_tags) + "float" && node.is_number());
    if (!fits) {
        problems_.add(
            place, "openapi.yaml",
            '`' + text + "` is not what the tag `" + tag + "` says, or the tag is unknown");
    }
    return node;
}

bool YamlTree::is_unclosed_quote(const YAML::Mark& mark) const {
    const auto line = static_cast<std::size_t>(mark.line);
    if (mark.is_null() || line >= line_starts_.size()) {
        return false;
    }
    std::string_view rest =
        std::string_view(text_.text)
            .substr(std::min(line_starts_[line] + static_cast<std::size_t>(mark.column),
                             text_.text.size()));
    while (!rest.empty() && (rest.front() == '&' || rest.front() == '!')) {  // properties
        rest.remove_prefix(std::min(rest.find_first_of(" \t\r\n"), rest.size()));
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    }
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) {
        return false;
    }
    const char quote = rest.front();
    for (std::size_t at = 1; at < rest.size(); ++at) {
        if (quote == '"' && rest[at] == '\\') {
            ++at;
        } else if (rest[at] == quote) {
            const bool doubled = quote == '\'' && at + 1 < rest.size() && rest[at + 1] == quote;
            if (!doubled) {
                return false;
            }
            ++at;
        }
    }
    return true;
}

void YamlTree::open(Node container, const std::string& tag, std::string_view expected_tag,
                    YAML::anchor_t anchor) {
    const Place place = container.place();
    if (tag != "?" && tag != "!" && !tag.empty() &&
        tag != std::string(core_tags) + std::string(expected_tag)) {
        problems_.add(place, "openapi.yaml", "the tag `" + tag + "` is not known here");
    }
    count_nodes(1, place);
    if (open_.size() >= limits_.file_depth) {
        problems_.add(
            place, "openapi.yaml",
            "the file nests deeper than " + std::to_string(limits_.file_depth) + " levels");
        throw FileBoundExceeded();
    }
    Open opened;
    opened.container = std::move(container);
    opened.anchor = anchor;
    open_.push_back(std::move(opened));
}

void YamlTree::close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.container), done.anchor, done.nodes);
}

void YamlTree::add(Node node, YAML::anchor_t anchor) {
    count_nodes(1, node.place());
    finish(std::move(node), anchor, 1);
}

void YamlTree::count_nodes(std::size_t nodes, Place place) {
    nodes_ += nodes;
    if (nodes_ > limits_.file_nodes) {
        problems_.add(place, "openapi.yaml",
                      "the file has more than " + std::to_string(limits_.file_nodes) +
                          " nodes, aliases counted as what they repeat");
        throw FileBoundExceeded();
    }
}

void YamlTree::finish(Node node, YAML::anchor_t anchor, std::size_t nodes) {
    if (anchor != 0) {
        anchors_.insert_or_assign(anchor, Anchored{node, nodes});
    }
    if (open_.empty()) {
        if (!document) {
            document = std::move(node);
        }
        return;
    }
    Open& parent = open_.back();
    parent.nodes += nodes;
    if (parent.container.is_list()) {
        parent.container.list().push_back(std::move(node));
    } else if (!parent.has_key) {
        problems_.add(node.place(), "openapi.yaml",
                      "a key must be text, not " + std::string(describe(node.kind())));
        parent.has_key = true;
        parent.discard = true;
    } else {
        if (!parent.discard) {
            parent.container.map().push_back(
                Member{std::move(parent.key), std::move(node), parent.key_place});
        }
        parent.has_key = false;
    }
}

}  // namespace patchbay::openapi
