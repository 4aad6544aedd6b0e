// SPDX-License-Identifier: Apache-2.0
/// \file
/// `SchemaRules` as a constraint of valijson's, and the call of valijson that it shares with
/// `SchemaSet`. Only schema_set.cpp and rules_constraint.cpp include this.
#pragma once

#include "openapi/counted_adapter.hpp"
#include "openapi/schema_rules.hpp"

#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/subschema.hpp>
#include <valijson/validation_results.hpp>

#include <string>
#include <vector>

namespace patchbay::openapi {

/// The schemas of a set by their number.
using SubschemaTable = std::vector<const valijson::Subschema*>;

/// `context` is the path to the value. With `results` everything that is wrong is noted there;
/// without, the first mistake ends it. Throws `EffortExceeded`.
bool validate(const valijson::Subschema& schema, const CountedAdapter& value,
              const std::vector<std::string>& context, valijson::ValidationResults* results);

/// Validates values seen through `CountedAdapter`, and no others.
class RulesConstraint : public valijson::constraints::PolyConstraint {
  public:
    /// Both must outlive this object; the table may be filled after construction.
    RulesConstraint(const SchemaRules& rules, const SubschemaTable& table)
        : rules_(&rules), table_(&table) {}

    bool validate(const valijson::adapters::Adapter& target,
                  const std::vector<std::string>& context,
                  valijson::ValidationResults* results) const override;

  private:
    [[nodiscard]] Constraint* cloneInto(void* memory) const override {
        return new (memory) RulesConstraint(*this);
    }
    [[nodiscard]] std::size_t sizeOf() const override { return sizeof(RulesConstraint); }

    const SchemaRules* rules_;
    const SubschemaTable* table_;
};

/// Makes the constraint for the number that stands in the schema.
class RulesConstraintBuilder : public valijson::ConstraintBuilder {
  public:
    /// Both must outlive what is built.
    RulesConstraintBuilder(const std::vector<SchemaRules>& rules, const SubschemaTable& table)
        : rules_(rules), table_(table) {}

    [[nodiscard]] valijson::constraints::Constraint* make(
        const valijson::adapters::Adapter& number) const override;

  private:
    const std::vector<SchemaRules>& rules_;
    const SubschemaTable& table_;
};

}  // namespace patchbay::openapi
