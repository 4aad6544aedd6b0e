// SPDX-License-Identifier: Apache-2.0
/// \file
/// The `servers` of a specification: under which base paths and hosts it is served.
#pragma once

#include "openapi/path_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// Segments, decoded. None for `/`.
using BasePath = std::vector<std::string>;

struct Server {
    BasePath base;
    /// Lower case, with the port unless it is the scheme's own. Empty when every host fits.
    std::string host;

    friend bool operator==(const Server&, const Server&) = default;
};

using Servers = std::vector<Server>;

/// The form in which hosts are compared: lower case, without the default port of `scheme`.
[[nodiscard]] std::string normal_host(std::string_view scheme, std::string_view host);

/// Does the request's path begin with that base path, and go on?
[[nodiscard]] bool is_under(const RequestPath& path, const BasePath& base);

}  // namespace patchbay::openapi
