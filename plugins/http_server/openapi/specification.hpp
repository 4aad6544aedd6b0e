// SPDX-License-Identifier: Apache-2.0
/// \file
/// Validation of requests against an OpenAPI 3.0 or 3.1 specification. The file is read and
/// compiled once; every problem in it is told with its place. OPENAPI.md in the folder above lists
/// what is checked and what is refused.
#pragma once

#include "openapi/limits.hpp"
#include "openapi/verdict.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace patchbay::openapi {

struct LoadOptions {
    /// The request's `Host` must be that of one of the `servers` (those without a host fit all).
    bool check_host = false;
    /// Requests must have the base path of one of the `servers`. Otherwise they may also come
    /// without any, as upstream expects, which puts its own address in the place of the `servers`.
    bool require_base_path = false;
    Limits limits{};
};

struct CompiledSpecification;

class Specification {
  public:
    /// Reads a YAML or JSON file. May block. Errors are of class `invalid` and located in the file;
    /// several become one `openapi.invalid` whose message has a line for each (problems.hpp).
    /// Codes: `openapi.file`, `openapi.yaml`, `openapi.duplicate_key`, `openapi.version`,
    /// `openapi.structure`, `openapi.path`, `openapi.server`, `openapi.parameter`, `openapi.body`,
    /// `openapi.reference`, `openapi.external_reference`, `openapi.schema`, `openapi.keyword`,
    /// `openapi.unsupported`, `openapi.pattern`, `openapi.depth`.
    [[nodiscard]] static Result<Specification> load(const std::string& path,
                                                    const LoadOptions& options = {});
    /// The same for a text; `name` stands for the file in errors.
    [[nodiscard]] static Result<Specification> parse(std::string_view text, const std::string& name,
                                                     const LoadOptions& options = {});

    ~Specification();
    Specification(Specification&&) noexcept;
    Specification& operator=(Specification&&) noexcept;

    /// `[any-thread]`, `[no-block]`, reentrant: several lanes may call it at once. The time it
    /// takes is bounded by `Limits::steps`, whatever the request.
    [[nodiscard]] Verdict check(const Request& request) const;

    /// How much the specification describes.
    [[nodiscard]] std::size_t paths() const;
    [[nodiscard]] std::size_t operations() const;

  private:
    explicit Specification(std::unique_ptr<const CompiledSpecification> compiled);

    std::unique_ptr<const CompiledSpecification> compiled_;
};

}  // namespace patchbay::openapi
