// SPDX-License-Identifier: Apache-2.0
/// \file
/// Versions and the rules that a dependency states about them: a comma list of PEP 440 specifiers
/// (`>=1.2, <2`, `~=1.4`, `==1.*`, `!=1.5.0`), as upstream's files use them; a bare version means
/// exactly that one.
#pragma once

#include <patchbay/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// Less than, equal or greater than zero. Numbers count as numbers and missing ones as zero; a
/// pre-release ("1.0.0-rc1", "1.0rc1") comes before its release; build parts ("+x") do not count.
[[nodiscard]] int compare_versions(std::string_view left, std::string_view right);

class VersionRule {
  public:
    /// Code: `version.malformed`.
    [[nodiscard]] static Result<VersionRule> parse(std::string_view text);

    [[nodiscard]] bool accepts(std::string_view version) const;
    /// As it was written.
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    struct Specifier {
        std::string relation;
        std::string version;
        bool any_suffix = false;
    };
    [[nodiscard]] static bool holds(const Specifier& specifier, std::string_view version);

    std::string text_;
    std::vector<Specifier> specifiers_;
};

}  // namespace patchbay::plugins
