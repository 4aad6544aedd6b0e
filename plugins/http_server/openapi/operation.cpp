// SPDX-License-Identifier: Apache-2.0
#include "openapi/operation.hpp"

#include <algorithm>

namespace patchbay::openapi {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char l, char r) { return lower(l) == lower(r); });
}

const Operation* PathItem::find(std::string_view method) const {
    for (const auto& [name, operation] : operations) {
        if (equals_ignoring_case(name, method)) {
            return &operation;
        }
    }
    return equals_ignoring_case(method, "head") ? find("get") : nullptr;
}

std::string_view to_string(ParameterPlace place) {
    switch (place) {
        case ParameterPlace::path:
            return "path";
        case ParameterPlace::query:
            return "query";
        case ParameterPlace::header:
            return "header";
        case ParameterPlace::cookie:
            return "cookie";
    }
    return "?";
}

int status_of(Violation violation) {
    switch (violation) {
        case Violation::none:
            return 200;
        case Violation::no_path:
        case Violation::server:
            return 404;
        case Violation::no_method:
            return 405;
        case Violation::parameter:
        case Violation::body_missing:
        case Violation::body_malformed:
            return 400;
        case Violation::media_type:
            return 415;
        case Violation::body_invalid:
            return 422;
    }
    return 400;
}

}  // namespace patchbay::openapi
