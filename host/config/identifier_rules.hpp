// SPDX-License-Identifier: Apache-2.0
/// \file
/// The forms that names in configuration files must have, each check answering with the reason that
/// a message can use. The grammar of public ids itself is the SDK's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::config {

/// Nothing when `text` is a public id a file may use ("author/name", ":version" and ":hash" are
/// optional; `any` and `latest` are not versions in files, as in upstream's schema), else what is
/// wrong with it.
[[nodiscard]] std::optional<std::string> public_id_problem(std::string_view text);

/// Author, package and instance names: a lower-case letter or `_`, then up to 127 of a-z 0-9 _.
[[nodiscard]] std::optional<std::string> simple_id_problem(std::string_view text);

/// MAJOR.MINOR.PATCH with optional pre-release and build parts (semver.org 2.0.0).
[[nodiscard]] std::optional<std::string> version_problem(std::string_view text);

/// Upstream's `aea_version`: one PEP 440 version, or a comma list of specifiers (">=2.0.0,
/// <3.0.0").
[[nodiscard]] std::optional<std::string> version_specifiers_problem(std::string_view text);

/// A class name: a letter or `_`, then up to 127 letters, digits and `_`.
[[nodiscard]] std::optional<std::string> class_name_problem(std::string_view text);

/// A day, YYYY-MM-DD, that the calendar has.
[[nodiscard]] std::optional<std::string> date_problem(std::string_view text);

/// A path below the folder it belongs to: relative, with '/', without `..`.
[[nodiscard]] std::optional<std::string> inner_path_problem(std::string_view text);

}  // namespace patchbay::config
