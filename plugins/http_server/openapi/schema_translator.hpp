// SPDX-License-Identifier: Apache-2.0
/// \file
/// From the schemas of OpenAPI 3.0 and 3.1 to those that valijson compiles (draft 7) and to
/// `SchemaRules` for the rest. What a request has to do with is translated, and nothing else;
/// everything that is wrong there becomes a problem. Codes: `openapi.schema`, `openapi.keyword`,
/// `openapi.unsupported`, `openapi.pattern`, `openapi.depth`, and those of references.
#pragma once

#include "openapi/node.hpp"
#include "openapi/problems.hpp"
#include "openapi/reference.hpp"
#include "openapi/schema_graph.hpp"
#include "openapi/schema_keywords.hpp"
#include "openapi/schema_rules.hpp"
#include "openapi/schema_set.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace patchbay::openapi {

class SchemaTranslator {
  public:
    /// All must outlive this object.
    SchemaTranslator(Dialect dialect, References& references, Problems& problems)
        : dialect_(dialect), references_(references), problems_(problems) {}

    /// The number that `schema` will have in the set.
    [[nodiscard]] std::size_t number_of(const Node& schema);

    /// Translates all schemas that got a number and all that they refer to. The set is there when
    /// there are no problems at all.
    [[nodiscard]] std::optional<SchemaSet> finish();

  private:
    using Json = nlohmann::json;
    /// Where a schema stands within the one that has a number.
    struct Position {
        std::size_t schema = 0;
        bool on_the_spot = true;
        /// Schemas around it that apply to the same value.
        std::size_t levels = 0;
        /// All schemas around it.
        std::size_t depth = 0;
        /// Properties that the schemas around it, applied to the same value, call `readOnly`.
        const std::set<std::string>* read_only = nullptr;

        /// That of a schema for a part of the value.
        [[nodiscard]] Position within() const { return {schema, false, 0, depth + 1, nullptr}; }
        /// That of another schema for the same value.
        [[nodiscard]] Position beside(const std::set<std::string>* names) const {
            return {schema, on_the_spot, levels + 1, depth + 1, names};
        }
    };
    /// A schema and what has been made of it so far.
    struct Work {
        const Node& schema;
        Position position;
        Json draft7 = Json::object();
        SchemaRules rules{};
        bool has_rules = false;
        std::set<std::string> read_only{};
    };

    // schema_translator.cpp
    Json translate(const Node& schema, const Position& position);
    Json reference_to(const Node& schema, const Position& position);
    void translate_alternatives(Work& work);
    void translate_conditions(Work& work);
    void add_to_all(Work& work, Json schema) const;
    void collect_read_only(const Node& schema, std::set<std::string>& names, std::size_t depth);

    // schema_scalars.cpp
    void translate_type(Work& work);
    void translate_values(Work& work);
    void translate_bounds(Work& work);
    void translate_bound(Work& work, const char* name, const char* exclusive_name);
    void translate_texts(Work& work);

    // schema_containers.cpp
    void translate_array(Work& work);
    void translate_contains(Work& work);
    void translate_object(Work& work);
    void translate_required(Work& work);
    void translate_patterns(Work& work);
    void translate_dependencies(Work& work);
    Json translate_map(const Node& schemas, const Position& position);

    void problem(const Node& at, std::string message);
    /// The member when it is of that kind; a problem when it is of another.
    const Node* member(const Work& work, const char* name, Node::Kind kind);
    std::optional<std::uint64_t> count(const Work& work, const char* name);

    Dialect dialect_;
    References& references_;
    Problems& problems_;
    std::map<const Node*, std::size_t> numbers_;
    std::vector<const Node*> schemas_;
    SchemaGraph graph_;
    std::vector<SchemaRules> rules_;
};

}  // namespace patchbay::openapi
