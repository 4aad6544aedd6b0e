// SPDX-License-Identifier: Apache-2.0
#include "openapi/reference.hpp"

#include "openapi/percent_coding.hpp"
#include "openapi/spelling.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace patchbay::openapi {
namespace {

/// One reference token of a JSON pointer, without its escapes (RFC 6901).
std::string unescape(std::string_view token) {
    std::string text;
    for (std::size_t at = 0; at < token.size(); ++at) {
        if (token[at] == '~' && at + 1 < token.size() &&
            (token[at + 1] == '0' || token[at + 1] == '1')) {
            text += token[++at] == '0' ? '~' : '/';
        } else {
            text += token[at];
        }
    }
    return text;
}

const Node* item_of(const Node& list, std::string_view token) {
    std::size_t index = 0;
    const char* const end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, index);
    const bool is_index = error == std::errc() && stop == end;
    return is_index && index < list.list().size() ? &list.list()[index] : nullptr;
}

std::string nearest_member(const Node& node, std::string_view name) {
    std::vector<std::string_view> names;
    if (node.is_map()) {
        std::transform(node.map().begin(), node.map().end(), std::back_inserter(names),
                       [](const Member& member) { return std::string_view(member.key); });
    }
    return did_you_mean(name, names);
}

bool is_within_file(std::string_view reference) {
    return reference.empty() || reference.front() == '#';
}

/// Keys whose values are data, and not part of the specification.
bool holds_data(std::string_view key) {
    return key == "example" || key == "examples" || key == "default" || key == "enum" ||
           key == "const" || key.starts_with("x-");
}

}  // namespace

const Node* References::find(std::string_view reference, std::string& reason) const {
    const auto pointer = percent_decoded(reference.substr(1));
    if (!pointer || (!pointer->empty() && pointer->front() != '/')) {
        reason = "is not a JSON pointer (`#/a/b`); anchors are not supported";
        return nullptr;
    }
    const Node* node = &root_;
    std::string_view rest = *pointer;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view token = rest.substr(0, rest.find('/'));
        rest.remove_prefix(token.size());
        const std::string name = unescape(token);
        const Node* next = node->is_list() ? item_of(*node, name) : node->find(name);
        if (next == nullptr) {
            reason = "leads nowhere: there is no `" + name + '`' + nearest_member(*node, name);
            return nullptr;
        }
        node = next;
    }
    return node;
}

const Node* References::target(std::string_view reference, Place place) {
    if (!is_within_file(reference)) {
        problems_.add(place, "openapi.external_reference",
                      "`$ref: " + std::string(reference) +
                          "` leads out of the file, which is not supported; copy what it refers to "
                          "into `components`");
        return nullptr;
    }
    std::string reason = "is empty";
    const Node* found = reference.empty() ? nullptr : find(reference, reason);
    if (found == nullptr) {
        problems_.add(place, "openapi.reference",
                      "`$ref: " + std::string(reference) + "` " + reason);
    }
    return found;
}

const std::string* References::reference_of(const Node& node) {
    const Node* reference = node.find("$ref");
    return reference != nullptr && reference->is_text() ? &reference->text() : nullptr;
}

const Node* References::resolve(const Node& node) {
    std::vector<const Node*> chain;
    const Node* current = &node;
    while (const std::string* reference = reference_of(*current)) {
        if (std::find(chain.begin(), chain.end(), current) != chain.end()) {
            std::string cycle;
            for (const Node* link : chain) {
                cycle += *reference_of(*link) + " -> ";
            }
            problems_.add(node.find("$ref")->place(), "openapi.reference",
                          "this reference returns to itself: " + cycle + *reference);
            return nullptr;
        }
        chain.push_back(current);
        current = target(*reference, current->find("$ref")->place());
        if (current == nullptr) {
            return nullptr;
        }
    }
    return current;
}

void References::check_all() {
    check(root_);
}

void References::check(const Node& node) {
    if (node.is_list()) {
        for (const Node& item : node.list()) {
            check(item);
        }
    }
    if (!node.is_map()) {
        return;
    }
    if (const std::string* reference = reference_of(node);
        reference != nullptr && is_within_file(*reference)) {
        static_cast<void>(target(*reference, node.find("$ref")->place()));
    }
    for (const Member& member : node.map()) {
        if (!holds_data(member.key)) {
            check(member.value);
        }
    }
}

}  // namespace patchbay::openapi
