// SPDX-License-Identifier: Apache-2.0
/// \file
/// What became of an instance that an operator disabled, enabled or drained.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct DisabledInstance {
    std::string name;
    /// It was disabled before: nothing was done.
    bool already = false;
    /// Envelopes that it had not taken, or not completed, when the drain's time was over. The first
    /// became dead letters, the others are settled "unknown".
    std::uint64_t abandoned = 0;
};

struct EnabledInstance {
    std::string name;
    /// It was connected and took inbound envelopes before: nothing was done.
    bool already = false;
    /// Why it is not connected, when it is not. Its reconnect policy may try again.
    std::optional<Error> not_connected{};
};

/// What an instance still has to do.
struct DrainedInstance {
    std::string name;
    /// Envelopes in its mailboxes, and those it took and did not complete.
    std::uint64_t queued = 0;
    std::uint64_t in_flight = 0;
    /// Answers to requests that it delivered; only for classes that declare their requests.
    std::uint64_t awaited = 0;

    [[nodiscard]] bool is_idle() const { return queued == 0 && in_flight == 0 && awaited == 0; }
};

struct DrainReport {
    /// Without those that are idle.
    std::vector<DrainedInstance> left{};
    /// Nanoseconds until everything was idle, or until it was given up.
    std::uint64_t duration = 0;
};

}  // namespace patchbay::plugins
