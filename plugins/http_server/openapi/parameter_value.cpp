// SPDX-License-Identifier: Apache-2.0
#include "openapi/parameter_value.hpp"

#include "openapi/parameter_reader.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace patchbay::openapi {
namespace {

using nlohmann::json;
using Values = std::vector<json>;

/// The parts of a text and whether they have the form `name=value`.
struct Parts {
    Views parts;
    bool are_pairs = false;
};

/// The text of a path or header parameter behind what its style puts in front.
Result<std::string_view> without_prefix(const Parameter& parameter, std::string_view text) {
    if (parameter.style == Style::label) {
        if (!text.starts_with('.')) {
            return refuse_parameter("does not begin with `.`");
        }
        return text.substr(1);
    }
    if (parameter.style == Style::matrix) {
        if (!text.starts_with(';')) {
            return refuse_parameter("does not begin with `;`");
        }
        return text.substr(1);
    }
    return text;
}

/// `a;name=b;name=c` or `a,b,c` behind `;name=`: the values.
Result<Views> matrix_values(const Parameter& parameter, std::string_view text) {
    Views values = parameter.explode ? split(text, semicolon) : Views{text};
    if (values.empty()) {
        values.emplace_back();
    }
    const std::string prefix = parameter.name + '=';
    for (std::string_view& value : values) {
        if (value == parameter.name) {  // RFC 6570 leaves the `=` of an empty value out
            value = {};
        } else if (value.starts_with(prefix)) {
            value.remove_prefix(prefix.size());
        } else {
            return refuse_parameter("is not written `;" + prefix + "...`");
        }
    }
    return values;
}

Result<void> add_structured(const ParameterReader& reader, const Parameter& parameter,
                            const Views& items, const Parts& members, Values& values) {
    std::optional<Error> problem;
    const auto take = [&](Result<json> value) {
        if (value) {
            values.push_back(std::move(*value));
        } else {
            problem = std::move(value.error());
        }
    };
    if (parameter.shape.is_array()) {
        take(reader.array(items));
    }
    if (parameter.shape.is_object()) {
        take(members.are_pairs ? reader.object_of_pairs(members.parts)
                               : reader.object(members.parts));
    }
    if (problem && values.empty()) {
        return tl::unexpected(std::move(*problem));
    }
    return {};
}

/// The items within one text that is not exploded.
Views items_within(const Parameter& parameter, std::string_view text) {
    switch (parameter.style) {
        case Style::label: {
            // OpenAPI 3.0.0 to 3.0.3 show dots where RFC 6570 has commas.
            const Views by_comma = split(text, comma);
            return parameter.explode || by_comma.size() < 2 ? split(text, dot) : by_comma;
        }
        case Style::space_delimited:
            return split(text, space);
        case Style::pipe_delimited:
            return split(text, pipe);
        default:
            return split(text, comma);
    }
}

bool is_structured(const Parameter& parameter) {
    return parameter.shape.is_array() || parameter.shape.is_object();
}

}  // namespace

bool is_spread_out(const Parameter& parameter) {
    return parameter.style == Style::form && parameter.explode && parameter.shape.is_object() &&
           !parameter.is_json;
}

Result<Values> values_of_text(const Parameter& parameter, std::string_view text) {
    const ParameterReader reader(parameter);
    auto rest = without_prefix(parameter, text);
    if (!rest) {
        return tl::unexpected(std::move(rest.error()));
    }
    Values values;
    Views items;
    Parts members;
    std::string_view scalar = *rest;
    if (parameter.style == Style::matrix && parameter.explode && parameter.shape.is_object()) {
        members = {split(*rest, semicolon), true};
    } else if (parameter.style == Style::matrix) {
        auto given = matrix_values(parameter, *rest);
        if (!given) {
            return tl::unexpected(std::move(given.error()));
        }
        scalar = given->front();
        items = parameter.explode ? *given : split(scalar, comma);
        members = {items, false};
    } else if (is_structured(parameter)) {
        items = items_within(parameter, *rest);
        members = {items, parameter.explode};
    }
    if (auto added = add_structured(reader, parameter, items, members, values); !added) {
        return tl::unexpected(std::move(added.error()));
    }
    if (auto added = reader.add_scalars(values, scalar); !added) {
        return tl::unexpected(std::move(added.error()));
    }
    return values;
}

namespace {

/// `name[a]=1&name[b]=2`
Result<std::optional<Values>> deep_object(const Parameter& parameter,
                                          std::span<const NameValuePair> pairs) {
    const ParameterReader reader(parameter);
    json members = json::object();
    bool found = false;
    for (const NameValuePair& pair : pairs) {
        std::string_view name = pair.name;
        if (!name.starts_with(parameter.name) || !name.ends_with(']') ||
            name.size() < parameter.name.size() + 2 || name[parameter.name.size()] != '[') {
            continue;
        }
        name.remove_prefix(parameter.name.size() + 1);
        name.remove_suffix(1);
        found = true;
        if (auto added = reader.add_member(members, std::string(name), pair.value); !added) {
            return tl::unexpected(std::move(added.error()));
        }
    }
    return found ? std::optional(Values{std::move(members)}) : std::nullopt;
}

/// `a=1&b=2`, where a and b are properties.
Result<std::optional<Values>> spread_object(
    const Parameter& parameter, std::span<const NameValuePair> pairs,
    const std::function<bool(std::string_view)>& is_claimed) {
    const ParameterReader reader(parameter);
    json members = json::object();
    bool found = false;
    for (const NameValuePair& pair : pairs) {
        const bool listed =
            parameter.shape.properties.find(pair.name) != parameter.shape.properties.end();
        if (!listed && (!parameter.shape.judges_others || is_claimed(pair.name))) {
            continue;
        }
        found = true;
        if (auto added = reader.add_member(members, pair.name, pair.value); !added) {
            return tl::unexpected(std::move(added.error()));
        }
    }
    return found ? std::optional(Values{std::move(members)}) : std::nullopt;
}

}  // namespace

Result<std::optional<Values>> values_of_pairs(
    const Parameter& parameter, std::span<const NameValuePair> pairs,
    const std::function<bool(std::string_view)>& is_claimed) {
    if (parameter.style == Style::deep_object) {
        return deep_object(parameter, pairs);
    }
    if (is_spread_out(parameter)) {
        auto spread = spread_object(parameter, pairs, is_claimed);
        if (!spread || *spread || (parameter.shape.types & ~Types::object) == 0) {
            return spread;
        }
    }
    Views given;
    for (const NameValuePair& pair : pairs) {
        if (pair.name == parameter.name) {
            given.push_back(pair.value);
        }
    }
    if (given.empty()) {
        return std::optional<Values>();
    }
    if (given.size() > 1 && !(parameter.explode && parameter.shape.is_array())) {
        return refuse_parameter("is given more than once");
    }
    const ParameterReader reader(parameter);
    Values values;
    const Views items = parameter.explode ? given : items_within(parameter, given.front());
    const Parts members{parameter.explode ? Views() : items, false};
    if (is_structured(parameter)) {
        if (auto added = add_structured(reader, parameter, items, members, values); !added) {
            return tl::unexpected(std::move(added.error()));
        }
    }
    if (given.size() == 1) {
        if (auto added = reader.add_scalars(values, given.front()); !added) {
            return tl::unexpected(std::move(added.error()));
        }
    }
    return std::optional(std::move(values));
}

}  // namespace patchbay::openapi
