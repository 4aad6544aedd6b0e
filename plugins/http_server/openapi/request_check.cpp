// SPDX-License-Identifier: Apache-2.0
#include "openapi/request_check.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace patchbay::openapi {
namespace {

/// Names of the request's in messages are cut to this size.
constexpr std::size_t max_quoted = 100;

std::uint64_t size_of(const Request& request) {
    return std::accumulate(request.headers.begin(), request.headers.end(),
                           request.target.size() + request.body.size(),
                           [](std::size_t size, const Header& header) {
                               return size + header.name.size() + header.value.size();
                           });
}

/// In quotes, and without what cannot be shown.
std::string quoted(std::string_view text) {
    std::string result(text.substr(0, max_quoted));
    std::replace_if(
        result.begin(), result.end(),
        [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || static_cast<signed char>(c) < 0;
        },
        '?');
    return '`' + result + (text.size() > max_quoted ? "...`" : "`");
}

}  // namespace

RequestCheck::RequestCheck(const CompiledSpecification& specification, const Request& request)
    : specification_(specification),
      request_(request),
      path_(request.target.substr(0, request.target.find('?'))),
      query_(request.target.substr(std::min(path_.size() + 1, request.target.size()))),
      effort_(specification.options.limits.steps +
              specification.options.limits.steps_per_byte * size_of(request)) {}

Verdict RequestCheck::run() {
    if (Verdict verdict = find_operation(); !verdict.is_valid()) {
        return verdict;
    }
    try {
        if (Verdict verdict = check_parameters(); !verdict.is_valid()) {
            return verdict;
        }
    } catch (const EffortExceeded&) {
        return violation(Violation::parameter,
                         "The parameters would take too long to check against their schemas.");
    }
    try {
        return check_body();
    } catch (const EffortExceeded&) {
        return violation(Violation::body_invalid,
                         "The body would take too long to check against its schema.");
    }
}

Verdict RequestCheck::find_operation() {
    segments_ = RequestPath::parse(path_);
    bool found = false;
    for (const BasePath& base : specification_.base_paths) {
        auto match = segments_ && is_under(*segments_, base)
                         ? specification_.tree.find(*segments_, base.size())
                         : std::nullopt;
        if (!match) {
            continue;
        }
        found = true;
        const PathItem& item = specification_.paths[match->path];
        operation_ = item.find(request_.method);
        if (!is_served(operation_ == nullptr ? item.servers : operation_->servers, base)) {
            continue;
        }
        if (operation_ == nullptr) {
            Verdict verdict = violation(Violation::no_method, "The path " + quoted(path_) +
                                                                  " does not take the method " +
                                                                  quoted(request_.method) + '.');
            verdict.allow = item.allow;
            return verdict;
        }
        match_ = std::move(*match);
        return {};
    }
    return found ? violation(Violation::server,
                             "The path " + quoted(path_) + " is not served under this address.")
                 : violation(Violation::no_path, "There is nothing at " + quoted(path_) + '.');
}

bool RequestCheck::is_served(const Servers& servers, const BasePath& base) const {
    const LoadOptions& options = specification_.options;
    return std::any_of(servers.begin(), servers.end(), [&](const Server& server) {
        const bool base_fits = server.base == base || (base.empty() && !options.require_base_path);
        return base_fits && (!options.check_host || server.host.empty() ||
                             server.host == normal_host(request_.scheme, request_.host));
    });
}

Verdict RequestCheck::violation(Violation kind, std::string detail) const {
    return Verdict{kind, status_of(kind), std::move(detail), {}};
}

bool RequestCheck::header_value(std::string_view name, std::string& value) const {
    bool found = false;
    for (const Header& header : request_.headers) {
        if (equals_ignoring_case(header.name, name)) {
            value += found ? ", " : "";
            value += header.value;
            found = true;
        }
    }
    return found;
}

}  // namespace patchbay::openapi
