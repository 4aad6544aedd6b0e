// SPDX-License-Identifier: Apache-2.0
#include "storage/state_store.hpp"

#include <utility>

namespace patchbay::storage {

namespace {

constexpr const char* state_schema_1 = R"sql(
CREATE TABLE state (
    instance TEXT NOT NULL,
    key BLOB NOT NULL,
    size INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (instance, key)
);
)sql";

/// Plugins only know two classes of failure.
tl::unexpected<Error> as_failed(Error error) {
    error.error_class = ErrorClass::failed;
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace

StateStore::StateStore(std::string path, events::EventSink& events)
    : path_(std::move(path)), events_(events) {}

Result<StateStore::Open> StateStore::open_file() {
    Result<Database> database = Database::open(path_, Access::create);
    if (!database) {
        return tl::unexpected<Error>(std::move(database.error()));
    }
    Result<void> ready = database->execute("PRAGMA synchronous=FULL");
    if (ready) {
        ready = database->migrate({state_schema_1});
    }
    if (!ready) {
        return tl::unexpected<Error>(std::move(ready.error()));
    }
    Result<Statement> select =
        database->prepare("SELECT value FROM state WHERE instance = ? AND key = ?");
    Result<Statement> others = database->prepare(
        "SELECT coalesce(sum(size), 0) FROM state WHERE instance = ? AND key <> ?");
    Result<Statement> insert = database->prepare(
        "INSERT INTO state (instance, key, size, value) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (instance, key) DO UPDATE SET size = ?3, value = ?4");
    Result<Statement> remove =
        database->prepare("DELETE FROM state WHERE instance = ? AND key = ?");
    for (const Result<Statement>* statement : {&select, &others, &insert, &remove}) {
        if (!*statement) {
            return tl::unexpected<Error>(statement->error());
        }
    }
    return Open{std::move(*database), std::move(*select), std::move(*others), std::move(*insert),
                std::move(*remove)};
}

Result<void> StateStore::ensure_open() {
    if (open_) {
        return {};
    }
    Result<Open> open = open_file();
    if (!open && open.error().code == "storage.corrupt") {
        const Result<std::string> moved = set_aside(path_);
        if (!moved) {
            return as_failed(moved.error());
        }
        events_.publish({events::Level::error, "storage", "storage.set_aside",
                         open.error().message + " It was moved to " + *moved +
                             ", and an empty one begun: the state that plugins kept is gone."});
        open = open_file();
    }
    if (!open) {
        return as_failed(open.error());
    }
    open_.emplace(std::move(*open));
    return {};
}

Result<std::optional<std::string>> StateStore::get(std::string_view instance,
                                                   std::string_view key) {
    const std::lock_guard lock(mutex_);
    if (Result<void> ready = ensure_open(); !ready) {
        return tl::unexpected<Error>(std::move(ready.error()));
    }
    Statement& select = open_->select;
    select.bind_text(1, instance);
    select.bind_bytes(2, key);
    const Result<bool> row = select.step();
    std::optional<std::string> value;
    if (row && *row) {
        value = select.bytes(0);
    }
    select.reset();
    if (!row) {
        return as_failed(row.error());
    }
    return value;
}

Result<void> StateStore::put(std::string_view instance, std::string_view key,
                             std::string_view value) {
    const std::lock_guard lock(mutex_);
    if (Result<void> ready = ensure_open(); !ready) {
        return ready;
    }
    Statement& others = open_->others;
    others.bind_text(1, instance);
    others.bind_bytes(2, key);
    const Result<bool> row = others.step();
    const std::int64_t used = row && *row ? others.integer(0) : 0;
    others.reset();
    if (!row) {
        return as_failed(row.error());
    }
    const std::size_t size = key.size() + value.size();
    if (static_cast<std::size_t>(used) + size > largest_total) {
        return failure(ErrorClass::overloaded, "state.full",
                       "The state of " + std::string(instance) + " would exceed " +
                           std::to_string(largest_total) + " bytes.");
    }
    Statement& insert = open_->insert;
    insert.bind_text(1, instance);
    insert.bind_bytes(2, key);
    insert.bind(3, static_cast<std::int64_t>(size));
    insert.bind_bytes(4, value);
    Result<void> done = insert.run();
    return done ? done : as_failed(done.error());
}

Result<void> StateStore::erase(std::string_view instance, std::string_view key) {
    const std::lock_guard lock(mutex_);
    if (Result<void> ready = ensure_open(); !ready) {
        return ready;
    }
    Statement& remove = open_->remove;
    remove.bind_text(1, instance);
    remove.bind_bytes(2, key);
    Result<void> done = remove.run();
    return done ? done : as_failed(done.error());
}

}  // namespace patchbay::storage
