// SPDX-License-Identifier: Apache-2.0
#include "openapi/fields.hpp"

#include "openapi/spelling.hpp"

#include <algorithm>
#include <string>

namespace patchbay::openapi {

Fields::Fields(const Node& node, std::string_view what, Problems& problems)
    : node_(node), what_(what), problems_(problems) {
    if (!node.is_map()) {
        problems_.add(
            node.place(), "openapi.structure",
            std::string(what) + " must be a map, not " + std::string(describe(node.kind())));
    }
}

void Fields::allow_only(std::span<const std::string_view> names) const {
    if (!node_.is_map()) {
        return;
    }
    for (const Member& member : node_.map()) {
        if (!member.key.starts_with("x-") &&
            std::find(names.begin(), names.end(), member.key) == names.end()) {
            problems_.add(member.key_place, "openapi.structure",
                          std::string(what_) + " has no field `" + member.key + '`' +
                              did_you_mean(member.key, names));
        }
    }
}

const Node* Fields::optional(std::string_view name, Node::Kind kind) const {
    const Node* field = node_.find(name);
    if (field == nullptr || field->kind() == kind) {
        return field;
    }
    problems_.add(field->place(), "openapi.structure",
                  "the field `" + std::string(name) + "` of " + std::string(what_) + " must be " +
                      std::string(describe(kind)) + ", not " +
                      std::string(describe(field->kind())));
    return nullptr;
}

const Node* Fields::required(std::string_view name, Node::Kind kind) const {
    if (node_.is_map() && node_.find(name) == nullptr) {
        problems_.add(node_.place(), "openapi.structure",
                      std::string(what_) + " must have the field `" + std::string(name) + '`');
    }
    return optional(name, kind);
}

bool Fields::is_true(std::string_view name) const {
    const Node* field = optional(name, Node::Kind::boolean);
    return field != nullptr && field->boolean();
}

}  // namespace patchbay::openapi
