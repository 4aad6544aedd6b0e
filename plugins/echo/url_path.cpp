// SPDX-License-Identifier: Apache-2.0
#include "url_path.hpp"

#include <cstddef>

namespace patchbay::echo {

namespace {

/// Position of the first `?` or `#`, or of the first slash too; the size when there is none. Once
/// per request, so not `find_first_of`, which looks up every single character.
template <bool slash>
std::size_t end_of_part(std::string_view url) noexcept {
    std::size_t at = 0;
    while (at < url.size() && url[at] != '?' && url[at] != '#' && !(slash && url[at] == '/')) {
        ++at;
    }
    return at;
}

}  // namespace

std::string_view path_of(std::string_view url) noexcept {
    constexpr std::string_view separator = "://";
    // A separator behind a slash or a query belongs to those.
    const std::size_t first = end_of_part<true>(url);
    if (first != 0 && url.substr(first - 1, separator.size()) == separator) {
        url.remove_prefix(first - 1 + separator.size());
        url.remove_prefix(end_of_part<true>(url));
    }
    return url.substr(0, end_of_part<false>(url));
}

}  // namespace patchbay::echo
