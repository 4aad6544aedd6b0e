// SPDX-License-Identifier: Apache-2.0
#include "openapi/specification.hpp"

#include "openapi/request_check.hpp"
#include "openapi/specification_compiler.hpp"
#include "openapi/yaml_file.hpp"

#include <utility>

namespace patchbay::openapi {

Specification::Specification(std::unique_ptr<const CompiledSpecification> compiled)
    : compiled_(std::move(compiled)) {}
Specification::~Specification() = default;
Specification::Specification(Specification&&) noexcept = default;
Specification& Specification::operator=(Specification&&) noexcept = default;

Result<Specification> Specification::load(const std::string& path, const LoadOptions& options) {
    const auto text = read_file(path, options.limits);
    if (!text) {
        return tl::unexpected(text.error());
    }
    return parse(*text, path, options);
}

Result<Specification> Specification::parse(std::string_view text, const std::string& name,
                                           const LoadOptions& options) {
    Problems problems(name);
    const auto root = read_yaml(text, options.limits, problems);
    if (!root) {
        return tl::unexpected(problems.error());
    }
    auto compiled = compile_specification(*root, options, problems);
    if (compiled == nullptr) {
        return tl::unexpected(problems.error());
    }
    return Specification(std::move(compiled));
}

Verdict Specification::check(const Request& request) const {
    return RequestCheck(*compiled_, request).run();
}

std::size_t Specification::paths() const {
    return compiled_->paths.size();
}

std::size_t Specification::operations() const {
    std::size_t count = 0;
    for (const PathItem& path : compiled_->paths) {
        count += path.operations.size();
    }
    return count;
}

}  // namespace patchbay::openapi
