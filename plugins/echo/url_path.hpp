// SPDX-License-Identifier: Apache-2.0
/// \file
/// The path of a request's url.
#pragma once

#include <string_view>

namespace patchbay::echo {

/// What stands between the authority and `?` or `#`: "/a" of "http://h:8000/a?b#c". Of a url
/// without scheme and authority everything before `?` or `#`. Empty when there is no path.
[[nodiscard]] std::string_view path_of(std::string_view url) noexcept;

}  // namespace patchbay::echo
