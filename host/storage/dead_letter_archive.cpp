// SPDX-License-Identifier: Apache-2.0
#include "storage/dead_letter_archive.hpp"

#include <utility>

namespace patchbay::storage {

namespace {

// The bounds look at time and size of every row, so that both stand before the large columns: what
// follows a large value costs reading it.
constexpr const char* dead_letter_schema_1 = R"sql(
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,            -- nanoseconds since 1970, UTC
    size INTEGER NOT NULL,
    replayed INTEGER,                 -- time of the last replay
    reason INTEGER NOT NULL,          -- PATCHBAY_REASON_*
    code TEXT NOT NULL,
    has_envelope INTEGER NOT NULL,
    hops INTEGER NOT NULL,
    source TEXT NOT NULL,             -- instance that delivered it
    destination TEXT NOT NULL,        -- instance that it was meant for
    text TEXT NOT NULL,
    recipient TEXT NOT NULL,          -- the envelope's "to"
    sender TEXT NOT NULL,
    protocol_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    message BLOB NOT NULL,
    raw BLOB NOT NULL
);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO counters VALUES ('evicted', 0);
)sql";
constexpr std::int64_t newest_schema = 1;

/// What a row costs beside its texts, roughly.
constexpr std::size_t row_overhead = 64;

std::size_t size_in_file(const multiplexer::DeadLetter& letter) {
    return row_overhead + letter.code.size() + letter.text.size() + letter.source.size() +
           letter.destination.size() + letter.to.size() + letter.sender.size() +
           letter.protocol_id.size() + letter.message.size() + letter.uri.size() +
           letter.connection_id.size() + letter.raw.size();
}

constexpr const char* columns_without_payload =
    "SELECT id, size, replayed, time, reason, code, text, source, destination, has_envelope, "
    "recipient, sender, protocol_id, x'', uri, connection_id, hops, x'' FROM dead_letters ";
constexpr const char* all_columns =
    "SELECT id, size, replayed, time, reason, code, text, source, destination, has_envelope, "
    "recipient, sender, protocol_id, message, uri, connection_id, hops, raw FROM dead_letters ";

StoredDeadLetter row_of(const Statement& statement) {
    StoredDeadLetter stored;
    stored.id = statement.integer(0);
    stored.size = statement.integer(1);
    if (const std::optional<std::int64_t> replayed = statement.optional_integer(2)) {
        stored.replayed = static_cast<std::uint64_t>(*replayed);
    }
    multiplexer::DeadLetter& letter = stored.letter;
    letter.time = static_cast<std::uint64_t>(statement.integer(3));
    letter.reason = static_cast<std::uint32_t>(statement.integer(4));
    letter.code = statement.bytes(5);
    letter.text = statement.bytes(6);
    letter.source = statement.bytes(7);
    letter.destination = statement.bytes(8);
    letter.has_envelope = statement.integer(9) != 0;
    letter.to = statement.bytes(10);
    letter.sender = statement.bytes(11);
    letter.protocol_id = statement.bytes(12);
    letter.message = statement.bytes(13);
    letter.uri = statement.bytes(14);
    letter.connection_id = statement.bytes(15);
    letter.hops = static_cast<std::uint32_t>(statement.integer(16));
    letter.raw = statement.bytes(17);
    return stored;
}

void bind_letter(Statement& insert, const multiplexer::DeadLetter& letter, std::size_t size) {
    insert.bind(1, static_cast<std::int64_t>(letter.time));
    insert.bind(2, letter.reason);
    insert.bind_text(3, letter.code);
    insert.bind_text(4, letter.text);
    insert.bind_text(5, letter.source);
    insert.bind_text(6, letter.destination);
    insert.bind(7, letter.has_envelope ? 1 : 0);
    insert.bind_text(8, letter.to);
    insert.bind_text(9, letter.sender);
    insert.bind_text(10, letter.protocol_id);
    insert.bind_bytes(11, letter.message);
    insert.bind_text(12, letter.uri);
    insert.bind_text(13, letter.connection_id);
    insert.bind(14, letter.hops);
    insert.bind_bytes(15, letter.raw);
    insert.bind(16, static_cast<std::int64_t>(size));
}

}  // namespace

Result<DeadLetterArchive> DeadLetterArchive::open(const std::string& path, Access access) {
    Result<Database> database = Database::open(path, access);
    if (!database) {
        return tl::unexpected<Error>(std::move(database.error()));
    }
    // Process death loses nothing that was committed; power loss at most the last commits.
    Result<void> ready = database->execute("PRAGMA synchronous=NORMAL");
    if (ready) {
        ready = access == Access::create ? database->migrate({dead_letter_schema_1})
                                         : database->expect_version(newest_schema);
    }
    if (!ready) {
        return tl::unexpected<Error>(std::move(ready.error()));
    }
    return DeadLetterArchive(std::move(*database));
}

Result<void> DeadLetterArchive::add(const std::vector<multiplexer::DeadLetter>& letters,
                                    const DeadLetterBounds& bounds, std::uint64_t now) {
    Transaction transaction(database_);
    Result<void> result = transaction.begin();
    if (!result) {
        return result;
    }
    Result<Statement> insert = database_.prepare(
        "INSERT INTO dead_letters (time, reason, code, text, source, destination, has_envelope, "
        "recipient, sender, protocol_id, message, uri, connection_id, hops, raw, size) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    if (!insert) {
        return tl::unexpected<Error>(std::move(insert.error()));
    }
    std::uint64_t too_large = 0;
    for (const multiplexer::DeadLetter& letter : letters) {
        const std::size_t size = size_in_file(letter);
        if (size > bounds.max_bytes) {
            ++too_large;
            continue;
        }
        bind_letter(*insert, letter, size);
        result = insert->run();
        if (!result) {
            return result;
        }
    }
    result = evict(bounds, now, too_large);
    if (result) {
        result = transaction.commit();
    }
    return result;
}

