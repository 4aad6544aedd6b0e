// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which schema refers to which. Recursive schemas are fine as long as each round goes into a
/// property or an item; one that refers to itself on the spot would never come to an end.
#pragma once

#include "openapi/problems.hpp"

#include <string>
#include <vector>

namespace patchbay::openapi {

/// One `$ref`. Numbers are those of the schemas that it connects.
struct SchemaReference {
    std::size_t from = 0;
    std::size_t to = 0;
    /// Applied to the very value to which `from` is, and not to a part of it.
    bool on_the_spot = false;
    /// Schemas between the reference and the nearest place where it applies to a part of the value
    /// (or the beginning of `from`): the levels of `allOf` and the like.
    std::size_t levels = 0;
    std::string reference;
    Place place;
};

class SchemaGraph {
  public:
    void add(SchemaReference reference) { references_.push_back(std::move(reference)); }

    /// Notes references that lead back on the spot, and what nests too deeply to be validated on a
    /// thread's stack: `openapi.reference`, `openapi.depth`.
    void check(std::size_t schemas, Problems& problems) const;

    /// All schemas in an order in which those that a schema refers to come before it, but for those
    /// that refer to each other.
    [[nodiscard]] std::vector<std::size_t> dependencies_first(std::size_t schemas) const;

  private:
    void check_mutual(std::size_t schemas, Problems& problems) const;

    std::vector<SchemaReference> references_;
};

}  // namespace patchbay::openapi
