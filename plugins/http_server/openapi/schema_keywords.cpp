// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_keywords.hpp"

#include "openapi/spelling.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace patchbay::openapi {
namespace {

enum class Treatment : std::uint8_t { known, unsupported };

enum Dialects : std::uint8_t { in_3_0 = 1, in_3_1 = 2, in_both = 3 };

struct Keyword {
    std::string_view name;
    std::uint8_t dialects;
    Treatment treatment = Treatment::known;
};

constexpr std::array keywords{
    // Constraints.
    Keyword{"$ref", in_both},
    Keyword{"additionalProperties", in_both},
    Keyword{"allOf", in_both},
    Keyword{"anyOf", in_both},
    Keyword{"const", in_3_1},
    Keyword{"contains", in_3_1},
    Keyword{"dependentRequired", in_3_1},
    Keyword{"dependentSchemas", in_3_1},
    Keyword{"else", in_3_1},
    Keyword{"enum", in_both},
    Keyword{"exclusiveMaximum", in_both},
    Keyword{"exclusiveMinimum", in_both},
    Keyword{"format", in_both},
    Keyword{"if", in_3_1},
    Keyword{"items", in_both},
    Keyword{"maxContains", in_3_1},
    Keyword{"maximum", in_both},
    Keyword{"maxItems", in_both},
    Keyword{"maxLength", in_both},
    Keyword{"maxProperties", in_both},
    Keyword{"minContains", in_3_1},
    Keyword{"minimum", in_both},
    Keyword{"minItems", in_both},
    Keyword{"minLength", in_both},
    Keyword{"minProperties", in_both},
    Keyword{"multipleOf", in_both},
    Keyword{"not", in_both},
    Keyword{"nullable", in_3_0},
    Keyword{"oneOf", in_both},
    Keyword{"pattern", in_both},
    Keyword{"patternProperties", in_3_1},
    Keyword{"prefixItems", in_3_1},
    Keyword{"properties", in_both},
    Keyword{"propertyNames", in_3_1},
    Keyword{"readOnly", in_both},
    Keyword{"required", in_both},
    Keyword{"then", in_3_1},
    Keyword{"type", in_both},
    Keyword{"uniqueItems", in_both},
    // Annotations: they say nothing about what is valid.
    Keyword{"$anchor", in_3_1},
    Keyword{"$comment", in_3_1},
    Keyword{"$defs", in_3_1},
    Keyword{"contentEncoding", in_3_1},
    Keyword{"contentMediaType", in_3_1},
    Keyword{"contentSchema", in_3_1},
    Keyword{"default", in_both},
    Keyword{"deprecated", in_both},
    Keyword{"description", in_both},
    Keyword{"discriminator", in_both},
    Keyword{"example", in_both},
    Keyword{"examples", in_3_1},
    Keyword{"externalDocs", in_both},
    Keyword{"title", in_both},
    Keyword{"writeOnly", in_both},
    Keyword{"xml", in_both},
    // What cannot be checked here.
    Keyword{"$dynamicAnchor", in_3_1, Treatment::unsupported},
    Keyword{"$dynamicRef", in_3_1, Treatment::unsupported},
    Keyword{"$id", in_3_1, Treatment::unsupported},
    Keyword{"$schema", in_3_1, Treatment::unsupported},
    Keyword{"$vocabulary", in_3_1, Treatment::unsupported},
    Keyword{"unevaluatedItems", in_3_1, Treatment::unsupported},
    Keyword{"unevaluatedProperties", in_3_1, Treatment::unsupported},
};

std::string unsupported_message(std::string_view name) {
    std::string message = '`' + std::string(name) + "` is not supported";
    if (name == "unevaluatedProperties") {
        message += "; `additionalProperties` is, in a schema that lists all its properties itself";
    } else if (name == "unevaluatedItems") {
        message += "; `items` beside `prefixItems` is";
    } else if (name == "$schema") {
        message += ": every schema is read as draft 2020-12";
    }
    return message;
}

std::string unknown_message(std::string_view name, Dialect dialect, const Keyword* elsewhere) {
    const std::uint8_t wanted = dialect == Dialect::openapi_3_0 ? in_3_0 : in_3_1;
    const std::string text = '`' + std::string(name) + '`';
    if (elsewhere != nullptr) {
        return wanted == in_3_0 ? text + " is a keyword of OpenAPI 3.1, and this is 3.0"
                                : text + " is a keyword of OpenAPI 3.0, and this is 3.1" +
                                      (name == "nullable" ? "; add \"null\" to `type`" : "");
    }
    std::vector<std::string_view> names;
    for (const Keyword& keyword : keywords) {
        if ((keyword.dialects & wanted) != 0) {
            names.push_back(keyword.name);
        }
    }
    return text + " is not a keyword of schemas" + did_you_mean(name, names) +
           "; those of your own begin with `x-`";
}

}  // namespace

void check_keywords(const Node& schema, Dialect dialect, Problems& problems) {
    const std::uint8_t wanted = dialect == Dialect::openapi_3_0 ? in_3_0 : in_3_1;
    for (const Member& member : schema.map()) {
        if (member.key.starts_with("x-")) {
            continue;
        }
        const auto* const found =
            std::find_if(keywords.begin(), keywords.end(),
                         [&member](const Keyword& keyword) { return keyword.name == member.key; });
        const Keyword* keyword = found == keywords.end() ? nullptr : &*found;
        if (keyword == nullptr || (keyword->dialects & wanted) == 0) {
            problems.add(member.key_place, "openapi.keyword",
                         unknown_message(member.key, dialect, keyword));
        } else if (keyword->treatment == Treatment::unsupported) {
            problems.add(member.key_place, "openapi.unsupported", unsupported_message(member.key));
        }
    }
}

}  // namespace patchbay::openapi
