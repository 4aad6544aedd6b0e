// SPDX-License-Identifier: Apache-2.0
/// \file
/// How echo answers http requests, by the path of their url:
///
/// | path | answer |
/// | --- | --- |
/// | `/status/NNN` | status NNN (200 to 599) with the reason `Status NNN` and no body |
/// | `/silent` | none |
/// | `/seen` | 200 with `seen_report` |
/// | `/reply` | 200 with the body `hi` and the headers X-One, X-Two and Content-Type |
/// | any other | 200 `OK` with the request's body and content type |
#pragma once

#include <patchbay/protocols/http.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::echo {

class HttpAnswers {
  public:
    /// Nothing when the request gets no answer. The views point into the request and into this, and
    /// are valid until the next call. For "any other" path it allocates nothing once it has seen
    /// the longest content type.
    [[nodiscard]] std::optional<protocols::HttpResponseView> answer_to(
        const protocols::HttpRequestView& request);

  private:
    [[nodiscard]] protocols::HttpResponseView with_status(std::string_view digits);
    [[nodiscard]] protocols::HttpResponseView seen(const protocols::HttpRequestView& request);
    [[nodiscard]] protocols::HttpResponseView same(const protocols::HttpRequestView& request);

    std::array<char, 10> reason_{'S', 't', 'a', 't', 'u', 's', ' '};
    std::string headers_;
    std::string body_;
};

}  // namespace patchbay::echo
