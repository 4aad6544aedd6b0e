// SPDX-License-Identifier: Apache-2.0
/// \file
/// The bounds of everything that comes from outside: of the specification file, which is read once,
/// and of every request.
#pragma once

#include <cstddef>
#include <cstdint>

namespace patchbay::openapi {

struct Limits {
    // ---- The specification ----
    std::size_t file_bytes = std::size_t{16} << 20U;
    /// Nodes that an alias repeats count again.
    std::size_t file_nodes = 1'000'000;
    std::size_t file_depth = 100;

    // ---- A request ----
    /// `name=value` pairs of the query, of all cookies, and of a form body, each.
    std::size_t pairs = 1000;
    /// Levels of arrays and objects in a JSON body or parameter.
    std::size_t json_depth = 64;
    /// What checking one request may cost, in steps of some 10 ns: a part that does not depend on
    /// the request and one for every byte of it. A request that would cost more is refused, so that
    /// a schema or pattern that is exponential for some input cannot be turned against the server.
    std::uint64_t steps = 200'000;
    std::uint64_t steps_per_byte = 64;
};

}  // namespace patchbay::openapi
