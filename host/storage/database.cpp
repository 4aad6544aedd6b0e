// SPDX-License-Identifier: Apache-2.0
#include "storage/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

namespace patchbay::storage {

namespace {

tl::unexpected<Error> sqlite_failure(sqlite3* database, int code, const std::string& path) {
    const std::string reason =
        database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    const std::string where = "The database " + path;
    switch (code & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return failure(ErrorClass::failed, "storage.corrupt",
                           where + " is damaged: " + reason + '.');
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return failure(ErrorClass::overloaded, "storage.busy",
                           where + " is in use by another process: " + reason + '.');
        case SQLITE_FULL:
            return failure(ErrorClass::overloaded, "storage.full",
                           where + " cannot grow: " + reason + '.');
        case SQLITE_CANTOPEN:
            return failure(ErrorClass::failed, "storage.missing",
                           where + " cannot be opened: " + reason + '.');
        default:
            return failure(ErrorClass::failed, "storage.failed",
                           where + " failed: " + reason + '.');
    }
}

}  // namespace

// ---- Statement ---------------------------------------------------------------------------------

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    (void)sqlite3_finalize(statement);
}

Statement::Statement(std::shared_ptr<sqlite3> database, sqlite3_stmt* statement, std::string path)
    : database_(std::move(database)), statement_(statement), path_(std::move(path)) {}

// Binding fails only for parameters that the SQL text does not have, which the tests would show, or
// without memory, and then the next step fails.
void Statement::bind(int parameter, std::int64_t value) {
    (void)sqlite3_bind_int64(statement_.get(), parameter, value);
}

void Statement::bind_text(int parameter, std::string_view value) {
    (void)sqlite3_bind_text64(statement_.get(), parameter, value.data() ? value.data() : "",
                              value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind_bytes(int parameter, std::string_view value) {
    (void)sqlite3_bind_blob64(statement_.get(), parameter, value.data() ? value.data() : "",
                              value.size(), SQLITE_TRANSIENT);
}

void Statement::bind_null(int parameter) {
    (void)sqlite3_bind_null(statement_.get(), parameter);
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code == SQLITE_DONE) {
        return false;
    }
    return sqlite_failure(database_.get(), code, path_);
}

Result<void> Statement::run() {
    Result<bool> result = step();
    while (result && *result) {
        result = step();
    }
    if (!result) {
        tl::unexpected<Error> error(std::move(result.error()));
        reset();
        return error;
    }
    reset();
    return {};
}

void Statement::reset() {
    (void)sqlite3_reset(statement_.get());
    (void)sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) {
        return std::nullopt;
    }
    return integer(column);
}

// ---- Database ----------------------------------------------------------------------------------

Database::Database(std::shared_ptr<sqlite3> database, std::string path)
    : database_(std::move(database)), path_(std::move(path)) {}

Result<Database> Database::open(const std::string& path, Access access,
                                std::chrono::milliseconds busy) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (access == Access::read) {
        flags |= SQLITE_OPEN_READONLY;
    } else {
        flags |= SQLITE_OPEN_READWRITE;
    }
    if (access == Access::create) {
        // Made here, because SQLite makes files with the mode that the umask leaves.
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0) {
            return failure(ErrorClass::failed, "storage.missing",
                           "The database " + path +
                               " cannot be made: " + std::generic_category().message(errno) + '.');
        }
        ::close(descriptor);
    }
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    const std::shared_ptr<sqlite3> database(
        raw, [](sqlite3* connection) { (void)sqlite3_close_v2(connection); });
    if (code != SQLITE_OK) {
        return sqlite_failure(raw, code, path);
    }
    (void)sqlite3_busy_timeout(raw, static_cast<int>(busy.count()));
    Database result(database, path);
    // The first statement that looks at the file: a damaged header shows here.
    Result<void> looked = access == Access::read
                              ? result.execute("PRAGMA schema_version")
                              : result.execute("PRAGMA journal_mode=WAL; PRAGMA cache_size=-512");
    if (!looked) {
        return tl::unexpected<Error>(std::move(looked.error()));
    }
    return result;
}

