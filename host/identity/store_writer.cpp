// SPDX-License-Identifier: Apache-2.0
#include "identity/store_writer.hpp"

#include <utility>

namespace patchbay::identity {

StoreWriter::StoreWriter(ClaimStore store, StoreWriterLimits limits, events::EventSink& events,
                         Settled settled)
    : limits_(limits),
      events_(events),
      settled_(std::move(settled)),
      store_(std::move(store)),
      thread_([this] { loop(); }) {}

StoreWriter::~StoreWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    thread_.join();
}

Result<void> StoreWriter::put(Change change) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return failure(ErrorClass::disconnected, "identity.stopping", "The host is stopping.");
        }
        if (changes_.size() >= limits_.queue) {
            return failure(ErrorClass::overloaded, "identity.busy",
                           "Too many changes of claims wait for the disk; try again later.");
        }
        changes_.push_back(std::move(change));
        ++put_count_;
    }
    work_.notify_one();
    return {};
}

void StoreWriter::audit(AuditEntry entry) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || entries_.size() >= limits_.queue) {
            ++audit_lost_;
            return;
        }
        first = entries_.empty();
        entries_.push_back(std::move(entry));
        ++put_count_;
    }
    if (first) {
        work_.notify_one();
    }
}

Result<void> StoreWriter::audit_now(ClaimStore& store, const AuditEntry& entry) const {
    return store.add_audit(entry, limits_.audit_rows);
}

bool StoreWriter::flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = put_count_;
    ++flushing_;
    work_.notify_one();
    const bool done = idle_.wait_for(lock, limit, [this, wanted] { return done_count_ >= wanted; });
    --flushing_;
    return done;
}

std::size_t StoreWriter::queued() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(put_count_ - done_count_);
}

std::uint64_t StoreWriter::audit_lost() const {
    const std::lock_guard lock(mutex_);
    return audit_lost_;
}

std::uint64_t StoreWriter::failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
}

void StoreWriter::loop() {
    std::vector<Change> changes;
    std::vector<AuditEntry> entries;
    std::unique_lock lock(mutex_);
    while (true) {
        work_.wait(lock, [this] { return stopping_ || !changes_.empty() || !entries_.empty(); });
        if (changes_.empty() && !stopping_ && flushing_ == 0) {
            work_.wait_for(lock, limits_.audit_pause, [this] {
                return stopping_ || flushing_ != 0 || !changes_.empty() ||
                       entries_.size() >= limits_.queue / 2;
            });
        }
        if (changes_.empty() && entries_.empty()) {
            return;
        }
        changes.swap(changes_);
        entries.swap(entries_);
        lock.unlock();
        carry_out(changes, entries);
        const std::size_t done = changes.size() + entries.size();
        // What they hold may be large, or want a lock.
        changes.clear();
        entries.clear();
        lock.lock();
        done_count_ += done;
        idle_.notify_all();
    }
}

bool StoreWriter::write(std::span<const Change> changes, std::span<const AuditEntry> entries,
                        Error& error) {
    Result<void> result = store_.begin();
    for (auto change = changes.begin(); result && change != changes.end(); ++change) {
        result = change->decide(store_);
    }
    for (auto entry = entries.begin(); result && entry != entries.end(); ++entry) {
        result = store_.add_audit(*entry, limits_.audit_rows);
    }
    if (result) {
        result = store_.commit();
    }
    if (!result) {
        store_.roll_back();
    }
    settled_(result.has_value());
    if (!result) {
        error = std::move(result.error());
        return false;
    }
    for (const Change& change : changes) {
        if (change.done) {
            change.done(nullptr);
        }
    }
    return true;
}

void StoreWriter::carry_out(const std::vector<Change>& changes,
                            const std::vector<AuditEntry>& entries) {
    Error error;
    if (write(changes, entries, error)) {
        return;
    }
    events_.publish({events::Level::error, "identity", error.code,
                     error.message + " Nothing was changed; each change is tried once more."});
    {
        const std::lock_guard lock(mutex_);
        ++failures_;
        audit_lost_ += entries.size();
    }
    // One by one, so that whoever can be served is.
    for (const Change& change : changes) {
        if (!write({&change, 1}, {}, error) && change.done) {
            change.done(&error);
        }
    }
}

}  // namespace patchbay::identity
