// SPDX-License-Identifier: Apache-2.0
#include "openapi/rules_constraint.hpp"

#include <valijson/validation_visitor.hpp>

#include <algorithm>
#include <memory>
#include <regex>
#include <unordered_map>

namespace patchbay::openapi {
namespace {

using nlohmann::json;
using valijson::ValidationResults;

/// Checks one value against one set of rules.
class RuleCheck {
  public:
    RuleCheck(const SchemaRules& rules, const SubschemaTable& table, const CountedValue& value,
              const std::vector<std::string>& context, ValidationResults* results)
        : rules_(rules), table_(table), value_(value), context_(context), results_(results) {}

    [[nodiscard]] bool run() {
        const json& value = *value_.json;
        switch (value.type()) {
            case json::value_t::string:
                check_text(value.get_ref<const std::string&>());
                break;
            case json::value_t::number_integer:
            case json::value_t::number_unsigned:
            case json::value_t::number_float:
                check_number(value);
                break;
            case json::value_t::array:
                check_array(value);
                break;
            case json::value_t::object:
                check_object(value);
                break;
            default:
                break;
        }
        return valid_;
    }

  private:
    void fail(const std::string& reason) {
        valid_ = false;
        if (results_ != nullptr) {
            results_->pushError(context_, reason);
        }
    }

    /// The first mistake is enough when nobody wants to know of the others.
    [[nodiscard]] bool goes_on() const { return valid_ || results_ != nullptr; }

    void check_text(const std::string& text) {
        if (rules_.min_length || rules_.max_length) {
            value_.effort->spend(text.size() / 64);
            const std::uint64_t length = length_of(text);
            if (length < rules_.min_length.value_or(0)) {
                fail("expected at least " + std::to_string(*rules_.min_length) + " characters");
            }
            if (length > rules_.max_length.value_or(length)) {
                fail("expected at most " + std::to_string(*rules_.max_length) + " characters");
            }
        }
        if (goes_on() && rules_.format) {
            value_.effort->spend(text.size() / 64);
            if (!has_format(text, *rules_.format)) {
                fail("expected " + std::string(describe(*rules_.format)));
            }
        }
        if (goes_on() && rules_.pattern && !rules_.pattern->is_found_in(text, *value_.effort)) {
            fail("expected text that matches the pattern");
        }
    }

    void check_number(const json& value) {
        const auto number = value.get<double>();
        // Only the float may be rounded beyond the range of its type.
        const bool fits = value.type() == json::value_t::number_integer ||
                          (value.is_number_unsigned() &&
                           value.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
        if (rules_.format && !(fits && rules_.format == Format::int64) &&
            !has_format(number, *rules_.format)) {
            fail("expected " + std::string(describe(*rules_.format)));
        }
        if (rules_.multiple_of && !is_multiple(value, *rules_.multiple_of)) {
            fail("expected a multiple of " + json(*rules_.multiple_of).dump());
        }
    }

    /// Integers exactly.
    [[nodiscard]] static bool is_multiple(const json& value, double divisor) {
        constexpr double exact = 9007199254740992.0;  // up to here a double holds every integer
        if (!value.is_number_integer() || divisor != std::trunc(divisor) || divisor > exact) {
            return is_multiple_of(value.get<double>(), divisor);
        }
        const auto whole = static_cast<std::uint64_t>(divisor);
        return value.is_number_unsigned()
                   ? value.get<std::uint64_t>() % whole == 0
                   : value.get<std::int64_t>() % static_cast<std::int64_t>(whole) == 0;
    }

    void check_array(const json& array) {
        if (rules_.unique_items && !has_unique_items(array, *value_.effort)) {
            fail("expected items that are all different");
        }
        if (!goes_on() || !rules_.contains) {
            return;
        }
        const auto& [schema, min, max] = *rules_.contains;
        std::uint64_t found = 0;
        for (const json& item : array) {
            found += is_valid(schema, item) ? 1U : 0U;
            if (!max && found >= min) {
                break;
            }
        }
        if (found < min || found > max.value_or(found)) {
            fail("the number of items that fit `contains` is " + std::to_string(found) +
                 ", which is not within its bounds");
        }
    }

    void check_object(const json& object) {
        for (const auto& [name, value] : object.items()) {
            if (!goes_on()) {
                return;
            }
            if (rules_.property_names && !is_valid(*rules_.property_names, json(name))) {
                fail("the name [" + name + "] does not fit `propertyNames`");
            }
            if (!rules_.pattern_properties.empty()) {
                check_member(name, value);
            }
        }
    }

    void check_member(const std::string& name, const json& value) {
        bool matched = std::binary_search(rules_.properties.begin(), rules_.properties.end(), name);
        for (const auto& [pattern, schema] : rules_.pattern_properties) {
            if (pattern.is_found_in(name, *value_.effort)) {
                matched = true;
                validate_member(schema, name, value);
            }
        }
        if (!matched && rules_.additional_properties) {
            validate_member(*rules_.additional_properties, name, value);
        }
    }

    void validate_member(std::size_t schema, const std::string& name, const json& value) {
        std::vector<std::string> context = context_;
        context.push_back('[' + name + ']');
        if (!validate(*table_.at(schema), CountedAdapter(value_.child(value)), context, results_)) {
            fail("the property [" + name + "] does not fit its schema");
        }
    }

    [[nodiscard]] bool is_valid(std::size_t schema, const json& value) const {
        return validate(*table_.at(schema), CountedAdapter(value_.child(value)), context_, nullptr);
    }

    const SchemaRules& rules_;
    const SubschemaTable& table_;
    const CountedValue& value_;
    const std::vector<std::string>& context_;
    ValidationResults* results_;
    bool valid_ = true;
};

}  // namespace

bool validate(const valijson::Subschema& schema, const CountedAdapter& value,
              const std::vector<std::string>& context, ValidationResults* results) {
    // valijson keeps the expressions of `pattern` here. The translation leaves none to it.
    std::unordered_map<std::string, std::regex> expressions;
    constexpr bool strict_types = true;
    valijson::ValidationVisitor<CountedAdapter> visitor(value, context, strict_types, results,
                                                        expressions);
    return visitor.validateSchema(schema);
}

bool RulesConstraint::validate(const valijson::adapters::Adapter& target,
                               const std::vector<std::string>& context,
                               ValidationResults* results) const {
    const auto& value = dynamic_cast<const CountedAdapter&>(target).value();
    return RuleCheck(*rules_, *table_, value, context, results).run();
}

valijson::constraints::Constraint* RulesConstraintBuilder::make(
    const valijson::adapters::Adapter& number) const {
    const auto& rules = rules_.at(static_cast<std::size_t>(number.getInteger()));
    // valijson wants to own a raw pointer.
    return std::make_unique<RulesConstraint>(rules, table_).release();
}

}  // namespace patchbay::openapi
