// SPDX-License-Identifier: Apache-2.0
#include "openapi_checker.hpp"

#include "openapi/specification.hpp"

#include <boost/beast/http/status.hpp>

#include <utility>
#include <vector>

namespace patchbay::http_server {

namespace {

/// The path and query of a target in any of its forms.
std::string_view origin_form(std::string_view target) {
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos || target.front() == '/') {
        return target;
    }
    const std::size_t path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

class OpenApiChecker final : public RequestChecker {
  public:
    OpenApiChecker(openapi::Specification specification, bool precise)
        : specification_(std::move(specification)), precise_(precise) {}

    bool check(std::string_view scheme, const RequestHead& head, std::string_view body,
               CheckFailure& failure) const override {
        std::vector<openapi::Header> headers;
        headers.reserve(head.headers.size());
        for (const protocols::HttpHeaderView& header : head.headers) {
            headers.push_back({header.name, header.value});
        }
        const openapi::Verdict verdict = specification_.check(
            {head.method, scheme, head.host, origin_form(head.target), headers, body});
        if (verdict.is_valid()) {
            return true;
        }
        failure.detail = verdict.detail;
        if (!precise_) {
            failure.status = 404;
            failure.phrase = "Request Not Found";
            return false;
        }
        failure.status = static_cast<unsigned>(verdict.precise_status);
        const auto phrase =
            boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(failure.status));
        failure.phrase = {phrase.data(), phrase.size()};
        if (!verdict.allow.empty()) {
            failure.headers = "Allow: " + verdict.allow + "\r\n";
        }
        return false;
    }

  private:
    openapi::Specification specification_;
    bool precise_;
};

}  // namespace

Result<std::unique_ptr<RequestChecker>> load_openapi_checker(const Options& options) {
    openapi::LoadOptions load;
    load.check_host = options.check_host;
    auto specification = openapi::Specification::load(options.api_spec_path, load);
    if (!specification) {
        return tl::unexpected<Error>(std::move(specification.error()));
    }
    return std::make_unique<OpenApiChecker>(std::move(*specification), options.precise_status);
}

}  // namespace patchbay::http_server
