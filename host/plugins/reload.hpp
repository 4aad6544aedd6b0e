// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a reload is asked for and what became of it. One reload replaces the library of all
/// instances that run it. They are prepared first, all of them, and a failure there leaves all of
/// them on the generation that they have; then each is swapped by itself.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// How far a reload came; part of its messages.
enum class ReloadStep : std::uint8_t {
    check,      ///< copying and hashing the library, and everything that is told without running it
    probe,      ///< loading it, and making its objects, in a process of its own
    load,       ///< mapping the copy, and agreeing on an ABI
    prepare,    ///< creating the new objects, and connecting those that may be connected twice
    swap,       ///< putting them in the place of the old ones, and handing over their state
    probation,  ///< the first time in service; a failure puts the old ones back
};

[[nodiscard]] std::string_view to_string(ReloadStep step);

struct ReloadRequest {
    /// Of the instance; its whole plugin is reloaded.
    std::string instance;
    /// Tries bytes that failed before and were not changed since.
    bool retry = false;
    /// Also when the new generation does not continue the state of the running one.
    bool lose_state = false;
};

struct ReloadedInstance {
    std::string name;
    /// Nanoseconds in which nothing was taken from its mailboxes.
    std::uint64_t pause = 0;
    /// Envelopes that the old generation did not complete in time.
    std::uint64_t abandoned = 0;
    /// Threads of the old generation that did not end.
    std::vector<std::string> hung{};
    /// It was not connected before; why it is not now, when it is not.
    std::optional<Error> not_connected{};
};

struct ReloadReport {
    /// Public id of the class and path of the library.
    std::string class_id;
    std::string library;
    /// The bytes are those that run: nothing was done.
    bool unchanged = false;
    std::uint32_t generation = 0;
    std::string sha256;
    std::vector<ReloadedInstance> instances{};
    /// How long it was tried in a process of its own; then from the begin to the last swap, without
    /// that trial, and from there to the end of the old generation, which the probation of the new
    /// one puts off. In nanoseconds.
    std::uint64_t probe_time = 0;
    std::uint64_t reload_time = 0;
    std::uint64_t drain_time = 0;
    /// Verified: nothing of the old library is mapped any more.
    bool unloaded = false;
    /// Why it is still mapped, as a clause.
    std::string kept_because{};
};

}  // namespace patchbay::plugins
