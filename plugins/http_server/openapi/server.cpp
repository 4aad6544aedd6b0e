// SPDX-License-Identifier: Apache-2.0
#include "openapi/server.hpp"

#include <algorithm>

namespace patchbay::openapi {

std::string normal_host(std::string_view scheme, std::string_view host) {
    std::string text(host);
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::string_view port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
    if (!port.empty() && text.ends_with(port)) {
        text.resize(text.size() - port.size());
    }
    return text;
}

bool is_under(const RequestPath& path, const BasePath& base) {
    const auto& segments = path.decoded();
    return segments.size() > base.size() && std::equal(base.begin(), base.end(), segments.begin());
}

}  // namespace patchbay::openapi
