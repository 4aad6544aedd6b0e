// SPDX-License-Identifier: Apache-2.0
#include "openapi/value_shape.hpp"

#include <charconv>
#include <optional>

namespace patchbay::openapi {
namespace {

constexpr int max_depth = 12;

std::uint8_t type_named(std::string_view name) {
    return name == "null"      ? Types::null
           : name == "boolean" ? Types::boolean
           : name == "number"  ? Types::number
           : name == "integer" ? Types::number
           : name == "string"  ? Types::string
           : name == "array"   ? Types::array
           : name == "object"  ? Types::object
                               : Types::all;
}

std::uint8_t type_of(const Node& value) {
    switch (value.kind()) {
        case Node::Kind::null:
            return Types::null;
        case Node::Kind::boolean:
            return Types::boolean;
        case Node::Kind::integer:
        case Node::Kind::number:
            return Types::number;
        case Node::Kind::text:
            return Types::string;
        case Node::Kind::list:
            return Types::array;
        case Node::Kind::map:
            return Types::object;
    }
    return Types::all;
}

class ShapeReader {
  public:
    ShapeReader(Dialect dialect, References& references)
        : dialect_(dialect), references_(references) {}

    /// Narrows `shape` by what the schema says.
    void read(const Node& schema, ValueShape& shape, int depth) {
        if (!schema.is_map() || depth > max_depth) {
            return;
        }
        if (References::reference_of(schema) != nullptr) {
            if (const Node* target = references_.resolve(schema)) {
                read(*target, shape, depth + 1);
            }
            if (dialect_ == Dialect::openapi_3_0) {
                return;
            }
        }
        read_types(schema, shape);
        if (const Node* items = schema.find("items")) {
            ValueShape item;
            read(*items, item, depth + 1);
            shape.item_types = item.types;
        }
        read_properties(schema, shape, depth);
        if (const Node* all = schema.find("allOf"); all != nullptr && all->is_list()) {
            for (const Node& part : all->list()) {
                read(part, shape, depth + 1);
            }
        }
        for (const char* name : {"anyOf", "oneOf"}) {
            if (const Node* list = schema.find(name); list != nullptr && list->is_list()) {
                read_alternatives(*list, shape, depth);
            }
        }
    }

  private:
    void read_types(const Node& schema, ValueShape& shape) const {
        std::uint8_t types = Types::all;
        const Node* type = schema.find("type");
        if (type != nullptr && type->is_text()) {
            types = type_named(type->text());
        } else if (type != nullptr && type->is_list()) {
            types = 0;
            for (const Node& name : type->list()) {
                types |= name.is_text() ? type_named(name.text()) : Types::all;
            }
        } else if (const Node* values = schema.find("enum"); values && values->is_list()) {
            types = 0;
            for (const Node& value : values->list()) {
                types |= type_of(value);
            }
        } else if (const Node* value = schema.find("const")) {
            types = type_of(*value);
        } else if (schema.find("properties") != nullptr) {
            types = Types::object;
        } else if (schema.find("items") != nullptr) {
            types = Types::array;
        }
        if (type != nullptr && schema.is_true("nullable")) {
            types |= Types::null;
        }
        shape.types &= types;
    }

    void read_properties(const Node& schema, ValueShape& shape, int depth) {
        if (const Node* properties = schema.find("properties");
            properties != nullptr && properties->is_map()) {
            for (const Member& property : properties->map()) {
                read(property.value, shape.properties[property.key], depth + 1);
            }
        }
        if (const Node* others = schema.find("additionalProperties")) {
            ValueShape other;
            read(*others, other, depth + 1);
            shape.other_types = other.types;
            shape.judges_others = !others->is_boolean() || others->boolean();
        }
        shape.judges_others = shape.judges_others || schema.find("patternProperties") != nullptr;
    }

    void read_alternatives(const Node& list, ValueShape& shape, int depth) {
        std::uint8_t types = 0;
        for (const Node& part : list.list()) {
            ValueShape alternative;
            read(part, alternative, depth + 1);
            types |= alternative.types;
            if (alternative.is_array()) {
                shape.item_types = alternative.item_types;
            }
            shape.properties.merge(alternative.properties);
            shape.judges_others = shape.judges_others || alternative.judges_others;
        }
        shape.types &= types;
    }

    Dialect dialect_;
    References& references_;
};

/// Decimal digits as in JSON, but leading zeros are fine.
std::optional<nlohmann::json> number(std::string_view text) {
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || digits.front() < '0' || digits.front() > '9' || digits.back() == '.') {
        return std::nullopt;
    }
    const char* const end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [stop, error] = std::from_chars(text.data(), end, whole);
        error == std::errc() && stop == end) {
        return nlohmann::json(whole);
    }
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end ? std::optional(nlohmann::json(value))
                                               : std::nullopt;
}

}  // namespace

ValueShape shape_of(const Node& schema, Dialect dialect, References& references) {
    ValueShape shape;
    ShapeReader(dialect, references).read(schema, shape, 0);
    return shape;
}

std::vector<nlohmann::json> scalar_values(std::string_view text, std::uint8_t types) {
    std::vector<nlohmann::json> values;
    if ((types & Types::number) != 0) {
        if (auto value = number(text)) {
            values.push_back(std::move(*value));
        }
    }
    if ((types & Types::boolean) != 0 && (text == "true" || text == "false")) {
        values.emplace_back(text == "true");
    }
    if ((types & Types::null) != 0 && (text.empty() || text == "null")) {
        values.emplace_back(nullptr);
    }
    if ((types & Types::string) != 0 || values.empty()) {
        values.emplace_back(std::string(text));
    }
    return values;
}

nlohmann::json scalar_value(std::string_view text, std::uint8_t types) {
    return scalar_values(text, types).front();
}

}  // namespace patchbay::openapi
