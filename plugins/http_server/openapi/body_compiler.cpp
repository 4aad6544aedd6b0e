// SPDX-License-Identifier: Apache-2.0
#include "openapi/body_compiler.hpp"

#include "openapi/fields.hpp"
#include "openapi/parameter_compiler.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::array<std::string_view, 3> body_fields{"description", "content", "required"};
constexpr std::array<std::string_view, 4> media_type_fields{"schema", "example", "examples",
                                                            "encoding"};
constexpr std::array<std::string_view, 5> encoding_fields{"contentType", "headers", "style",
                                                          "explode", "allowReserved"};

/// How one property of a form is written, where that differs from a query's parameters.
void compile_encoding(const Node& encoding, Parameter& field, const CompileContext& context) {
    const Fields fields(encoding, "an encoding", context.problems);
    fields.allow_only(encoding_fields);
    if (const Node* style = fields.optional("style", Node::Kind::text)) {
        const auto known = style_named(style->text());
        if (!known || *known == Style::simple || *known == Style::label ||
            *known == Style::matrix) {
            context.problems.add(
                style->place(), "openapi.body",
                "a property of a form cannot have the style `" + style->text() + '`');
        } else {
            field.style = *known;
            field.explode = *known == Style::form;
        }
    }
    if (const Node* explode = fields.optional("explode", Node::Kind::boolean)) {
        field.explode = explode->boolean();
    }
    if (const Node* type = fields.optional("contentType", Node::Kind::text)) {
        const auto media_type = MediaType::parse(type->text());
        field.is_json = media_type && media_type->kind() == ContentKind::json;
    }
}

void compile_form(BodyContent& content, const Node* encodings, const CompileContext& context) {
    for (const auto& [name, shape] : content.shape.properties) {
        Parameter field;
        field.name = name;
        field.shape = shape;
        const Node* encoding = encodings == nullptr ? nullptr : encodings->find(name);
        if (encoding != nullptr) {
            compile_encoding(*encoding, field, context);
            if (!field.is_json) {
                check_style(field, encoding->place(), context.problems);
            }
        }
        content.fields.push_back(std::move(field));
    }
}

BodyContent compile_content(MediaType range, const Node& node, const CompileContext& context) {
    BodyContent content{std::move(range)};
    const Fields fields(node, "a media type", context.problems);
    fields.allow_only(media_type_fields);
    const Node* encodings = fields.optional("encoding", Node::Kind::map);
    const Node* schema = node.find("schema");
    const MediaType form{"application", "x-www-form-urlencoded"};
    const bool is_read = content.range.kind() != ContentKind::other || content.range.subtype == "*";
    if (schema == nullptr || !is_read) {
        return content;
    }
    content.schema = context.schemas.number_of(*schema);
    content.shape = shape_of(*schema, context.dialect, context.references);
    if (content.range.match(form) != 0) {
        compile_form(content, encodings, context);
    }
    return content;
}

}  // namespace

std::optional<RequestBody> compile_body(const Node& node, const CompileContext& context) {
    const Node* resolved = context.references.resolve(node);
    if (resolved == nullptr) {
        return std::nullopt;
    }
    const Fields fields(*resolved, "a request body", context.problems);
    fields.allow_only(body_fields);
    RequestBody body;
    body.required = fields.is_true("required");
    const Node* contents = fields.required("content", Node::Kind::map);
    if (contents == nullptr) {
        return body;
    }
    if (contents->map().empty()) {
        context.problems.add(contents->place(), "openapi.body",
                             "`content` must have at least one media type");
    }
    for (const Member& entry : contents->map()) {
        auto range = MediaType::parse(entry.key);
        if (!range) {
            context.problems.add(entry.key_place, "openapi.body",
                                 '`' + entry.key + "` is not a media type");
            continue;
        }
        if (std::any_of(body.contents.begin(), body.contents.end(),
                        [&](const BodyContent& other) { return other.range == *range; })) {
            context.problems.add(entry.key_place, "openapi.body",
                                 "the media type `" + entry.key +
                                     "` differs from an earlier one in its parameters alone, which "
                                     "are not compared");
        }
        body.contents.push_back(compile_content(std::move(*range), entry.value, context));
    }
    return body;
}

}  // namespace patchbay::openapi
