// SPDX-License-Identifier: Apache-2.0
#include "identity/claim_store.hpp"

#include <patchbay/utf8.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace patchbay::identity {

namespace {

using storage::Access;
using storage::Database;
using storage::Statement;

/// `certificates`: for each the 32 bytes of the hash and, big-endian, 8 bytes of expires_at.
constexpr const char* first_version = R"(
CREATE TABLE claims (
    agent_id TEXT PRIMARY KEY NOT NULL,
    number INTEGER NOT NULL UNIQUE,
    claimed_at INTEGER NOT NULL,
    certificates BLOB NOT NULL,
    public_key BLOB,
    provisioned INTEGER NOT NULL,
    revoked INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE numbers (name TEXT PRIMARY KEY NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO numbers VALUES ('claim', 0);
CREATE TABLE tokens (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    agent_id TEXT NOT NULL,
    note TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    remote TEXT NOT NULL,
    detail TEXT NOT NULL
);
)";
constexpr std::int64_t newest_version = 1;
/// Rows of the audit log between two trims.
constexpr std::int64_t trim_step = 64;
constexpr std::size_t live_size = 32 + 8;

std::string_view bytes_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

std::string packed(const std::vector<LiveCertificate>& certificates) {
    std::string bytes;
    for (const LiveCertificate& live : certificates) {
        bytes.append(bytes_of(live.digest));
        for (int shift = 56; shift >= 0; shift -= 8) {
            bytes += static_cast<char>((live.expires_at >> static_cast<unsigned>(shift)) & 0xFFU);
        }
    }
    return bytes;
}

bool unpack(const std::string& bytes, std::vector<LiveCertificate>& certificates) {
    if (bytes.size() % live_size != 0 || bytes.size() / live_size > max_live_certificates) {
        return false;
    }
    for (std::size_t at = 0; at < bytes.size(); at += live_size) {
        LiveCertificate live;
        std::memcpy(live.digest.data(), bytes.data() + at, live.digest.size());
        for (std::size_t i = live.digest.size(); i < live_size; ++i) {
            live.expires_at = live.expires_at << 8U | static_cast<unsigned char>(bytes[at + i]);
        }
        certificates.push_back(live);
    }
    return true;
}

/// At most `max_audit_text_bytes` that can be shown on a terminal, not cut within a character.
std::string shown(std::string_view text) {
    std::size_t size = std::min(text.size(), max_audit_text_bytes);
    while (size > 0 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    std::string result(text.substr(0, size));
    const bool is_text = is_utf8(result);
    std::replace_if(
        result.begin(), result.end(),
        [is_text](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte < 0x20 || byte == 0x7F || (!is_text && byte > 0x7F);
        },
        '?');
    return result;
}

tl::unexpected<Error> damaged(const std::string& path, const std::string& why) {
    return failure(
        ErrorClass::failed, "identity.store_damaged",
        "The identity store " + path + " is damaged: " + why +
            " The host does not start without its claims, because then anybody could take any "
            "agent id. Restore a backup (patchbay identity backup makes them), or try: sqlite3 " +
            path + " .recover; moving the file away forgets all claims.");
}

tl::unexpected<Error> as_damage(Error error, const std::string& path) {
    if (error.code == "storage.corrupt") {
        return damaged(path, error.message);
    }
    return tl::unexpected<Error>(std::move(error));
}

Result<void> check_all(Database& database) {
    Result<Statement> check = database.prepare("PRAGMA integrity_check(1)");
    if (!check) {
        return as_damage(std::move(check.error()), database.path());
    }
    const Result<bool> row = check->step();
    if (!row) {
        return as_damage(row.error(), database.path());
    }
    const std::string verdict = *row ? check->bytes(0) : "no answer";
    return verdict == "ok" ? Result<void>() : damaged(database.path(), verdict + '.');
}

/// So that the file itself survives, not only its content.
Result<void> sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path();
    const int descriptor =
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const std::string why = std::generic_category().message(errno);
    if (descriptor >= 0) {
        ::close(descriptor);
    }
    if (!synced) {
        return failure(ErrorClass::failed, "storage.failed",
                       "The folder of " + path + " cannot be written to the disk: " + why + '.');
    }
    return {};
}

}  // namespace

struct ClaimStore::Statements {
    Statement next_number;
    Statement put;
    Statement remove;
    Statement add_token;
    Statement find_token;
    Statement remove_token;
    Statement remove_expired_tokens;
    Statement token_count;
    Statement add_audit;
    Statement trim_audit;
};

ClaimStore::ClaimStore(Database database, std::shared_ptr<Statements> statements)
    : database_(std::move(database)), statements_(std::move(statements)) {}

Result<ClaimStore> ClaimStore::open(const std::string& path) {
    Result<Database> database = Database::open(path, Access::create);
    if (!database) {
        return as_damage(std::move(database.error()), path);
    }
    Result<void> ready = database->execute("PRAGMA synchronous=FULL");
    if (ready) {
        ready = check_all(*database);
    }
    if (ready) {
        ready = database->migrate({first_version});
    }
    if (ready) {
        ready = sync_folder_of(path);
    }
    if (!ready) {
        return as_damage(std::move(ready.error()), path);
    }
    std::vector<Statement> prepared;
    for (const std::string_view sql :
         {"UPDATE numbers SET last=last+1 WHERE name='claim' RETURNING last",
          "INSERT OR REPLACE INTO claims VALUES (?,?,?,?,?,?,?)",
          "DELETE FROM claims WHERE agent_id=?",
          "INSERT INTO tokens (digest,agent_id,note,issued_at,expires_at) VALUES (?,?,?,?,?) "
          "RETURNING number",
          "SELECT number,agent_id,note,issued_at,expires_at FROM tokens WHERE digest=?",
          "DELETE FROM tokens WHERE number=?", "DELETE FROM tokens WHERE expires_at<?",
          "SELECT count(*) FROM tokens",
          "INSERT INTO audit (time,action,outcome,agent_id,remote,detail) VALUES (?,?,?,?,?,?) "
          "RETURNING number",
          "DELETE FROM audit WHERE number<=?"}) {
        Result<Statement> statement = database->prepare(sql);
        if (!statement) {
            return as_damage(std::move(statement.error()), path);
        }
        prepared.push_back(std::move(*statement));
    }
    auto statements = std::make_shared<Statements>(
        Statements{std::move(prepared[0]), std::move(prepared[1]), std::move(prepared[2]),
                   std::move(prepared[3]), std::move(prepared[4]), std::move(prepared[5]),
                   std::move(prepared[6]), std::move(prepared[7]), std::move(prepared[8]),
                   std::move(prepared[9])});
    return ClaimStore(std::move(*database), std::move(statements));
}

Result<void> ClaimStore::load(const std::function<void(StoredClaim)>& each) {
    Result<Statement> all = database_.prepare(
        "SELECT agent_id,number,claimed_at,certificates,public_key,provisioned,revoked "
        "FROM claims");
    if (!all) {
        return tl::unexpected<Error>(std::move(all.error()));
    }
    Result<bool> row = all->step();
    for (; row && *row; row = all->step()) {
        StoredClaim claim;
        claim.agent_id = all->bytes(0);
        claim.number = static_cast<std::uint64_t>(all->integer(1));
        claim.claimed_at = static_cast<std::uint64_t>(all->integer(2));
        const std::string key = all->bytes(4);
        claim.public_key = public_key_from(key);
        claim.provisioned = all->integer(5) != 0;
        claim.revoked = all->integer(6) != 0;
        if (!unpack(all->bytes(3), claim.certificates) || (!key.empty() && !claim.public_key)) {
            return damaged(database_.path(),
                           "the claim of " + claim.agent_id + " has an impossible value.");
        }
        each(std::move(claim));
    }
    if (!row) {
        return as_damage(row.error(), database_.path());
    }
    return {};
}

Result<void> ClaimStore::begin() {
    Result<void> result = database_.execute("BEGIN IMMEDIATE");
    open_ = result.has_value();
    return result;
}

Result<void> ClaimStore::commit() {
    Result<void> result = database_.execute("COMMIT");
    if (result) {
        open_ = false;
    } else {
        roll_back();
    }
    return result;
}

void ClaimStore::roll_back() {
    if (open_) {
        (void)database_.execute("ROLLBACK");
        open_ = false;
    }
}

namespace {

/// Runs a statement whose only row has one number.
Result<std::int64_t> number_of(Statement& statement) {
    const Result<bool> row = statement.step();
    if (!row) {
        tl::unexpected<Error> error(row.error());
        statement.reset();
        return error;
    }
    const std::int64_t number = *row ? statement.integer(0) : 0;
    // To the end: with RETURNING the change is complete only then.
    const Result<void> rest = statement.run();
    if (!rest) {
        return tl::unexpected<Error>(rest.error());
    }
    return number;
}

}  // namespace

Result<std::uint64_t> ClaimStore::next_number() {
    return number_of(statements_->next_number).map([](std::int64_t number) {
        return static_cast<std::uint64_t>(number);
    });
}

Result<void> ClaimStore::put(const StoredClaim& claim) {
    Statement& put = statements_->put;
    put.bind_text(1, claim.agent_id);
    put.bind(2, signed_of(claim.number));
    put.bind(3, signed_of(claim.claimed_at));
    put.bind_bytes(4, packed(claim.certificates));
    if (claim.public_key) {
        put.bind_bytes(
            5, {reinterpret_cast<const char*>(claim.public_key->data()), claim.public_key->size()});
    } else {
        put.bind_null(5);
    }
    put.bind(6, claim.provisioned ? 1 : 0);
    put.bind(7, claim.revoked ? 1 : 0);
    return put.run();
}

Result<void> ClaimStore::remove(std::string_view agent_id) {
    statements_->remove.bind_text(1, agent_id);
    return statements_->remove.run();
}

Result<std::uint64_t> ClaimStore::add_token(const StoredToken& token, const Digest& digest) {
    Statement& add = statements_->add_token;
    add.bind_bytes(1, bytes_of(digest));
    add.bind_text(2, token.agent_id);
    add.bind_text(3, token.note);
    add.bind(4, signed_of(token.issued_at));
    add.bind(5, signed_of(token.expires_at));
    return number_of(add).map(
        [](std::int64_t number) { return static_cast<std::uint64_t>(number); });
}

namespace {

StoredToken token_of(const Statement& row) {
    return {static_cast<std::uint64_t>(row.integer(0)), row.bytes(1), row.bytes(2),
            static_cast<std::uint64_t>(row.integer(3)), static_cast<std::uint64_t>(row.integer(4))};
}

}  // namespace

Result<std::optional<StoredToken>> ClaimStore::find_token(const Digest& digest) {
    Statement& find = statements_->find_token;
    find.bind_bytes(1, bytes_of(digest));
    const Result<bool> row = find.step();
    std::optional<StoredToken> token;
    if (row && *row) {
        token = token_of(find);
    }
    find.reset();
    if (!row) {
        return tl::unexpected<Error>(row.error());
    }
    return token;
}

Result<bool> ClaimStore::remove_token(std::uint64_t number) {
    statements_->remove_token.bind(1, signed_of(number));
    const Result<void> removed = statements_->remove_token.run();
    if (!removed) {
        return tl::unexpected<Error>(removed.error());
    }
    return database_.changes() != 0;
}

Result<void> ClaimStore::remove_expired_tokens(std::uint64_t wall) {
    statements_->remove_expired_tokens.bind(1, signed_of(wall));
    return statements_->remove_expired_tokens.run();
}

Result<std::size_t> ClaimStore::token_count() {
    return number_of(statements_->token_count).map([](std::int64_t count) {
        return static_cast<std::size_t>(count);
    });
}

Result<void> ClaimStore::add_audit(const AuditEntry& entry, std::size_t rows) {
    Statement& add = statements_->add_audit;
    add.bind(1, signed_of(entry.time));
    add.bind_text(2, shown(entry.action));
    add.bind_text(3, shown(entry.outcome));
    add.bind_text(4, shown(entry.agent_id));
    add.bind_text(5, shown(entry.remote));
    add.bind_text(6, shown(entry.detail));
    const Result<std::int64_t> number = number_of(add);
    if (!number) {
        return tl::unexpected<Error>(number.error());
    }
    if (*number % trim_step != 0) {
        return {};
    }
    statements_->trim_audit.bind(1, *number - static_cast<std::int64_t>(rows));
    return statements_->trim_audit.run();
}

Result<std::vector<StoredToken>> ClaimStore::tokens(const std::string& path, std::uint64_t wall,
                                                    std::size_t limit) {
    Result<Database> database = Database::open(path, Access::read);
    if (!database) {
        return tl::unexpected<Error>(std::move(database.error()));
    }
    Result<void> version = database->expect_version(newest_version);
    if (!version) {
        return tl::unexpected<Error>(std::move(version.error()));
    }
    Result<Statement> select = database->prepare(
        "SELECT number,agent_id,note,issued_at,expires_at FROM tokens WHERE expires_at>=? "
        "ORDER BY number LIMIT ?");
    if (!select) {
        return tl::unexpected<Error>(std::move(select.error()));
    }
    select->bind(1, signed_of(wall));
    select->bind(2, static_cast<std::int64_t>(limit));
    std::vector<StoredToken> tokens;
    Result<bool> row = select->step();
    for (; row && *row; row = select->step()) {
        tokens.push_back(token_of(*select));
    }
    if (!row) {
        return tl::unexpected<Error>(row.error());
    }
    return tokens;
}

Result<std::vector<AuditEntry>> ClaimStore::audit_log(const std::string& path, std::size_t limit) {
    Result<Database> database = Database::open(path, Access::read);
    if (!database) {
        return tl::unexpected<Error>(std::move(database.error()));
    }
    Result<void> version = database->expect_version(newest_version);
    if (!version) {
        return tl::unexpected<Error>(std::move(version.error()));
    }
    Result<Statement> select = database->prepare(
        "SELECT time,action,outcome,agent_id,remote,detail FROM audit ORDER BY number DESC LIMIT "
        "?");
    if (!select) {
        return tl::unexpected<Error>(std::move(select.error()));
    }
    select->bind(1, static_cast<std::int64_t>(limit));
    std::vector<AuditEntry> entries;
    Result<bool> row = select->step();
    for (; row && *row; row = select->step()) {
        entries.push_back({static_cast<std::uint64_t>(select->integer(0)), select->bytes(1),
                           select->bytes(2), select->bytes(3), select->bytes(4), select->bytes(5)});
    }
    if (!row) {
        return tl::unexpected<Error>(row.error());
    }
    return entries;
}

Result<void> ClaimStore::backup(const std::string& path, const std::string& target) {
    // Made here, empty, because SQLite makes files with the mode that the umask leaves.
    const int descriptor = ::open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        const bool exists = errno == EEXIST;
        return failure(ErrorClass::invalid,
                       exists ? "identity.backup_exists" : "identity.backup_failed",
                       "The backup " + target +
                           " cannot be made: " + std::generic_category().message(errno) + '.');
    }
    Result<Database> database = Database::open(path, Access::write);
    Result<void> copied = database ? Result<void>() : tl::unexpected<Error>(database.error());
    if (copied) {
        Result<Statement> vacuum = database->prepare("VACUUM INTO ?");
        if (vacuum) {
            vacuum->bind_text(1, target);
            copied = vacuum->run();
        } else {
            copied = tl::unexpected<Error>(std::move(vacuum.error()));
        }
    }
    if (copied && ::fsync(descriptor) != 0) {
        copied = failure(ErrorClass::failed, "identity.backup_failed",
                         "The backup " + target + " cannot be written to the disk: " +
                             std::generic_category().message(errno) + '.');
    }
    ::close(descriptor);
    if (copied) {
        copied = sync_folder_of(target);
    }
    if (!copied) {
        (void)::unlink(target.c_str());
    }
    return copied;
}

}  // namespace patchbay::identity
