// SPDX-License-Identifier: Apache-2.0
#include "openapi/parameter_compiler.hpp"

#include "openapi/fields.hpp"
#include "openapi/media_type.hpp"
#include "openapi/operation.hpp"
#include "openapi/spelling.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::array<std::string_view, 13> parameter_fields{
    "name",   "in",      "description",   "required", "deprecated", "allowEmptyValue",
    "style",  "explode", "allowReserved", "schema",   "example",    "examples",
    "content"};

constexpr std::array<std::pair<std::string_view, Style>, 7> styles{{
    {"simple", Style::simple},
    {"label", Style::label},
    {"matrix", Style::matrix},
    {"form", Style::form},
    {"spaceDelimited", Style::space_delimited},
    {"pipeDelimited", Style::pipe_delimited},
    {"deepObject", Style::deep_object},
}};

constexpr std::array<std::pair<std::string_view, ParameterPlace>, 4> places{{
    {"path", ParameterPlace::path},
    {"query", ParameterPlace::query},
    {"header", ParameterPlace::header},
    {"cookie", ParameterPlace::cookie},
}};

bool may_have(ParameterPlace place, Style style) {
    switch (place) {
        case ParameterPlace::path:
            return style == Style::simple || style == Style::label || style == Style::matrix;
        case ParameterPlace::query:
            return style == Style::form || style == Style::space_delimited ||
                   style == Style::pipe_delimited || style == Style::deep_object;
        case ParameterPlace::header:
            return style == Style::simple;
        case ParameterPlace::cookie:
            return style == Style::form;
    }
    return false;
}

bool is_same(const Parameter& left, const Parameter& right) {
    return left.in == right.in &&
           (left.in == ParameterPlace::header ? equals_ignoring_case(left.name, right.name)
                                              : left.name == right.name);
}

/// OpenAPI describes these elsewhere.
bool is_ignored(const Parameter& parameter) {
    return parameter.in == ParameterPlace::header &&
           (equals_ignoring_case(parameter.name, "Accept") ||
            equals_ignoring_case(parameter.name, "Content-Type") ||
            equals_ignoring_case(parameter.name, "Authorization"));
}

class ParameterCompiler {
  public:
    ParameterCompiler(const Node& node, const CompileContext& context)
        : context_(context), fields_(node, "a parameter", context.problems) {}

    [[nodiscard]] std::optional<Parameter> compile() {
        fields_.allow_only(parameter_fields);
        const Node* name = fields_.required("name", Node::Kind::text);
        const Node* in = fields_.required("in", Node::Kind::text);
        if (name == nullptr || in == nullptr) {
            return std::nullopt;
        }
        const auto* const place =
            std::find_if(places.begin(), places.end(),
                         [in](const auto& entry) { return entry.first == in->text(); });
        if (place == places.end()) {
            problem(*in, "a parameter is in `path`, `query`, `header` or `cookie`, not in `" +
                             in->text() + '`');
            return std::nullopt;
        }
        parameter_.name = name->text();
        parameter_.in = place->second;
        parameter_.required = fields_.is_true("required");
        if (parameter_.in == ParameterPlace::path && !parameter_.required) {
            problem(*name, "the path parameter `" + name->text() + "` must be `required: true`");
        }
        parameter_.allow_empty =
            fields_.is_true("allowEmptyValue") && parameter_.in == ParameterPlace::query;
        compile_style();
        compile_value();
        return std::move(parameter_);
    }

  private:
    void problem(const Node& at, std::string message) {
        context_.problems.add(at.place(), "openapi.parameter", std::move(message));
    }

    void compile_style() {
        const bool is_form =
            parameter_.in == ParameterPlace::query || parameter_.in == ParameterPlace::cookie;
        parameter_.style = is_form ? Style::form : Style::simple;
        if (const Node* style = fields_.optional("style", Node::Kind::text)) {
            const auto known = style_named(style->text());
            if (!known || !may_have(parameter_.in, *known)) {
                problem(*style, "a parameter in `" + std::string(to_string(parameter_.in)) +
                                    "` cannot have the style `" + style->text() + '`');
            } else {
                parameter_.style = *known;
            }
        }
        parameter_.explode = parameter_.style == Style::form;
        if (const Node* explode = fields_.optional("explode", Node::Kind::boolean)) {
            parameter_.explode = explode->boolean();
        }
    }

