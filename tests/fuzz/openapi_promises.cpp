// SPDX-License-Identifier: Apache-2.0
#include "openapi_promises.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace patchbay::fuzz {
namespace {

void promise(bool kept) {
    if (!kept) {
        std::abort();
    }
}

std::string_view take(std::string_view& rest, char delimiter) {
    const std::string_view part = rest.substr(0, rest.find(delimiter));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

}  // namespace

void openapi_request(const openapi::Specification& specification, std::string_view bytes) {
    std::string_view line = take(bytes, '\n');
    openapi::Request request;
    request.scheme = "http";
    request.host = "localhost";
    request.method = take(line, ' ');
    request.target = line;
    std::vector<openapi::Header> headers;
    while (!bytes.empty() && headers.size() < 100) {
        line = take(bytes, '\n');
        if (line.empty()) {
            break;
        }
        const std::string_view name = take(line, ':');
        headers.push_back({name, line});
    }
    request.headers = headers;
    request.body = bytes;
    const openapi::Verdict verdict = specification.check(request);
    promise(verdict.precise_status == openapi::status_of(verdict.violation));
    promise(verdict.is_valid() == verdict.detail.empty());
    promise(verdict.detail.size() < 2000);
    promise((verdict.violation == openapi::Violation::no_method) == !verdict.allow.empty());
}

void openapi_specification(std::string_view bytes) {
    openapi::LoadOptions options;
    options.limits.file_bytes = 1U << 16U;
    options.limits.file_nodes = 5000;
    const auto loaded = openapi::Specification::parse(bytes, "fuzz.yaml", options);
    if (!loaded) {
        promise(!loaded.error().message.empty());
        promise(loaded.error().code.starts_with("openapi."));
        return;
    }
    openapi_request(*loaded, "GET /pets?limit=3&tags=a\nCookie: session=x\n\n");
    openapi_request(*loaded, "POST /pets\nContent-Type: application/json\n\n{\"name\":\"x\"}");
    openapi_request(*loaded, "POST /orders\nContent-Type: application/json\n\n{\"kind\":\"card\"}");
}

}  // namespace patchbay::fuzz
