// SPDX-License-Identifier: Apache-2.0
/// \file
/// The keys of `paths`: `/pets/{id}`, also with several variables in one segment
/// (`/{name}.{extension}`).
#pragma once

#include <patchbay/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// What stands between two slashes: n variables with n + 1 literals around them.
class TemplateSegment {
  public:
    TemplateSegment(std::vector<std::string> literals, std::vector<std::string> variables)
        : literals_(std::move(literals)), variables_(std::move(variables)) {}

    [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }
    [[nodiscard]] bool is_literal() const { return variables_.empty(); }
    [[nodiscard]] bool is_variable() const;
    /// Of a literal segment, decoded.
    [[nodiscard]] const std::string& literal() const { return literals_.front(); }
    /// The segment with its variables' names left out: two with the same shape match the same.
    [[nodiscard]] std::string shape() const;

    /// Appends the text of each variable, none of which is empty, when `segment` matches. A
    /// variable goes on to the last place where what follows it in the template stands: the
    /// extension of `a.tar.gz` is `gz`. Linear.
    [[nodiscard]] bool match(std::string_view segment, std::vector<std::string_view>& values) const;

  private:
    std::vector<std::string> literals_;
    std::vector<std::string> variables_;
};

struct PathTemplate {
    std::vector<TemplateSegment> segments;

    /// `openapi.path`; the message says what is wrong with it.
    [[nodiscard]] static Result<PathTemplate> parse(std::string_view text);

    /// In the order in which they stand.
    [[nodiscard]] std::vector<std::string> variables() const;
    [[nodiscard]] std::string shape() const;
};

}  // namespace patchbay::openapi
