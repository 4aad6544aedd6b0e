// SPDX-License-Identifier: Apache-2.0
#include "openapi/node.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace patchbay::openapi {

Node::Node() = default;
Node::Node(Data data, Place place) : data_(std::move(data)), place_(place) {}
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

double Node::number() const {
    return is_integer() ? static_cast<double>(integer()) : std::get<double>(data_);
}

const Node* Node::find(std::string_view key) const {
    if (is_map()) {
        for (const Member& member : map()) {
            if (member.key == key) {
                return &member.value;
            }
        }
    }
    return nullptr;
}

bool Node::is_true(std::string_view key) const {
    const Node* member = find(key);
    return member != nullptr && member->is_boolean() && member->boolean();
}

std::string_view describe(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::boolean:
            return "a boolean";
        case Node::Kind::integer:
            return "an integer";
        case Node::Kind::number:
            return "a number";
        case Node::Kind::text:
            return "text";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::map:
            return "a map";
    }
    return "a value";
}

nlohmann::json to_json(const Node& node) {
    switch (node.kind()) {
        case Node::Kind::null:
            return nullptr;
        case Node::Kind::boolean:
            return node.boolean();
        case Node::Kind::integer:
            return node.integer();
        case Node::Kind::number:
            return node.number();
        case Node::Kind::text:
            return node.text();
        case Node::Kind::list: {
            nlohmann::json list = nlohmann::json::array();
            for (const Node& item : node.list()) {
                list.push_back(to_json(item));
            }
            return list;
        }
        case Node::Kind::map: {
            nlohmann::json map = nlohmann::json::object();
            for (const Member& member : node.map()) {
                map[member.key] = to_json(member.value);
            }
            return map;
        }
    }
    return nullptr;
}

}  // namespace patchbay::openapi
