// SPDX-License-Identifier: Apache-2.0
/// \file
/// `$ref`: JSON pointers within the file. References to other files are refused by name.
#pragma once

#include "openapi/node.hpp"
#include "openapi/problems.hpp"

#include <string>
#include <string_view>

namespace patchbay::openapi {

/// Codes of problems: `openapi.reference`, `openapi.external_reference`.
class References {
  public:
    /// Both must outlive this object.
    References(const Node& root, Problems& problems) : root_(root), problems_(problems) {}

    /// What `reference` points to, or null and a problem at `place`.
    [[nodiscard]] const Node* target(std::string_view reference, Place place);

    /// The text of the node's `$ref`; null when it has none. A `$ref` that is not text is not one:
    /// it is a property of that name.
    [[nodiscard]] static const std::string* reference_of(const Node& node);

    /// The node itself, or the end of its chain of references. Null and a problem when a reference
    /// leads nowhere or the chain returns to itself; the message names the whole cycle.
    [[nodiscard]] const Node* resolve(const Node& node);

    /// Notes every reference of the file that leads nowhere, also those that nobody follows.
    /// Examples and values are skipped: a `$ref` there is data. References to other files are noted
    /// only where they are followed.
    void check_all();

  private:
    /// Null and `reason` when it leads nowhere.
    [[nodiscard]] const Node* find(std::string_view reference, std::string& reason) const;
    void check(const Node& node);

    const Node& root_;
    Problems& problems_;
};

}  // namespace patchbay::openapi
