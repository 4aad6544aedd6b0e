// SPDX-License-Identifier: Apache-2.0
/// \file
/// A specification, compiled: what requests are checked against. Immutable once built.
#pragma once

#include "openapi/media_type.hpp"
#include "openapi/parameter.hpp"
#include "openapi/path_tree.hpp"
#include "openapi/schema_set.hpp"
#include "openapi/server.hpp"
#include "openapi/specification.hpp"

#include <optional>
#include <string>
#include <vector>

namespace patchbay::openapi {

/// What a body of one range of media types must be.
struct BodyContent {
    MediaType range;
    /// Number of the schema; nothing when every body of that type is fine.
    std::optional<std::size_t> schema{};
    ValueShape shape{};
    /// The properties of a form, read like parameters of a query.
    std::vector<Parameter> fields{};
};

struct RequestBody {
    bool required = false;
    std::vector<BodyContent> contents{};
};

struct Operation {
    /// In the order of the path template's variables.
    std::vector<Parameter> path_parameters{};
    std::vector<Parameter> query_parameters{};
    std::vector<Parameter> headers{};
    std::vector<Parameter> cookies{};
    std::optional<RequestBody> body{};
    Servers servers{};
};

struct PathItem {
    /// By method, in lower case and alphabetical order.
    std::vector<std::pair<std::string, Operation>> operations{};
    /// "GET, HEAD, POST"
    std::string allow{};
    Servers servers{};

    /// `method` in any case. `head` is answered where `get` is.
    [[nodiscard]] const Operation* find(std::string_view method) const;
};

struct CompiledSpecification {
    LoadOptions options{};
    PathTree tree{};
    std::vector<PathItem> paths{};
    /// The base paths of all servers, longest first; the empty one is always among them.
    std::vector<BasePath> base_paths{};
    std::optional<SchemaSet> schemas{};
};

/// Equal but for upper and lower case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right);

}  // namespace patchbay::openapi
