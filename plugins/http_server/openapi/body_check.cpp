// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_text.hpp"
#include "openapi/request_check.hpp"

#include <patchbay/utf8.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace patchbay::openapi {

using nlohmann::json;

Verdict RequestCheck::check_body() {
    if (!operation_->body) {
        return {};
    }
    const RequestBody& body = *operation_->body;
    if (request_.body.empty()) {
        return body.required ? violation(Violation::body_missing, "The request must have a body.")
                             : Verdict();
    }
    std::string header;
    // RFC 9110, section 8.3: a body without a type may be anything.
    const auto type = header_value("Content-Type", header)
                          ? MediaType::parse(header)
                          : std::optional(MediaType{"application", "octet-stream"});
    const BodyContent* best = nullptr;
    int best_match = 0;
    for (const BodyContent& content : body.contents) {
        const int match = type ? content.range.match(*type) : 0;
        if (match > best_match) {
            best = &content;
            best_match = match;
        }
    }
    if (best == nullptr) {
        return violation(Violation::media_type,
                         type ? "A body of the type `" + type->type + '/' + type->subtype +
                                    "` is not taken here."
                              : std::string("The value of Content-Type is not a media type."));
    }
    return check_content(*best, type->kind());
}

Verdict RequestCheck::check_content(const BodyContent& content, ContentKind kind) {
    switch (kind) {
        case ContentKind::json: {
            auto value = parse_json(request_.body, specification_.options.limits.json_depth);
            return value ? check_body_value(content, *value)
                         : violation(Violation::body_malformed,
                                     "The body is wrong: " + value.error().message + '.');
        }
        case ContentKind::form:
            return content.schema ? check_form(content) : Verdict();
        case ContentKind::text: {
            if (!content.schema) {
                return {};
            }
            if (!is_utf8(request_.body)) {
                return violation(Violation::body_malformed, "The body is not UTF-8.");
            }
            return check_body_value(content, scalar_value(request_.body, content.shape.types));
        }
        case ContentKind::other:
            return {};
    }
    return {};
}

Verdict RequestCheck::check_body_value(const BodyContent& content, const json& value) {
    const SchemaSet& schemas = *specification_.schemas;
    if (!content.schema || schemas.is_valid(*content.schema, value, effort_)) {
        return {};
    }
    return violation(Violation::body_invalid, "The body does not fit its schema: " +
                                                  schemas.explain(*content.schema, value) + '.');
}

}  // namespace patchbay::openapi
