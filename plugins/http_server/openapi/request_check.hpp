// SPDX-License-Identifier: Apache-2.0
/// \file
/// One request against one specification: the path, the server, the method, each parameter, the
/// body, in this order, until something is wrong.
#pragma once

#include "openapi/effort.hpp"
#include "openapi/name_value_pairs.hpp"
#include "openapi/operation.hpp"
#include "openapi/verdict.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

class RequestCheck {
  public:
    /// Both must outlive this object.
    RequestCheck(const CompiledSpecification& specification, const Request& request);

    [[nodiscard]] Verdict run();

  private:
    // request_check.cpp
    [[nodiscard]] Verdict find_operation();
    [[nodiscard]] bool is_served(const Servers& servers, const BasePath& base) const;
    [[nodiscard]] Verdict violation(Violation kind, std::string detail) const;

    // parameters_check.cpp
    [[nodiscard]] Verdict check_parameters();
    [[nodiscard]] Verdict check_path_parameters();
    [[nodiscard]] Verdict check_headers();
    [[nodiscard]] Verdict check_query();
    [[nodiscard]] Verdict check_cookies();
    [[nodiscard]] Verdict check_pairs(const std::vector<Parameter>& parameters, const Pairs& pairs);
    [[nodiscard]] Verdict check_text(const Parameter& parameter, std::string_view text);
    [[nodiscard]] Verdict check_json(const Parameter& parameter, std::string_view text);
    [[nodiscard]] Verdict check_values(const Parameter& parameter,
                                       const std::vector<nlohmann::json>& values);
    [[nodiscard]] Verdict bad_parameter(const Parameter& parameter,
                                        const std::string& reason) const;

    // body_check.cpp
    [[nodiscard]] Verdict check_body();
    [[nodiscard]] Verdict check_content(const BodyContent& content, ContentKind kind);
    [[nodiscard]] Verdict check_form(const BodyContent& content);
    [[nodiscard]] Verdict check_body_value(const BodyContent& content, const nlohmann::json& value);

    /// All lines of that name, joined as HTTP says; false when there is none.
    [[nodiscard]] bool header_value(std::string_view name, std::string& value) const;

    const CompiledSpecification& specification_;
    const Request& request_;
    std::string_view path_;
    std::string_view query_;
    Effort effort_;
    /// Owns the texts that `match_` views.
    std::optional<RequestPath> segments_;
    PathTree::Match match_;
    const Operation* operation_ = nullptr;
};

}  // namespace patchbay::openapi
