// SPDX-License-Identifier: Apache-2.0
#include "http_answers.hpp"

#include "seen_report.hpp"
#include "url_path.hpp"

#include <patchbay/protocols/http_headers.hpp>

#include <algorithm>
#include <cstdint>

namespace patchbay::echo {

namespace {

constexpr std::string_view content_type = "Content-Type";
constexpr std::string_view status_prefix = "/status/";
constexpr std::size_t status_digits = 3;

/// What follows `/status/` when it is a status that a server may send at the end of a request.
std::optional<std::string_view> status_of(std::string_view path) noexcept {
    if (path.size() != status_prefix.size() + status_digits ||
        path.substr(0, status_prefix.size()) != status_prefix) {
        return std::nullopt;
    }
    const std::string_view digits = path.substr(status_prefix.size());
    const bool numeric =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    return numeric && digits[0] >= '2' && digits[0] <= '5' ? std::optional(digits) : std::nullopt;
}

}  // namespace

std::optional<protocols::HttpResponseView> HttpAnswers::answer_to(
    const protocols::HttpRequestView& request) {
    const std::string_view path = path_of(request.url);
    if (path == "/silent") {
        return std::nullopt;
    }
    protocols::HttpResponseView answer;
    if (const auto status = status_of(path)) {
        answer = with_status(*status);
    } else if (path == "/seen") {
        answer = seen(request);
    } else if (path == "/reply") {
        answer = {{}, 200, "OK", "X-One: 1\nX-Two: a b\nContent-Type: text/x-probe\n\n", "hi"};
    } else {
        answer = same(request);
    }
    answer.version = request.version;
    return answer;
}

protocols::HttpResponseView HttpAnswers::with_status(std::string_view digits) {
    std::int32_t code = 0;
    for (const char digit : digits) {
        code = code * 10 + (digit - '0');
    }
    std::copy(digits.begin(), digits.end(), reason_.end() - status_digits);
    return {{}, code, {reason_.data(), reason_.size()}, "\n", {}};
}

protocols::HttpResponseView HttpAnswers::seen(const protocols::HttpRequestView& request) {
    body_ = seen_report(request);
    return {{}, 200, "OK", "Content-Type: application/json\n\n", body_};
}

protocols::HttpResponseView HttpAnswers::same(const protocols::HttpRequestView& request) {
    headers_.clear();
    if (const auto type = protocols::find_header(request.headers, content_type)) {
        protocols::append_header(headers_, {content_type, *type});
    }
    headers_ += '\n';
    return {{}, 200, "OK", headers_, request.body};
}

}  // namespace patchbay::echo
