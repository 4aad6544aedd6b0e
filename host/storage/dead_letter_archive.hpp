// SPDX-License-Identifier: Apache-2.0
/// \file
/// The table of dead letters in a database file: what the store writes and what the command line
/// and the control socket read, also while the host runs.
#pragma once

#include "multiplexer/dead_letter.hpp"
#include "storage/database.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::storage {

struct StoredDeadLetter {
    /// Counts up for the life of the file; never reused.
    std::int64_t id = 0;
    /// Bytes that it counts against the bound.
    std::int64_t size = 0;
    /// Wall clock, nanoseconds since 1970, of its last replay.
    std::optional<std::uint64_t> replayed;
    multiplexer::DeadLetter letter;
};

struct DeadLetterQuery {
    /// Only those with a smaller id: for reading on in pages.
    std::optional<std::int64_t> before;
    /// Name of a reason, or a code; empty: all.
    std::string code;
    /// Only those that were never replayed.
    bool unplayed = false;
    std::size_t limit = 100;
};

struct DeadLetterTotals {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    /// Removed by the bounds since the file was made.
    std::uint64_t evicted = 0;
};

struct DeadLetterBounds {
    std::uint64_t max_count = 10'000;
    std::uint64_t max_bytes = 64U << 20U;
    /// Nanoseconds.
    std::uint64_t max_age = 7ULL * 24 * 3600 * 1'000'000'000;
};

/// Used by one thread at a time.
class DeadLetterArchive {
  public:
    /// With `Access::create` the file is made, or brought to the newest schema.
    [[nodiscard]] static Result<DeadLetterArchive> open(const std::string& path, Access access);

    /// Adds all, then removes the oldest beyond the bounds, in one transaction. A letter that is
    /// larger than the bound of bytes counts as evicted at once. `now`: wall clock, nanoseconds.
    [[nodiscard]] Result<void> add(const std::vector<multiplexer::DeadLetter>& letters,
                                   const DeadLetterBounds& bounds, std::uint64_t now);
    /// Newest first; without the payload bytes of `message` and `raw`.
    [[nodiscard]] Result<std::vector<StoredDeadLetter>> list(const DeadLetterQuery& query);
    /// Code `dead_letters.unknown` when there is none.
    [[nodiscard]] Result<StoredDeadLetter> get(std::int64_t id);
    [[nodiscard]] Result<void> mark_replayed(std::int64_t id, std::uint64_t now);
    [[nodiscard]] Result<DeadLetterTotals> totals();

  private:
    explicit DeadLetterArchive(Database database) : database_(std::move(database)) {}

    [[nodiscard]] Result<void> evict(const DeadLetterBounds& bounds, std::uint64_t now,
                                     std::uint64_t already);

    Database database_;
};

}  // namespace patchbay::storage