Result<void> DeadLetterArchive::evict(const DeadLetterBounds& bounds, std::uint64_t now,
                                      std::uint64_t already) {
    const Result<DeadLetterTotals> now_there = totals();
    if (!now_there) {
        return tl::unexpected<Error>(now_there.error());
    }
    std::uint64_t count = now_there->count;
    std::uint64_t bytes = now_there->bytes;
    const std::uint64_t oldest = now > bounds.max_age ? now - bounds.max_age : 0;
    std::int64_t last = 0;
    {
        Result<Statement> walk =
            database_.prepare("SELECT id, size, time FROM dead_letters ORDER BY id");
        if (!walk) {
            return tl::unexpected<Error>(std::move(walk.error()));
        }
        Result<bool> row = walk->step();
        while (row && *row) {
            if (count <= bounds.max_count && bytes <= bounds.max_bytes &&
                static_cast<std::uint64_t>(walk->integer(2)) >= oldest) {
                break;
            }
            last = walk->integer(0);
            --count;
            bytes -= static_cast<std::uint64_t>(walk->integer(1));
            row = walk->step();
        }
        if (!row) {
            return tl::unexpected<Error>(std::move(row.error()));
        }
    }
    const std::uint64_t evicted = already + (now_there->count - count);
    if (evicted == 0) {
        return {};
    }
    Result<Statement> remove = database_.prepare("DELETE FROM dead_letters WHERE id <= ?");
    if (!remove) {
        return tl::unexpected<Error>(std::move(remove.error()));
    }
    remove->bind(1, last);
    Result<void> result = remove->run();
    if (!result) {
        return result;
    }
    Result<Statement> note =
        database_.prepare("UPDATE counters SET value = value + ? WHERE name = 'evicted'");
    if (!note) {
        return tl::unexpected<Error>(std::move(note.error()));
    }
    note->bind(1, static_cast<std::int64_t>(evicted));
    return note->run();
}

Result<std::vector<StoredDeadLetter>> DeadLetterArchive::list(const DeadLetterQuery& query) {
    std::string sql = std::string(columns_without_payload) + "WHERE (?1 IS NULL OR id < ?1)";
    if (!query.code.empty()) {
        sql += " AND code = ?2";
    }
    if (query.unplayed) {
        sql += " AND replayed IS NULL";
    }
    Result<Statement> statement = database_.prepare(sql + " ORDER BY id DESC LIMIT ?3");
    if (!statement) {
        return tl::unexpected<Error>(std::move(statement.error()));
    }
    if (query.before) {
        statement->bind(1, *query.before);
    } else {
        statement->bind_null(1);
    }
    if (!query.code.empty()) {
        statement->bind_text(2, query.code);
    }
    statement->bind(3, static_cast<std::int64_t>(query.limit));
    std::vector<StoredDeadLetter> letters;
    Result<bool> row = statement->step();
    while (row && *row) {
        letters.push_back(row_of(*statement));
        row = statement->step();
    }
    if (!row) {
        return tl::unexpected<Error>(std::move(row.error()));
    }
    return letters;
}

Result<StoredDeadLetter> DeadLetterArchive::get(std::int64_t id) {
    Result<Statement> statement = database_.prepare(std::string(all_columns) + "WHERE id = ?");
    if (!statement) {
        return tl::unexpected<Error>(std::move(statement.error()));
    }
    statement->bind(1, id);
    const Result<bool> row = statement->step();
    if (!row) {
        return tl::unexpected<Error>(row.error());
    }
    if (!*row) {
        return failure(ErrorClass::invalid, "dead_letters.unknown",
                       "There is no dead letter " + std::to_string(id) + " in " + database_.path() +
                           "; it may have been evicted.");
    }
    return row_of(*statement);
}

Result<void> DeadLetterArchive::mark_replayed(std::int64_t id, std::uint64_t now) {
    Result<Statement> statement =
        database_.prepare("UPDATE dead_letters SET replayed = ?2 WHERE id = ?1");
    if (!statement) {
        return tl::unexpected<Error>(std::move(statement.error()));
    }
    statement->bind(1, id);
    statement->bind(2, static_cast<std::int64_t>(now));
    return statement->run();
}

Result<DeadLetterTotals> DeadLetterArchive::totals() {
    Result<Statement> statement = database_.prepare(
        "SELECT count(*), coalesce(sum(size), 0), (SELECT value FROM counters WHERE name = "
        "'evicted') FROM dead_letters");
    if (!statement) {
        return tl::unexpected<Error>(std::move(statement.error()));
    }
    const Result<bool> row = statement->step();
    if (!row) {
        return tl::unexpected<Error>(row.error());
    }
    return DeadLetterTotals{static_cast<std::uint64_t>(statement->integer(0)),
                            static_cast<std::uint64_t>(statement->integer(1)),
                            static_cast<std::uint64_t>(statement->integer(2))};
}

}  // namespace patchbay::storage
