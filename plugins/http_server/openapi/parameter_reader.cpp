// SPDX-License-Identifier: Apache-2.0
#include "openapi/parameter_reader.hpp"

#include "openapi/percent_coding.hpp"

#include <patchbay/utf8.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

Views split_at(std::string_view text, std::string_view delimiter) {
    Views parts;
    for (std::size_t end = text.find(delimiter); end != std::string_view::npos;
         end = text.find(delimiter)) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + delimiter.size());
    }
    parts.push_back(text);
    return parts;
}

std::string_view trimmed_header(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

tl::unexpected<Error> badly_encoded() {
    return refuse_parameter("is not properly encoded");
}

}  // namespace

tl::unexpected<Error> refuse_parameter(std::string reason) {
    return failure(ErrorClass::invalid, "openapi.parameter", std::move(reason));
}

Views split(std::string_view text, const Delimiter& delimiter) {
    if (text.empty()) {
        return {};
    }
    for (const std::string_view spelling :
         {delimiter.bare, delimiter.encoded, delimiter.encoded_lower}) {
        if (text.find(spelling) != std::string_view::npos) {
            return split_at(text, spelling);
        }
    }
    return {text};
}

std::optional<std::string> ParameterReader::decoded(std::string_view raw) const {
    if (parameter_.in == ParameterPlace::header) {
        return is_utf8(raw) ? std::optional(std::string(trimmed_header(raw))) : std::nullopt;
    }
    const bool is_query = parameter_.in == ParameterPlace::query;
    return percent_decoded(raw, is_query ? Plus::is_space : Plus::is_itself);
}

Result<json> ParameterReader::array(const Views& items) const {
    json array = json::array();
    for (const std::string_view item : items) {
        const auto text = decoded(item);
        if (!text) {
            return badly_encoded();
        }
        array.push_back(scalar_value(*text, parameter_.shape.item_types));
    }
    return array;
}

Result<json> ParameterReader::object(const Views& names_and_values) const {
    json members = json::object();
    if (names_and_values.size() % 2 != 0) {
        return refuse_parameter("has a name without a value");
    }
    for (std::size_t i = 0; i < names_and_values.size(); i += 2) {
        const auto name = decoded(names_and_values[i]);
        if (!name) {
            return badly_encoded();
        }
        if (auto added = add_member(members, *name, names_and_values[i + 1]); !added) {
            return tl::unexpected(std::move(added.error()));
        }
    }
    return members;
}

Result<json> ParameterReader::object_of_pairs(const Views& parts) const {
    Views names_and_values;
    for (const std::string_view part : parts) {
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) {
            return refuse_parameter("has a name without a value");
        }
        names_and_values.push_back(part.substr(0, equals));
        names_and_values.push_back(part.substr(equals + 1));
    }
    return object(names_and_values);
}

Result<void> ParameterReader::add_member(json& members, const std::string& name,
                                         std::string_view raw_value) const {
    const auto value = decoded(raw_value);
    if (!value) {
        return badly_encoded();
    }
    const ValueShape& shape = parameter_.shape;
    const auto property = shape.properties.find(name);
    const bool known = property != shape.properties.end();
    json& member = members[name];
    if (known && property->second.is_array()) {
        member.push_back(scalar_value(*value, property->second.item_types));
        return {};
    }
    if (!member.is_null()) {
        return refuse_parameter("has the property `" + name + "` more than once");
    }
    member = scalar_value(*value, known ? property->second.types : shape.other_types);
    return {};
}

Result<void> ParameterReader::add_scalars(std::vector<json>& values, std::string_view raw) const {
    if (!parameter_.shape.allows(Types::scalars) && !values.empty()) {
        return {};
    }
    const auto text = decoded(raw);
    if (!text) {
        return badly_encoded();
    }
    auto scalars = scalar_values(*text, parameter_.shape.types);
    std::move(scalars.begin(), scalars.end(), std::back_inserter(values));
    return {};
}

}  // namespace patchbay::openapi
