// SPDX-License-Identifier: Apache-2.0
// The keywords for types, values, numbers and texts.
#include "openapi/schema_translator.hpp"

#include <algorithm>
#include <array>

namespace patchbay::openapi {
namespace {

bool is_type(std::string_view name, Dialect dialect) {
    constexpr std::array<std::string_view, 6> types{"array",  "boolean", "integer",
                                                    "number", "object",  "string"};
    return std::find(types.begin(), types.end(), name) != types.end() ||
           (name == "null" && dialect == Dialect::openapi_3_1);
}

}  // namespace

void SchemaTranslator::translate_type(Work& work) {
    const Node* type = work.schema.find("type");
    const Node* nullable = member(work, "nullable", Node::Kind::boolean);
    if (type == nullptr) {
        return;  // `nullable` alone says nothing
    }
    Json names = Json::array();
    const auto add = [&](const Node& name) {
        if (!name.is_text() || !is_type(name.text(), dialect_)) {
            problem(name, name.is_text()
                              ? '`' + name.text() + "` is not a type of schemas"
                              : "`type` must be text" + std::string(dialect_ == Dialect::openapi_3_1
                                                                        ? " or a list of texts"
                                                                        : ""));
        } else {
            names.push_back(name.text());
        }
    };
    if (type->is_list() && dialect_ == Dialect::openapi_3_1) {
        if (type->list().empty()) {
            problem(*type, "`type` must not be empty");
        }
        std::for_each(type->list().begin(), type->list().end(), add);
    } else {
        add(*type);
    }
    if (nullable != nullptr && nullable->boolean() && dialect_ == Dialect::openapi_3_0) {
        names.push_back("null");
    }
    work.draft7["type"] = std::move(names);
}

void SchemaTranslator::translate_values(Work& work) {
    if (const Node* values = member(work, "enum", Node::Kind::list)) {
        if (values->list().empty()) {
            problem(*values, "`enum` must not be empty");
        }
        work.draft7["enum"] = to_json(*values);
    }
    if (const Node* value = work.schema.find("const");
        value != nullptr && dialect_ == Dialect::openapi_3_1) {
        work.draft7["const"] = to_json(*value);
    }
}

void SchemaTranslator::translate_bounds(Work& work) {
    translate_bound(work, "minimum", "exclusiveMinimum");
    translate_bound(work, "maximum", "exclusiveMaximum");
    const Node* divisor = work.schema.find("multipleOf");
    if (divisor != nullptr && (!divisor->is_number() || !(divisor->number() > 0))) {
        problem(*divisor, "`multipleOf` must be a number greater than 0");
    } else if (divisor != nullptr) {
        work.rules.multiple_of = divisor->number();
        work.has_rules = true;
    }
}

void SchemaTranslator::translate_bound(Work& work, const char* name, const char* exclusive_name) {
    const Node* bound = work.schema.find(name);
    const Node* exclusive = work.schema.find(exclusive_name);
    if (bound != nullptr && !bound->is_number()) {
        problem(*bound, '`' + std::string(name) + "` must be a number");
        return;
    }
    if (dialect_ == Dialect::openapi_3_0) {
        const Node* flag = member(work, exclusive_name, Node::Kind::boolean);
        const bool is_exclusive = flag != nullptr && flag->boolean();
        if (bound != nullptr) {
            work.draft7[is_exclusive ? exclusive_name : name] = to_json(*bound);
        } else if (is_exclusive) {
            problem(*flag, '`' + std::string(exclusive_name) + "` needs `" + name + "` beside it");
        }
        return;
    }
    if (bound != nullptr) {
        work.draft7[name] = to_json(*bound);
    }
    if (exclusive != nullptr && !exclusive->is_number()) {
        problem(*exclusive,
                '`' + std::string(exclusive_name) + "` must be a number in OpenAPI 3.1");
    } else if (exclusive != nullptr) {
        work.draft7[exclusive_name] = to_json(*exclusive);
    }
}

void SchemaTranslator::translate_texts(Work& work) {
    work.rules.min_length = count(work, "minLength");
    work.rules.max_length = count(work, "maxLength");
    if (const Node* expression = member(work, "pattern", Node::Kind::text)) {
        auto pattern = Pattern::compile(expression->text());
        if (pattern) {
            work.rules.pattern = std::move(*pattern);
        } else {
            problems_.add(expression->place(), pattern.error().code, pattern.error().message);
        }
    }
    if (const Node* format = member(work, "format", Node::Kind::text)) {
        work.rules.format = format_named(format->text());
    }
    work.has_rules = work.has_rules || work.rules.min_length || work.rules.max_length ||
                     work.rules.pattern || work.rules.format;
}

}  // namespace patchbay::openapi
