// SPDX-License-Identifier: Apache-2.0
/// \file
/// The objects that a specification is made of: which fields each may have, and of which kind they
/// are. Codes: `openapi.structure`.
#pragma once

#include "openapi/node.hpp"
#include "openapi/problems.hpp"

#include <span>
#include <string_view>

namespace patchbay::openapi {

/// An object of the specification while it is read; `what` names it in messages ("a parameter").
class Fields {
  public:
    /// A problem when `node` is not a map; it then has no fields. All must outlive this object.
    Fields(const Node& node, std::string_view what, Problems& problems);

    /// Notes the fields that are not among these and do not begin with `x-`.
    void allow_only(std::span<const std::string_view> names) const;

    /// The field when it is there and of that kind; a problem when it is of another.
    [[nodiscard]] const Node* optional(std::string_view name, Node::Kind kind) const;
    /// The same, and a problem when it is missing.
    [[nodiscard]] const Node* required(std::string_view name, Node::Kind kind) const;
    [[nodiscard]] bool is_true(std::string_view name) const;

    [[nodiscard]] const Node& node() const { return node_; }

  private:
    const Node& node_;
    std::string_view what_;
    Problems& problems_;
};

}  // namespace patchbay::openapi
