// SPDX-License-Identifier: Apache-2.0
/// \file
/// Answer of the identity subsystem to one request of a transport.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace patchbay::identity {

struct Answer {
    /// Nothing: the request was granted.
    std::optional<ErrorClass> failed{};
    /// A session, or whether a certificate is valid.
    std::uint64_t value = 0;
    /// Stable code of the failure, or why a certificate is not valid.
    std::string code{};
    /// A JSON object; on failure with `error`, the text for the agent.
    std::string payload{"{}"};
};

/// The failure as an answer: its sentence is what the agent reads.
[[nodiscard]] Answer refusal(const Error& error);

}  // namespace patchbay::identity
