// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keeps dead letters in the data folder, off the hot path: whoever has one puts it into a bounded
/// queue; one thread writes what has gathered in one transaction. When the disk or another process
/// makes it wait, the queue fills, and what does not fit is counted as lost.
#pragma once

#include "events/event.hpp"
#include "multiplexer/clock.hpp"
#include "multiplexer/dead_letter.hpp"
#include "storage/dead_letter_archive.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::storage {

struct DeadLetterStoreOptions {
    /// The file; its folder must exist.
    std::string path;
    DeadLetterBounds bounds;
    /// Bounds of the queue in front of the writer.
    std::size_t queue_letters = 4096;
    std::size_t queue_bytes = std::size_t{16} << 20U;
};

struct DeadLetterStatistics {
    /// In the file, as of the last transaction.
    DeadLetterTotals totals;
    /// Waiting for the writer.
    std::size_t queued = 0;
    /// Refused because the queue was full.
    std::uint64_t lost = 0;
    /// Transactions that failed; each is tried again.
    std::uint64_t write_failures = 0;
};

/// Thread-safe.
class DeadLetterStore final : public multiplexer::DeadLetterSink {
  public:
    /// Opens the file and starts the writer. A damaged file is moved aside, with an event, and a
    /// new one begun. `events` and `clock` must outlive the store.
    [[nodiscard]] static Result<std::unique_ptr<DeadLetterStore>> open(
        DeadLetterStoreOptions options, events::EventSink& events, const multiplexer::Clock& clock);
    /// Writes what is queued, as long as writing succeeds.
    ~DeadLetterStore() override;

    bool put(multiplexer::DeadLetter letter) override;
    /// Waits until everything put before is in the file. False when that took longer.
    bool flush(std::chrono::milliseconds limit);
    [[nodiscard]] DeadLetterStatistics statistics() const;
    [[nodiscard]] const std::string& path() const { return options_.path; }

  private:
    DeadLetterStore(DeadLetterStoreOptions options, DeadLetterArchive archive,
                    events::EventSink& events, const multiplexer::Clock& clock);

    void write_loop();
    /// False: to be tried again.
    bool write(const std::vector<multiplexer::DeadLetter>& batch);
    void report(events::Level level, std::string code, std::string text);

    const DeadLetterStoreOptions options_;
    events::EventSink& events_;
    const multiplexer::Clock& clock_;
    DeadLetterArchive archive_;  ///< writer thread only

    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::condition_variable written_;
    std::vector<multiplexer::DeadLetter> queue_;
    std::size_t queue_bytes_ = 0;
    std::uint64_t put_count_ = 0;
    std::uint64_t written_count_ = 0;
    bool stopping_ = false;
    DeadLetterStatistics statistics_;
    std::thread writer_;
};

}  // namespace patchbay::storage
