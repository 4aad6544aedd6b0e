// SPDX-License-Identifier: Apache-2.0
/// \file
/// A certificate: the server's signed statement that an agent owns its id until some time. For an
/// agent it is a secret, because whoever has it can take the agent's place.
#pragma once

#include <patchbay/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace patchbay::agent {

struct Certificate {
    std::string agent_id;
    /// Seconds since 1970, UTC.
    double issued_at = 0;
    double expires_at = 0;
    /// The JSON object as the server issued it; it is presented unchanged. Secret: never log.
    std::string json;

    /// Reads the JSON object; other members are kept. `agent.bad_certificate` when `agent_id`,
    /// `issued_at`, `expires_at`, `certificate_hash` or `signature` is missing or of another type.
    [[nodiscard]] static Result<Certificate> parse(std::string_view json);

    [[nodiscard]] bool is_expired(std::chrono::system_clock::time_point now) const;
    /// When a third of its life is left.
    [[nodiscard]] std::chrono::system_clock::time_point renewal_time() const;
};

}  // namespace patchbay::agent
