// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which schema refers to which. Recursive schemas are fine as long as each round goes into a
/// property or an item; one that refers to itself on the spot would never come to an end.
#pragma once

#include "openapi/problems.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace patchbay::openapi {

/// How many schemas may apply to one value through each other (`allOf` and the like). Validation
/// recurses: measured, a level takes 1 KiB of stack, and a request has at most
/// `Limits::json_depth` times as many.
inline constexpr std::size_t max_levels = 32;

/// One `$ref`. Numbers are those of the schemas that it connects.
struct SchemaReference {
    std::size_t from = 0;
    std::size_t to = 0;
    /// Applied to the very value to which `from` is, and not to a part of it.
    bool on_the_spot = false;
    /// Schemas that surround the reference and apply to the same value as it.
    std::size_t levels = 0;
    /// All schemas that surround it.
    std::size_t depth = 0;
    std::string reference;
    Place place;
};

class SchemaGraph {
  public:
    void add(SchemaReference reference) { references_.push_back(std::move(reference)); }

    /// Counts a schema that applies to the same value as the one with that number.
    void count_on_the_spot(std::size_t schema) { ++counts_[schema]; }

    /// Notes references that lead back on the spot, and what is too large or nests too deeply to be
    /// validated in bounded time on a thread's stack: `openapi.reference`, `openapi.depth`.
    void check(std::size_t schemas, Problems& problems) const;

    /// All schemas in an order in which those that a schema refers to come before it, but for those
    /// that refer to each other.
    [[nodiscard]] std::vector<std::size_t> dependencies_first(std::size_t schemas) const;

  private:
    void check_levels(const std::vector<std::size_t>& components,
                      const std::vector<SchemaReference>& on_the_spot, Problems& problems) const;
    void check_circles(std::size_t schemas, Problems& problems) const;

    std::vector<SchemaReference> references_;
    std::map<std::size_t, std::uint64_t> counts_;
};

}  // namespace patchbay::openapi
