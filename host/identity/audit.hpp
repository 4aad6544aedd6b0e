// SPDX-License-Identifier: Apache-2.0
/// \file
/// One decision about an identity, for the audit log.
#pragma once

#include <cstdint>
#include <string>

namespace patchbay::identity {

/// Texts beyond 512 bytes are cut when they are written. Secrets never enter.
struct AuditEntry {
    /// Nanoseconds since 1970; 0 = when it is handed over.
    std::uint64_t time = 0;
    /// What was asked: "claim", "renew", "release", "revoke", "validate", "register", ...
    std::string action;
    /// "ok", or the code of the refusal.
    std::string outcome;
    std::string agent_id;
    /// "ADDRESS:PORT" of whoever asked, or "operator".
    std::string remote;
    /// For people; may be empty.
    std::string detail;
};

}  // namespace patchbay::identity
