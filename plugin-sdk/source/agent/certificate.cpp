// SPDX-License-Identifier: Apache-2.0
#include <patchbay/agent/certificate.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

namespace patchbay::agent {
namespace {

using Seconds = std::chrono::duration<double>;

/// Beyond that system_clock overflows; some 270 years.
constexpr double furthest = 8.6e9;

std::chrono::system_clock::time_point time_of(double seconds) {
    const double bounded = std::fmin(std::fmax(seconds, 0.0), furthest);
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(Seconds(bounded)));
}

}  // namespace

Result<Certificate> Certificate::parse(std::string_view json) {
    const auto bad = [](const std::string& why) {
        return failure(ErrorClass::invalid, "agent.bad_certificate",
                       "This is no certificate: " + why + '.');
    };
    const nlohmann::json value = nlohmann::json::parse(json, nullptr, false);
    if (!value.is_object()) {
        return bad("it is no JSON object");
    }
    for (const char* name : {"agent_id", "certificate_hash", "signature"}) {
        const auto member = value.find(name);
        if (member == value.end() || !member->is_string() || member->empty()) {
            return bad(std::string("it has no text `") + name + '`');
        }
    }
    for (const char* name : {"issued_at", "expires_at"}) {
        const auto member = value.find(name);
        if (member == value.end() || !member->is_number() ||
            !std::isfinite(member->get<double>())) {
            return bad(std::string("it has no number `") + name + '`');
        }
    }
    Certificate certificate;
    certificate.agent_id = value.at("agent_id").get<std::string>();
    certificate.issued_at = value.at("issued_at").get<double>();
    certificate.expires_at = value.at("expires_at").get<double>();
    certificate.json = json;
    return certificate;
}

bool Certificate::is_expired(std::chrono::system_clock::time_point now) const {
    return now > time_of(expires_at);
}

std::chrono::system_clock::time_point Certificate::renewal_time() const {
    constexpr double part_left = 1.0 / 3.0;
    return time_of(expires_at - (expires_at - issued_at) * part_left);
}

}  // namespace patchbay::agent
