// SPDX-License-Identifier: Apache-2.0
// The keywords for arrays and objects.
#include "openapi/schema_translator.hpp"

#include <algorithm>

namespace patchbay::openapi {

void SchemaTranslator::translate_array(Work& work) {
    for (const char* name : {"minItems", "maxItems"}) {
        if (const auto number = count(work, name)) {
            work.draft7[name] = *number;
        }
    }
    if (const Node* unique = member(work, "uniqueItems", Node::Kind::boolean)) {
        work.rules.unique_items = unique->boolean();
        work.has_rules = work.has_rules || unique->boolean();
    }
    const Node* items = work.schema.find("items");
    const Node* first =
        dialect_ == Dialect::openapi_3_1 ? member(work, "prefixItems", Node::Kind::list) : nullptr;
    if (first != nullptr && !first->list().empty()) {
        Json schemas = Json::array();
        for (const Node& schema : first->list()) {
            schemas.push_back(translate(schema, work.position.within()));
        }
        work.draft7["items"] = std::move(schemas);
        if (items != nullptr) {
            work.draft7["additionalItems"] = items->is_boolean()
                                                 ? Json(items->boolean())
                                                 : translate(*items, work.position.within());
        }
    } else if (items != nullptr) {
        work.draft7["items"] = translate(*items, work.position.within());
    }
    if (dialect_ == Dialect::openapi_3_1) {
        translate_contains(work);
    }
}

void SchemaTranslator::translate_contains(Work& work) {
    const auto min = count(work, "minContains");
    const auto max = count(work, "maxContains");
    if (const Node* contains = work.schema.find("contains")) {
        work.rules.contains = SchemaRules::Contains{number_of(*contains), min.value_or(1), max};
        work.has_rules = true;
    }
}

void SchemaTranslator::translate_object(Work& work) {
    for (const char* name : {"minProperties", "maxProperties"}) {
        if (const auto number = count(work, name)) {
            work.draft7[name] = *number;
        }
    }
    if (const Node* properties = member(work, "properties", Node::Kind::map)) {
        work.draft7["properties"] = translate_map(*properties, work.position.within());
    }
    translate_required(work);
    translate_patterns(work);
    const Node* additional = work.schema.find("additionalProperties");
    if (additional != nullptr && !work.rules.pattern_properties.empty()) {
        work.rules.additional_properties = number_of(*additional);
    } else if (additional != nullptr) {
        work.draft7["additionalProperties"] = additional->is_boolean()
                                                  ? Json(additional->boolean())
                                                  : translate(*additional, work.position.within());
    }
    if (dialect_ == Dialect::openapi_3_1) {
        if (const Node* names = work.schema.find("propertyNames")) {
            work.rules.property_names = number_of(*names);
            work.has_rules = true;
        }
        translate_dependencies(work);
    }
}

void SchemaTranslator::translate_required(Work& work) {
    const Node* required = member(work, "required", Node::Kind::list);
    if (required == nullptr) {
        return;
    }
    Json names = Json::array();
    for (const Node& name : required->list()) {
        if (!name.is_text()) {
            problem(name, "`required` must be a list of texts");
        } else if (work.read_only.count(name.text()) == 0) {  // those are required in answers only
            names.push_back(name.text());
        }
    }
    work.draft7["required"] = std::move(names);
}

void SchemaTranslator::translate_patterns(Work& work) {
    const Node* patterns = dialect_ == Dialect::openapi_3_1
                               ? member(work, "patternProperties", Node::Kind::map)
                               : nullptr;
    if (patterns == nullptr) {
        return;
    }
    for (const Member& entry : patterns->map()) {
        auto pattern = Pattern::compile(entry.key);
        if (pattern) {
            work.rules.pattern_properties.push_back({std::move(*pattern), number_of(entry.value)});
        } else {
            problems_.add(entry.key_place, pattern.error().code, pattern.error().message);
        }
    }
    if (const Node* properties = work.schema.find("properties");
        properties != nullptr && properties->is_map()) {
        for (const Member& property : properties->map()) {
            work.rules.properties.push_back(property.key);
        }
        std::sort(work.rules.properties.begin(), work.rules.properties.end());
    }
    work.has_rules = true;
}

void SchemaTranslator::translate_dependencies(Work& work) {
    if (const Node* schemas = member(work, "dependentSchemas", Node::Kind::map)) {
        work.draft7["dependencies"] = translate_map(*schemas, work.position.beside(nullptr));
    }
    const Node* required = member(work, "dependentRequired", Node::Kind::map);
    if (required == nullptr) {
        return;
    }
    Json dependencies = Json::object();
    for (const Member& entry : required->map()) {
        const bool is_list_of_texts =
            entry.value.is_list() &&
            std::all_of(entry.value.list().begin(), entry.value.list().end(),
                        [](const Node& name) { return name.is_text(); });
        if (is_list_of_texts) {
            dependencies[entry.key] = to_json(entry.value);
        } else {
            problem(entry.value, "`dependentRequired` must name a list of texts");
        }
    }
    // One property may have dependencies of both kinds.
    add_to_all(work, {{"dependencies", std::move(dependencies)}});
}

SchemaTranslator::Json SchemaTranslator::translate_map(const Node& schemas,
                                                       const Position& position) {
    Json translated = Json::object();
    for (const Member& entry : schemas.map()) {
        translated[entry.key] = translate(entry.value, position);
    }
    return translated;
}

}  // namespace patchbay::openapi
