// SPDX-License-Identifier: Apache-2.0
#include "url_path.hpp"

#include <algorithm>
#include <cstddef>

namespace patchbay::echo {

std::string_view path_of(std::string_view url) noexcept {
    constexpr std::string_view separator = "://";
    const std::size_t scheme_end = url.find(separator);
    // A separator behind a slash or a query belongs to those.
    if (scheme_end != std::string_view::npos && url.find_first_of("/?#") == scheme_end + 1) {
        url.remove_prefix(scheme_end + separator.size());
        url.remove_prefix(std::min(url.find_first_of("/?#"), url.size()));
    }
    return url.substr(0, url.find_first_of("?#"));
}

}  // namespace patchbay::echo
