// SPDX-License-Identifier: Apache-2.0
/// \file
/// The `name=value` pairs of queries, forms and cookies.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

struct NameValuePair {
    std::string name;
    /// A view into the request, still percent-encoded.
    std::string_view value;
};

using Pairs = std::vector<NameValuePair>;

/// Of a query without its `?`, or of a form. False when there are more than `max`, or a name is not
/// properly encoded UTF-8.
[[nodiscard]] bool split_query(std::string_view query, std::size_t max, Pairs& pairs);

/// Of one `Cookie` header; quotes around a value are not part of it. The pairs are added. False
/// when there are more than `max` in all, or a name is not UTF-8.
[[nodiscard]] bool split_cookies(std::string_view header, std::size_t max, Pairs& pairs);

}  // namespace patchbay::openapi
