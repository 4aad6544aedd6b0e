// SPDX-License-Identifier: Apache-2.0
#include "storage/dead_letter_store.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::storage {

namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5'000};
/// Attempts to write the rest when the host stops.
constexpr int last_attempts = 3;

std::size_t size_in_memory(const multiplexer::DeadLetter& letter) {
    return sizeof(letter) + letter.text.size() + letter.to.size() + letter.sender.size() +
           letter.message.size() + letter.uri.size() + letter.raw.size();
}

/// Opens the file; moves it aside when it is damaged.
Result<DeadLetterArchive> open_or_replace(const std::string& path, events::EventSink& events) {
    Result<DeadLetterArchive> archive = DeadLetterArchive::open(path, Access::create);
    if (archive || archive.error().code != "storage.corrupt") {
        return archive;
    }
    const Result<std::string> moved = set_aside(path);
    if (!moved) {
        return tl::unexpected<Error>(moved.error());
    }
    events.publish({events::Level::error, "storage", "storage.set_aside",
                    archive.error().message + " It was moved to " + *moved +
                        ", and an empty one begun; `sqlite3 FILE .recover` may bring letters "
                        "back."});
    return DeadLetterArchive::open(path, Access::create);
}

}  // namespace

Result<std::unique_ptr<DeadLetterStore>> DeadLetterStore::open(DeadLetterStoreOptions options,
                                                               events::EventSink& events,
                                                               const multiplexer::Clock& clock) {
    Result<DeadLetterArchive> archive = open_or_replace(options.path, events);
    if (!archive) {
        return tl::unexpected<Error>(std::move(archive.error()));
    }
    // The age bound counts from the start, not from the next letter.
    Result<void> trimmed = archive->add({}, options.bounds, clock.wall());
    Result<DeadLetterTotals> totals = archive->totals();
    if (!trimmed || !totals) {
        return tl::unexpected<Error>(!trimmed ? trimmed.error() : totals.error());
    }
    std::unique_ptr<DeadLetterStore> store(
        new DeadLetterStore(std::move(options), std::move(*archive), events, clock));
    store->statistics_.totals = *totals;
    store->writer_ = std::thread([raw = store.get()] { raw->write_loop(); });
    return store;
}

DeadLetterStore::DeadLetterStore(DeadLetterStoreOptions options, DeadLetterArchive archive,
                                 events::EventSink& events, const multiplexer::Clock& clock)
    : options_(std::move(options)), events_(events), clock_(clock), archive_(std::move(archive)) {}

DeadLetterStore::~DeadLetterStore() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    if (writer_.joinable()) {
        writer_.join();
    }
}

bool DeadLetterStore::put(multiplexer::DeadLetter letter) {
    const std::size_t size = size_in_memory(letter);
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= options_.queue_letters ||
            queue_bytes_ + size > options_.queue_bytes) {
            ++statistics_.lost;
            return false;
        }
        queue_bytes_ += size;
        ++put_count_;
        queue_.push_back(std::move(letter));
        if (queue_.size() > 1) {
            return true;  // the writer knows already
        }
    }
    work_.notify_one();
    return true;
}

bool DeadLetterStore::flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = put_count_;
    return written_.wait_for(lock, limit, [this, wanted] { return written_count_ >= wanted; });
}

DeadLetterStatistics DeadLetterStore::statistics() const {
    const std::lock_guard lock(mutex_);
    DeadLetterStatistics statistics = statistics_;
    statistics.queued = static_cast<std::size_t>(put_count_ - written_count_);
    return statistics;
}

void DeadLetterStore::write_loop() {
    std::vector<multiplexer::DeadLetter> batch;
    std::unique_lock lock(mutex_);
    while (true) {
        work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        batch.swap(queue_);
        queue_bytes_ = 0;
        std::chrono::milliseconds pause = first_pause;
        int attempts_left = last_attempts;
        while (true) {
            lock.unlock();
            const bool done = write(batch);
            lock.lock();
            if (done || (stopping_ && --attempts_left == 0)) {
                break;
            }
            work_.wait_for(lock, pause, [this] { return stopping_; });
            pause = std::min(pause * 2, longest_pause);
        }
        written_count_ += batch.size();
        batch.clear();
        written_.notify_all();
    }
}

bool DeadLetterStore::write(const std::vector<multiplexer::DeadLetter>& batch) {
    const std::uint64_t evicted_before = statistics().totals.evicted;
    Result<void> added = archive_.add(batch, options_.bounds, clock_.wall());
    Result<DeadLetterTotals> totals =
        added ? archive_.totals() : tl::unexpected<Error>(added.error());
    if (totals) {
        if (totals->evicted > evicted_before) {
            report(events::Level::warning, "dead_letters.evicted",
                   std::to_string(totals->evicted - evicted_before) +
                       " of the oldest dead letters were removed to keep the bounds of " +
                       options_.path + '.');
        }
        const std::lock_guard lock(mutex_);
        statistics_.totals = *totals;
        return true;
    }
    report(events::Level::error, totals.error().code,
           totals.error().message + " Dead letters wait to be written.");
    {
        const std::lock_guard lock(mutex_);
        ++statistics_.write_failures;
    }
    if (totals.error().code == "storage.corrupt") {
        Result<DeadLetterArchive> fresh = open_or_replace(options_.path, events_);
        if (fresh) {
            archive_ = std::move(*fresh);
        }
    }
    return false;
}

void DeadLetterStore::report(events::Level level, std::string code, std::string text) {
    if (events_.wants(level, "storage")) {
        events_.publish({level, "storage", std::move(code), std::move(text)});
    }
}

}  // namespace patchbay::storage
