// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_text.hpp"
#include "openapi/parameter_value.hpp"
#include "openapi/percent_coding.hpp"
#include "openapi/request_check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::openapi {

using nlohmann::json;

Verdict RequestCheck::bad_parameter(const Parameter& parameter, const std::string& reason) const {
    return violation(Violation::parameter, "The " + std::string(to_string(parameter.in)) +
                                               " parameter `" + parameter.name + "` " + reason +
                                               '.');
}

Verdict RequestCheck::check_parameters() {
    for (const auto check : {&RequestCheck::check_path_parameters, &RequestCheck::check_query,
                             &RequestCheck::check_headers, &RequestCheck::check_cookies}) {
        if (Verdict verdict = (this->*check)(); !verdict.is_valid()) {
            return verdict;
        }
    }
    return {};
}

Verdict RequestCheck::check_path_parameters() {
    for (std::size_t i = 0; i < match_.values.size(); ++i) {
        Verdict verdict = check_text(operation_->path_parameters.at(i), match_.values[i]);
        if (!verdict.is_valid()) {
            return verdict;
        }
    }
    return {};
}

Verdict RequestCheck::check_headers() {
    for (const Parameter& parameter : operation_->headers) {
        std::string value;
        if (header_value(parameter.name, value)) {
            if (Verdict verdict = check_text(parameter, value); !verdict.is_valid()) {
                return verdict;
            }
        } else if (parameter.required) {
            return bad_parameter(parameter, "is missing");
        }
    }
    return {};
}

Verdict RequestCheck::check_query() {
    if (operation_->query_parameters.empty()) {
        return {};
    }
    Pairs pairs;
    if (!split_query(query_, specification_.options.limits.pairs, pairs)) {
        return violation(Violation::parameter,
                         "The query has too many parameters or is not properly encoded.");
    }
    return check_pairs(operation_->query_parameters, pairs);
}

Verdict RequestCheck::check_cookies() {
    if (operation_->cookies.empty()) {
        return {};
    }
    Pairs pairs;
    for (const Header& header : request_.headers) {
        if (equals_ignoring_case(header.name, "Cookie") &&
            !split_cookies(header.value, specification_.options.limits.pairs, pairs)) {
            return violation(Violation::parameter, "There are too many cookies.");
        }
    }
    return check_pairs(operation_->cookies, pairs);
}

Verdict RequestCheck::check_pairs(const std::vector<Parameter>& parameters, const Pairs& pairs) {
    const auto is_claimed = [&parameters](std::string_view name) {
        return std::any_of(parameters.begin(), parameters.end(), [name](const Parameter& other) {
            return other.name == name && !is_spread_out(other);
        });
    };
    for (const Parameter& parameter : parameters) {
        effort_.spend(pairs.size());
        const auto given = std::find_if(
            pairs.begin(), pairs.end(),
            [&parameter](const NameValuePair& pair) { return pair.name == parameter.name; });
        if (given != pairs.end() && parameter.allow_empty && given->value.empty()) {
            continue;
        }
        if (parameter.is_json) {
            if (given == pairs.end() && !parameter.required) {
                continue;
            }
            Verdict verdict = given == pairs.end() ? bad_parameter(parameter, "is missing")
                                                   : check_json(parameter, given->value);
            if (!verdict.is_valid()) {
                return verdict;
            }
            continue;
        }
        const auto values = values_of_pairs(parameter, pairs, is_claimed);
        if (!values) {
            return bad_parameter(parameter, values.error().message);
        }
        if (!*values && parameter.required) {
            return bad_parameter(parameter, "is missing");
        }
        if (*values) {
            if (Verdict verdict = check_values(parameter, **values); !verdict.is_valid()) {
                return verdict;
            }
        }
    }
    return {};
}

Verdict RequestCheck::check_text(const Parameter& parameter, std::string_view text) {
    if (parameter.is_json) {
        return check_json(parameter, text);
    }
    const auto values = values_of_text(parameter, text);
    return values ? check_values(parameter, *values)
                  : bad_parameter(parameter, values.error().message);
}

Verdict RequestCheck::check_json(const Parameter& parameter, std::string_view text) {
    const bool is_encoded = parameter.in != ParameterPlace::header;
    const bool is_query = parameter.in == ParameterPlace::query;
    const auto decoded = is_encoded
                             ? percent_decoded(text, is_query ? Plus::is_space : Plus::is_itself)
                             : std::optional(std::string(text));
    if (!decoded) {
        return bad_parameter(parameter, "is not properly encoded");
    }
    auto value = parse_json(*decoded, specification_.options.limits.json_depth);
    if (!value) {
        return bad_parameter(parameter, "is wrong: " + value.error().message);
    }
    return check_values(parameter, {std::move(*value)});
}

Verdict RequestCheck::check_values(const Parameter& parameter, const std::vector<json>& values) {
    if (!parameter.schema) {
        return {};
    }
    const SchemaSet& schemas = *specification_.schemas;
    const bool fits = std::any_of(values.begin(), values.end(), [&](const json& value) {
        return schemas.is_valid(*parameter.schema, value, effort_);
    });
    return fits ? Verdict()
                : bad_parameter(parameter, "does not fit its schema: " +
                                               schemas.explain(*parameter.schema, values.front()));
}

}  // namespace patchbay::openapi
