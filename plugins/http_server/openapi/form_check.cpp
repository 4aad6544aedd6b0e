// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_text.hpp"
#include "openapi/parameter_value.hpp"
#include "openapi/percent_coding.hpp"
#include "openapi/request_check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

/// Is `name` in a form (part of) that field?
bool belongs_to(const Parameter& field, std::string_view name) {
    return name == field.name ||
           (field.style == Style::deep_object && name.starts_with(field.name + '[')) ||
           (is_spread_out(field) &&
            field.shape.properties.find(name) != field.shape.properties.end());
}

/// A field that the schema does not list; several of one name are an array.
void add_other(json& members, const std::string& name, json value) {
    json& member = members[name];
    if (member.is_null()) {
        member = std::move(value);
    } else if (member.is_array()) {
        member.push_back(std::move(value));
    } else {
        member = json::array({std::move(member), std::move(value)});
    }
}

Result<std::optional<json>> json_field(const Parameter& field, const Pairs& pairs,
                                       std::size_t max_depth) {
    const auto pair = std::find_if(pairs.begin(), pairs.end(), [&](const NameValuePair& candidate) {
        return candidate.name == field.name;
    });
    if (pair == pairs.end()) {
        return std::optional<json>();
    }
    const auto text = percent_decoded(pair->value, Plus::is_space);
    auto value = parse_json(text.value_or(""), max_depth);
    if (!value) {
        value.error().message = "is wrong: " + value.error().message;
        return tl::unexpected(std::move(value.error()));
    }
    return std::optional(std::move(*value));
}

}  // namespace

Verdict RequestCheck::check_form(const BodyContent& content) {
    const auto malformed = [this](const std::string& detail) {
        return violation(Violation::body_malformed, detail);
    };
    const Limits& limits = specification_.options.limits;
    Pairs pairs;
    if (!split_query(request_.body, limits.pairs, pairs)) {
        return malformed("The form has too many fields or is not properly encoded.");
    }
    json members = json::object();
    const auto is_listed = [&content](std::string_view name) {
        return content.shape.properties.find(name) != content.shape.properties.end();
    };
    for (const Parameter& field : content.fields) {
        effort_.spend(2 * pairs.size());
        std::optional<Error> error;
        if (field.is_json) {
            auto value = json_field(field, pairs, limits.json_depth);
            if (value && *value) {
                members[field.name] = std::move(**value);
            } else if (!value) {
                error = std::move(value.error());
            }
        } else {
            auto values = values_of_pairs(field, pairs, is_listed);
            if (values && *values) {
                members[field.name] = std::move((*values)->front());
            } else if (!values) {
                error = std::move(values.error());
            }
        }
        if (error) {
            return malformed("The form's field `" + field.name + "` " + error->message + '.');
        }
    }
    for (const NameValuePair& pair : pairs) {
        const bool is_field =
            std::any_of(content.fields.begin(), content.fields.end(),
                        [&pair](const Parameter& field) { return belongs_to(field, pair.name); });
        if (!is_field) {
            const auto text = percent_decoded(pair.value, Plus::is_space);
            if (!text) {
                return malformed("The form is not properly encoded.");
            }
            add_other(members, pair.name, scalar_value(*text, content.shape.other_types));
        }
    }
    return check_body_value(content, members);
}

}  // namespace patchbay::openapi
