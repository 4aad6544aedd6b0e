// SPDX-License-Identifier: Apache-2.0
#include "plugins/config_lookup.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace patchbay::plugins {
namespace {

using Json = nlohmann::json;

/// What `path`, at least one key or index, leads to.
const Json* descend(const Json& node, std::string_view path) {
    if (node.is_array()) {
        const std::string_view part = path.substr(0, path.find('.'));
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
        if (error != std::errc{} || end != part.data() + part.size() || index >= node.size()) {
            return nullptr;
        }
        return part.size() == path.size() ? &node[index]
                                          : descend(node[index], path.substr(part.size() + 1));
    }
    if (!node.is_object()) {
        return nullptr;
    }
    for (std::size_t end = path.find('.');; end = path.find('.', end + 1)) {
        const auto member = node.find(std::string(path.substr(0, end)));
        const bool last = end == std::string_view::npos;
        if (member != node.end()) {
            const Json* found = last ? &*member : descend(*member, path.substr(end + 1));
            if (found != nullptr) {
                return found;
            }
        }
        if (last) {
            return nullptr;
        }
    }
}

const Json* find(const Json& root, std::string_view path) {
    return path.empty() ? &root : descend(root, path);
}

}  // namespace

struct ConfigLookup::Tree {
    Json root;
};

ConfigLookup::ConfigLookup(const std::string& json) {
    Json root = Json::parse(json, nullptr, false);
    tree_ =
        std::make_unique<const Tree>(Tree{root.is_discarded() ? Json::object() : std::move(root)});
}

ConfigLookup::~ConfigLookup() = default;

patchbay_status ConfigLookup::text(std::string_view path, std::string_view& value) const {
    const Json* found = find(tree_->root, path);
    if (found == nullptr || found->is_null()) {
        return PATCHBAY_UNSUPPORTED;
    }
    const auto* text = found->get_ptr<const std::string*>();
    if (text == nullptr) {
        return PATCHBAY_INVALID;
    }
    value = *text;
    return PATCHBAY_OK;
}

patchbay_status ConfigLookup::integer(std::string_view path, std::int64_t& value) const {
    const Json* found = find(tree_->root, path);
    if (found == nullptr || found->is_null()) {
        return PATCHBAY_UNSUPPORTED;
    }
    if (!found->is_number_integer() ||
        (found->is_number_unsigned() && found->get<std::uint64_t>() > std::uint64_t{INT64_MAX})) {
        return PATCHBAY_INVALID;
    }
    value = found->get<std::int64_t>();
    return PATCHBAY_OK;
}

patchbay_status ConfigLookup::number(std::string_view path, double& value) const {
    const Json* found = find(tree_->root, path);
    if (found == nullptr || found->is_null()) {
        return PATCHBAY_UNSUPPORTED;
    }
    if (!found->is_number()) {
        return PATCHBAY_INVALID;
    }
    value = found->get<double>();
    return PATCHBAY_OK;
}

patchbay_status ConfigLookup::boolean(std::string_view path, bool& value) const {
    const Json* found = find(tree_->root, path);
    if (found == nullptr || found->is_null()) {
        return PATCHBAY_UNSUPPORTED;
    }
    if (!found->is_boolean()) {
        return PATCHBAY_INVALID;
    }
    value = found->get<bool>();
    return PATCHBAY_OK;
}

patchbay_status ConfigLookup::size(std::string_view path, std::uint64_t& value) const {
    const Json* found = find(tree_->root, path);
    if (found == nullptr || found->is_null()) {
        return PATCHBAY_UNSUPPORTED;
    }
    if (!found->is_structured()) {
        return PATCHBAY_INVALID;
    }
    value = found->size();
    return PATCHBAY_OK;
}

}  // namespace patchbay::plugins