    void compile_value() {
        const Node* schema = fields_.node().find("schema");
        const Node* content = fields_.optional("content", Node::Kind::map);
        if ((schema == nullptr) == (content == nullptr)) {
            problem(fields_.node(), "the parameter `" + parameter_.name +
                                        "` must have either `schema` or `content`");
        } else if (schema != nullptr) {
            parameter_.schema = context_.schemas.number_of(*schema);
            parameter_.shape = shape_of(*schema, context_.dialect, context_.references);
            check_style(parameter_, schema->place(), context_.problems);
        } else if (content->map().size() != 1) {
            problem(*content, "`content` of a parameter must have exactly one media type");
        } else {
            compile_content(content->map().front());
        }
    }

    void compile_content(const Member& content) {
        const auto type = MediaType::parse(content.key);
        const Node* schema = content.value.find("schema");
        if (!type) {
            context_.problems.add(content.key_place, "openapi.parameter",
                                  '`' + content.key + "` is not a media type");
        } else if (schema != nullptr && type->kind() == ContentKind::json) {
            parameter_.is_json = true;
            parameter_.schema = context_.schemas.number_of(*schema);
        } else if (schema != nullptr && type->kind() == ContentKind::text) {
            parameter_.schema = context_.schemas.number_of(*schema);
            parameter_.shape.types = Types::string;
        } else if (type->kind() == ContentKind::json) {
            parameter_.is_json = true;
        } else if (schema != nullptr) {
            context_.problems.add(content.key_place, "openapi.unsupported",
                                  "parameters of the media type `" + content.key +
                                      "` cannot be checked against a schema");
        }
    }

    const CompileContext& context_;
    Fields fields_;
    Parameter parameter_;
};

}  // namespace

std::optional<Style> style_named(std::string_view name) {
    for (const auto& [known, style] : styles) {
        if (known == name) {
            return style;
        }
    }
    return std::nullopt;
}

void check_style(const Parameter& parameter, Place place, Problems& problems) {
    const ValueShape& shape = parameter.shape;
    const auto refuse = [&](const char* reason) {
        problems.add(place, "openapi.unsupported",
                     "the parameter `" + parameter.name + "` " + reason +
                         ", for which OpenAPI defines no style; use `content`");
    };
    if (parameter.style == Style::deep_object && !shape.is_object()) {
        problems.add(place, "openapi.parameter",
                     "the parameter `" + parameter.name +
                         "` has the style `deepObject` and must be an object");
    } else if (shape.is_array() && (shape.item_types & Types::scalars) == 0) {
        refuse("has items that are arrays or objects");
    } else if (shape.is_object()) {
        const bool has_nested =
            std::any_of(shape.properties.begin(), shape.properties.end(), [](const auto& property) {
                return property.second.types != 0 &&
                       (property.second.types & (Types::scalars | Types::array)) == 0;
            });
        if (has_nested) {
            refuse("has properties that are objects");
        }
    }
}

std::vector<PlacedParameter> compile_parameters(const Node* list, const CompileContext& context) {
    std::vector<PlacedParameter> parameters;
    if (list == nullptr) {
        return parameters;
    }
    for (const Node& entry : list->list()) {
        const Node* node = context.references.resolve(entry);
        auto parameter =
            node == nullptr ? std::nullopt : ParameterCompiler(*node, context).compile();
        if (!parameter || is_ignored(*parameter)) {
            continue;
        }
        if (std::any_of(parameters.begin(), parameters.end(), [&](const PlacedParameter& other) {
                return is_same(other.parameter, *parameter);
            })) {
            context.problems.add(entry.place(), "openapi.parameter",
                                 "the parameter `" + parameter->name + "` in `" +
                                     std::string(to_string(parameter->in)) +
                                     "` stands in this list a second time");
            continue;
        }
        parameters.push_back({std::move(*parameter), entry.place()});
    }
    return parameters;
}

std::vector<PlacedParameter> overridden(std::vector<PlacedParameter> common,
                                        const std::vector<PlacedParameter>& own) {
    for (const PlacedParameter& parameter : own) {
        const auto same =
            std::find_if(common.begin(), common.end(), [&](const PlacedParameter& other) {
                return is_same(other.parameter, parameter.parameter);
            });
        if (same == common.end()) {
            common.push_back(parameter);
        } else {
            *same = parameter;
        }
    }
    return common;
}

}  // namespace patchbay::openapi
