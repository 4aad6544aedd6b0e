// SPDX-License-Identifier: Apache-2.0
/// \file
/// `patchbay scaffold connection NAME`: a new plugin that builds against the installed SDK and runs
/// as it is. The template is itself a valid plugin; its names are replaced.
#pragma once

#include <patchbay/result.hpp>

#include <string>

namespace patchbay::app {

struct ScaffoldOptions {
    /// Becomes the package's name, the folder's and the library's.
    std::string name;
    std::string author;
    /// Where the new folder NAME is made.
    std::string parent = ".";
};

/// Makes the folder and returns its path; whatever fails, nothing is left behind and nothing that
/// was there is changed. Codes: `scaffold.bad_name`, `scaffold.bad_author`, `scaffold.exists`,
/// `scaffold.write_failed`.
[[nodiscard]] Result<std::string> scaffold_connection(const ScaffoldOptions& options);

/// An author for somebody who named none: PATCHBAY_AUTHOR, else the login name as far as it can be
/// an author, else "my_author".
[[nodiscard]] std::string default_author(const char* configured, const char* login);

}  // namespace patchbay::app
