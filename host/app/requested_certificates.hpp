// SPDX-License-Identifier: Apache-2.0
/// \file
/// The `cert_requests` of a host's instances, for the verbs that issue and verify certificates.
#pragma once

#include "app/host_view.hpp"
#include "config/cert_request.hpp"
#include "config/problems.hpp"

#include <string>
#include <vector>

namespace patchbay::app {

struct RequestedCertificate {
    std::string instance;
    config::CertRequest request;
};

/// Of all instances that can start, or of the named ones (by name or public id). Problems: unknown
/// ids, and requests that differ but write the same file (`proof.same_file`).
[[nodiscard]] config::Checked<std::vector<RequestedCertificate>> requested_certificates(
    const HostView& view, const std::vector<std::string>& instances);

}  // namespace patchbay::app