Result<void> Database::execute(const char* sql) {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return sqlite_failure(database_.get(), code, path_);
    }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
    if (code != SQLITE_OK) {
        return sqlite_failure(database_.get(), code, path_);
    }
    return Statement(database_, statement, path_);
}

std::int64_t Database::changes() const {
    return sqlite3_changes64(database_.get());
}

Result<void> Database::expect_version(std::int64_t version) {
    Result<Statement> statement = prepare("PRAGMA user_version");
    if (!statement) {
        return tl::unexpected<Error>(std::move(statement.error()));
    }
    const Result<bool> row = statement->step();
    if (!row) {
        return tl::unexpected<Error>(row.error());
    }
    const std::int64_t found = statement->integer(0);
    if (found > version) {
        return failure(ErrorClass::failed, "storage.newer",
                       "The database " + path_ + " was written by a newer host (version " +
                           std::to_string(found) + "; this one knows " + std::to_string(version) +
                           ").");
    }
    if (found < version) {
        return failure(ErrorClass::failed, "storage.older",
                       "The database " + path_ + " has the version " + std::to_string(found) +
                           " of an older host; the host brings it to " + std::to_string(version) +
                           " when it starts.");
    }
    return {};
}

Result<void> Database::migrate(std::initializer_list<const char*> steps) {
    const auto newest = static_cast<std::int64_t>(steps.size());
    Result<void> version = expect_version(newest);
    if (version || version.error().code != "storage.older") {
        return version;
    }
    Transaction transaction(*this);
    Result<void> result = transaction.begin();
    // Looked at again: another process may have been faster.
    std::int64_t found = 0;
    if (result) {
        Result<Statement> statement = prepare("PRAGMA user_version");
        if (!statement) {
            return tl::unexpected<Error>(std::move(statement.error()));
        }
        const Result<bool> row = statement->step();
        if (!row) {
            return tl::unexpected<Error>(row.error());
        }
        found = statement->integer(0);
    }
    for (std::int64_t step = found; result && step < newest; ++step) {
        result = execute(*(steps.begin() + step));
    }
    if (result) {
        result = execute(("PRAGMA user_version=" + std::to_string(newest)).c_str());
    }
    if (result) {
        result = transaction.commit();
    }
    return result;
}

// ---- Transaction -------------------------------------------------------------------------------

Transaction::~Transaction() {
    if (open_) {
        (void)database_->execute("ROLLBACK");
    }
}

Result<void> Transaction::begin() {
    Result<void> result = database_->execute("BEGIN IMMEDIATE");
    open_ = result.has_value();
    return result;
}

Result<void> Transaction::commit() {
    Result<void> result = database_->execute("COMMIT");
    if (result) {
        open_ = false;
    }
    return result;
}

Result<std::string> set_aside(const std::string& path) {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    (void)::gmtime_r(&now, &utc);
    std::array<char, 32> stamp{};
    (void)std::strftime(stamp.data(), stamp.size(), ".corrupt-%Y%m%dT%H%M%SZ", &utc);
    std::string target = path + stamp.data();
    std::error_code error;
    for (int number = 2; std::filesystem::exists(target, error) && number < 100; ++number) {
        target = path + stamp.data() + '-' + std::to_string(number);
    }
    std::filesystem::rename(path, target, error);
    if (error) {
        return failure(ErrorClass::failed, "storage.failed",
                       "The damaged database " + path + " cannot be moved to " + target + ": " +
                           error.message() + '.');
    }
    for (const char* suffix : {"-wal", "-shm"}) {
        std::filesystem::rename(path + suffix, target + suffix, error);
    }
    return target;
}

}  // namespace patchbay::storage
