// SPDX-License-Identifier: Apache-2.0
/// \file
/// All schemas of a specification, compiled once by valijson. They refer to each other by number.
#pragma once

#include "openapi/effort.hpp"
#include "openapi/schema_rules.hpp"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// The keyword under which a translated schema names the number of its `SchemaRules`.
inline constexpr std::string_view rules_keyword = "patchbay-rules";

class SchemaSet {
  public:
    /// `document` is a draft-7 schema of which each property is one schema, named so that the order
    /// of names is that of `numbers`, which says what number each has; `rules` are those that they
    /// name. Throws `std::runtime_error` when valijson refuses the document, which the translation
    /// rules out.
    SchemaSet(const nlohmann::json& document, std::vector<SchemaRules> rules,
              const std::vector<std::size_t>& numbers);
    ~SchemaSet();
    SchemaSet(SchemaSet&&) noexcept;
    SchemaSet& operator=(SchemaSet&&) noexcept;

    /// `[any-thread]`, reentrant. Throws `EffortExceeded`.
    [[nodiscard]] bool is_valid(std::size_t schema, const nlohmann::json& value,
                                Effort& effort) const;

    /// Why `value` is not valid, a fragment for people: "at [items][3]: ...". Bounded by effort of
    /// its own.
    [[nodiscard]] std::string explain(std::size_t schema, const nlohmann::json& value) const;

  private:
    struct Compiled;
    std::unique_ptr<const Compiled> compiled_;
};

}  // namespace patchbay::openapi
