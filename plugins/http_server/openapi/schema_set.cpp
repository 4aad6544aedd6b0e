// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_set.hpp"

#include "openapi/rules_constraint.hpp"

#include <valijson/schema_parser.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::uint64_t effort_of_explanation = 100'000;
constexpr std::size_t max_reason = 300;

/// The subschemas of the document's `properties`, by their number.
SubschemaTable subschemas_of(const valijson::Schema& schema,
                             const std::vector<std::size_t>& numbers) {
    SubschemaTable table(numbers.size(), nullptr);
    std::size_t rank = 0;
    const auto take = [&](const auto& /*name*/, const valijson::Subschema* subschema) {
        table.at(numbers.at(rank++)) = subschema;
        return true;
    };
    valijson::Subschema::ApplyFunction look = [&](const auto& constraint) {
        using Properties = valijson::constraints::PropertiesConstraint;
        if (const auto* properties = dynamic_cast<const Properties*>(&constraint)) {
            properties->applyToProperties(take);
        }
        return true;
    };
    schema.apply(look);
    return table;
}

/// "<root>", "[items]", "[3]" become "at [items][3]: ".
std::string to_text(const valijson::ValidationResults::Error& error) {
    std::string place;
    for (std::size_t i = 1; i < error.context.size(); ++i) {
        place += error.context[i];
    }
    return place.empty() ? error.description : "at " + place + ": " + error.description;
}

/// Cut where a character ends.
void shorten(std::string& text) {
    if (text.size() > max_reason) {
        std::size_t end = max_reason;
        while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            --end;
        }
        text.resize(end);
        text += "...";
    }
}

}  // namespace

struct SchemaSet::Compiled {
    std::vector<SchemaRules> rules;
    SubschemaTable table;
    valijson::Schema schema;
};

SchemaSet::SchemaSet(const nlohmann::json& document, std::vector<SchemaRules> rules,
                     const std::vector<std::size_t>& numbers) {
    auto compiled = std::make_unique<Compiled>();
    compiled->rules = std::move(rules);
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    // The parser owns it from here on.
    parser.addConstraintBuilder(
        std::string(rules_keyword),
        std::make_unique<RulesConstraintBuilder>(compiled->rules, compiled->table).release());
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), compiled->schema);
    compiled->table = subschemas_of(compiled->schema, numbers);
    compiled_ = std::move(compiled);
}

SchemaSet::~SchemaSet() = default;
SchemaSet::SchemaSet(SchemaSet&&) noexcept = default;
SchemaSet& SchemaSet::operator=(SchemaSet&&) noexcept = default;

bool SchemaSet::is_valid(std::size_t schema, const nlohmann::json& value, Effort& effort) const {
    return validate(*compiled_->table.at(schema), CountedAdapter(CountedValue{&value, &effort}),
                    {"<root>"}, nullptr);
}

std::string SchemaSet::explain(std::size_t schema, const nlohmann::json& value) const {
    Effort effort(effort_of_explanation);
    valijson::ValidationResults results;
    try {
        validate(*compiled_->table.at(schema), CountedAdapter(CountedValue{&value, &effort}),
                 {"<root>"}, &results);
    } catch (const EffortExceeded&) {  // what was found until then will do
    }
    valijson::ValidationResults::Error first;
    std::string reason =
        results.popError(first) ? to_text(first) : "the value does not fit its schema";
    if (reason.ends_with('.')) {
        reason.pop_back();
    }
    shorten(reason);
    return reason;
}

}  // namespace patchbay::openapi
