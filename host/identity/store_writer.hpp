// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one thread that writes the identity store. What has gathered while it wrote is one
/// transaction, so that many changes share one wait for the disk. The queue is bounded; audit
/// entries have one of their own, and travel with the next transaction or wait a moment for others.
#pragma once

#include "events/event.hpp"
#include "identity/audit.hpp"
#include "identity/claim_store.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace patchbay::identity {

struct StoreWriterLimits {
    std::size_t queue = 4'096;
    std::size_t audit_rows = 100'000;
    /// Audit entries that come alone wait this long for others.
    std::chrono::milliseconds audit_pause{500};
};

/// Thread-safe.
class StoreWriter {
  public:
    struct Change {
        /// Decides and writes, on the writer's thread. A failure means that the store failed;
        /// refusals are for `done`. Called again when the transaction it was part of failed.
        std::function<Result<void>(ClaimStore&)> decide;
        /// Called once, on the same thread: null = what was decided is on the disk, else what
        /// hindered it. May be empty.
        std::function<void(const Error*)> done;
    };
    /// Called after each transaction and before each `done` of it: true = it is on the disk.
    using Settled = std::function<void(bool)>;

    /// `events` must outlive it; `settled` is called on the writer's thread.
    StoreWriter(ClaimStore store, StoreWriterLimits limits, events::EventSink& events,
                Settled settled);
    StoreWriter(const StoreWriter&) = delete;
    StoreWriter& operator=(const StoreWriter&) = delete;
    /// Carries out what is queued.
    ~StoreWriter();

    /// Codes: `identity.busy`, `identity.stopping`.
    [[nodiscard]] Result<void> put(Change change);
    void audit(AuditEntry entry);
    /// From within a change: the entry is part of its transaction.
    [[nodiscard]] Result<void> audit_now(ClaimStore& store, const AuditEntry& entry) const;
    bool flush(std::chrono::milliseconds limit);

    [[nodiscard]] std::size_t queued() const;
    [[nodiscard]] std::uint64_t audit_lost() const;
    [[nodiscard]] std::uint64_t failures() const;

  private:
    void loop();
    /// One transaction. False: nothing of it is on the disk, and nobody has been told.
    bool write(std::span<const Change> changes, std::span<const AuditEntry> entries, Error& error);
    void carry_out(const std::vector<Change>& changes, const std::vector<AuditEntry>& entries);

    const StoreWriterLimits limits_;
    events::EventSink& events_;
    const Settled settled_;
    ClaimStore store_;  ///< writer thread only

    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::condition_variable idle_;
    std::vector<Change> changes_;
    std::vector<AuditEntry> entries_;
    std::uint64_t put_count_ = 0;
    std::uint64_t done_count_ = 0;
    std::uint64_t audit_lost_ = 0;
    std::uint64_t failures_ = 0;
    std::size_t flushing_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace patchbay::identity
