// SPDX-License-Identifier: Apache-2.0
#include "app/requested_certificates.hpp"

#include "app/unknown_id.hpp"

#include <tuple>
#include <utility>

namespace patchbay::app {

namespace {

auto content_of(const config::CertRequest& request) {
    return std::tie(request.identifier, request.ledger_id, request.not_before, request.not_after,
                    request.public_key, request.message_format);
}

}  // namespace

config::Checked<std::vector<RequestedCertificate>> requested_certificates(
    const HostView& view, const std::vector<std::string>& instances) {
    config::Problems problems;
    std::vector<const plugins::InstancePlan*> chosen;
    for (const std::string& id : instances) {
        if (const plugins::InstancePlan* instance = view.plan.find(id)) {
            chosen.push_back(instance);
        } else {
            problems.push_back(unknown_id(view, id));
        }
    }
    if (instances.empty()) {
        for (const plugins::InstancePlan& instance : view.plan.instances) {
            chosen.push_back(&instance);
        }
    }
    std::vector<RequestedCertificate> requested;
    for (const plugins::InstancePlan* instance : chosen) {
        for (const config::CertRequest& request : instance->cert_requests) {
            bool known = false;
            for (const RequestedCertificate& earlier : requested) {
                if (earlier.request.save_path != request.save_path) {
                    continue;
                }
                known = content_of(earlier.request) == content_of(request);
                if (!known) {
                    problems.push_back(
                        {ErrorClass::invalid, "proof.same_file",
                         "`cert_requests` of " + earlier.instance + " and " + instance->name +
                             " differ, but have the same `save_path` (" + request.save_path + ").",
                         request.location});
                }
                break;
            }
            if (!known) {
                requested.push_back({instance->name, request});
            }
        }
    }
    if (!problems.empty()) {
        return tl::unexpected<config::Problems>(std::move(problems));
    }
    return requested;
}

}  // namespace patchbay::app
