// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_translator.hpp"

#include <array>
#include <cstdio>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::size_t max_schemas = 100'000;
constexpr std::size_t max_read_only_depth = 16;

/// valijson compiles in the order of names.
std::string definition_name(std::size_t number) {
    std::array<char, 24> name{};
    std::snprintf(name.data(), name.size(), "%08zu", number);
    return name.data();
}

}  // namespace

void SchemaTranslator::problem(const Node& at, std::string message) {
    problems_.add(at.place(), "openapi.schema", std::move(message));
}

const Node* SchemaTranslator::member(const Work& work, const char* name, Node::Kind kind) {
    const Node* found = work.schema.find(name);
    if (found == nullptr || found->kind() == kind) {
        return found;
    }
    problem(*found, '`' + std::string(name) + "` must be " + std::string(describe(kind)) +
                        ", not " + std::string(describe(found->kind())));
    return nullptr;
}

std::optional<std::uint64_t> SchemaTranslator::count(const Work& work, const char* name) {
    const Node* found = work.schema.find(name);
    if (found == nullptr) {
        return std::nullopt;
    }
    if (!found->is_integer() || found->integer() < 0) {
        problem(*found, '`' + std::string(name) + "` must be an integer that is not negative");
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(found->integer());
}

std::size_t SchemaTranslator::number_of(const Node& schema) {
    const auto [entry, is_new] = numbers_.emplace(&schema, schemas_.size());
    if (is_new) {
        schemas_.push_back(&schema);
    }
    return entry->second;
}

std::optional<SchemaSet> SchemaTranslator::finish() {
    std::vector<Json> translated;
    for (std::size_t i = 0; i < schemas_.size(); ++i) {  // more are found on the way
        if (i == max_schemas) {
            problem(*schemas_[i],
                    "there are more than " + std::to_string(max_schemas) + " schemas");
            return std::nullopt;
        }
        Position position;
        position.schema = i;
        translated.push_back(translate(*schemas_[i], position));
    }
    graph_.check(schemas_.size(), problems_);
    if (!problems_.empty()) {
        return std::nullopt;
    }
    // References to what is compiled already do not nest, so that the stack is enough for any
    // number of schemas.
    const std::vector<std::size_t> order = graph_.dependencies_first(schemas_.size());
    Json document{{"definitions", Json::object()}, {"properties", Json::object()}};
    for (std::size_t i = 0; i < translated.size(); ++i) {
        document["definitions"][std::to_string(i)] = std::move(translated[i]);
    }
    Json& properties = document["properties"];
    for (std::size_t i = 0; i < order.size(); ++i) {
        properties[definition_name(i)] = {{"$ref", "#/definitions/" + std::to_string(order[i])}};
    }
    return SchemaSet(document, std::move(rules_), order);
}

SchemaTranslator::Json SchemaTranslator::translate(const Node& schema, const Position& position) {
    if (schema.is_boolean() && dialect_ == Dialect::openapi_3_1) {
        return schema.boolean() ? Json::object() : Json{{"not", Json::object()}};
    }
    if (!schema.is_map()) {
        problem(schema, "a schema must be a map, not " + std::string(describe(schema.kind())));
        return Json::object();
    }
    if (position.on_the_spot) {
        graph_.count_on_the_spot(position.schema);
    }
    Work work{schema, position};
    if (position.levels > max_levels) {
        problems_.add(schema.place(), "openapi.depth",
                      "more than " + std::to_string(max_levels) +
                          " schemas apply to one value through each other");
        return Json::object();
    }
    const bool is_reference = References::reference_of(schema) != nullptr;
    if (is_reference && (dialect_ == Dialect::openapi_3_0 || schema.map().size() == 1)) {
        return reference_to(schema, position);  // in 3.0 what stands beside it does not count
    }
    if (is_reference) {
        add_to_all(work, reference_to(schema, position.beside(nullptr)));
    }
    check_keywords(schema, dialect_, problems_);
    if (position.read_only != nullptr) {
        work.read_only = *position.read_only;
    }
    collect_read_only(schema, work.read_only, 0);
    translate_type(work);
    translate_values(work);
    translate_bounds(work);
    translate_texts(work);
    translate_array(work);
    translate_object(work);
    translate_alternatives(work);
    translate_conditions(work);
    if (work.has_rules) {
        work.draft7[std::string(rules_keyword)] = rules_.size();
        rules_.push_back(std::move(work.rules));
    }
    return work.draft7;
}

SchemaTranslator::Json SchemaTranslator::reference_to(const Node& schema,
                                                      const Position& position) {
    const Node& reference = *schema.find("$ref");
    const Node* target = references_.target(reference.text(), reference.place());
    if (target == nullptr) {
        return Json::object();
    }
    const std::size_t number = number_of(*target);
    graph_.add({position.schema, number, position.on_the_spot, position.levels, position.depth,
                reference.text(), reference.place()});
    return {{"$ref", "#/definitions/" + std::to_string(number)}};
}

void SchemaTranslator::add_to_all(Work& work, Json schema) const {
    Json& all = work.draft7["allOf"];
    if (!all.is_array()) {
        all = Json::array();
    }
    all.push_back(std::move(schema));
}

void SchemaTranslator::translate_alternatives(Work& work) {
    for (const char* name : {"allOf", "anyOf", "oneOf"}) {
        const Node* list = member(work, name, Node::Kind::list);
        if (list == nullptr) {
            continue;
        }
        if (list->list().empty()) {
            problem(*list, '`' + std::string(name) + "` must not be empty");
        }
        const bool is_all = std::string_view(name) == "allOf";
        Json schemas = Json::array();
        for (const Node& schema : list->list()) {
            Json translated =
                translate(schema, work.position.beside(is_all ? &work.read_only : nullptr));
            if (is_all) {
                add_to_all(work, std::move(translated));
            } else {
                schemas.push_back(std::move(translated));
            }
        }
        if (!is_all) {
            work.draft7[name] = std::move(schemas);
        }
    }
}

void SchemaTranslator::translate_conditions(Work& work) {
    const Position position = work.position.beside(nullptr);
    if (const Node* negated = work.schema.find("not")) {
        work.draft7["not"] = translate(*negated, position);
    }
    if (dialect_ == Dialect::openapi_3_0 || work.schema.find("if") == nullptr) {
        return;  // `then` and `else` alone say nothing
    }
    for (const char* name : {"if", "then", "else"}) {
        if (const Node* schema = work.schema.find(name)) {
            work.draft7[name] = translate(*schema, position);
        }
    }
}

void SchemaTranslator::collect_read_only(const Node& schema, std::set<std::string>& names,
                                         std::size_t depth) {
    const Node* resolved = depth > max_read_only_depth ? nullptr : references_.resolve(schema);
    if (resolved == nullptr || !resolved->is_map()) {
        return;
    }
    if (const Node* properties = resolved->find("properties");
        properties != nullptr && properties->is_map()) {
        for (const Member& property : properties->map()) {
            const Node* value = references_.resolve(property.value);
            if (property.value.is_true("readOnly") ||
                (value != nullptr && value->is_true("readOnly"))) {
                names.insert(property.key);
            }
        }
    }
    if (const Node* all = resolved->find("allOf"); all != nullptr && all->is_list()) {
        for (const Node& part : all->list()) {
            collect_read_only(part, names, depth + 1);
        }
    }
}

}  // namespace patchbay::openapi
