// SPDX-License-Identifier: Apache-2.0
/// \file
/// SQLite with owners and results: a database closes itself, a statement finalizes itself, and
/// every failure says which file it was about and what to do. Write-ahead log, so that the command
/// line reads while the host writes.
#pragma once

#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace patchbay::storage {

/// A prepared statement. Use `bind`, `step` until it says false, `reset`, and again. Columns count
/// from 0, parameters from 1. Must not outlive its database.
class Statement {
  public:
    Statement(std::shared_ptr<sqlite3> database, sqlite3_stmt* statement, std::string path);

    void bind(int parameter, std::int64_t value);
    void bind_text(int parameter, std::string_view value);
    void bind_bytes(int parameter, std::string_view value);
    void bind_null(int parameter);

    /// True: there is a row. False: done.
    [[nodiscard]] Result<bool> step();
    /// Runs a statement that gives no rows, and makes it ready for the next time.
    [[nodiscard]] Result<void> run();
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string bytes(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::shared_ptr<sqlite3> database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    std::string path_;
};

enum class Access : std::uint8_t {
    read,   ///< the file must be there
    write,  ///< the file must be there
    create  ///< it is made, with mode 0600, when it is not there
};

/// One connection to a database file. Used by one thread at a time.
class Database {
  public:
    /// Codes: `storage.missing`, `storage.corrupt`, `storage.busy`, `storage.full`,
    /// `storage.failed`. Waits up to `busy` for other processes.
    [[nodiscard]] static Result<Database> open(
        const std::string& path, Access access,
        std::chrono::milliseconds busy = std::chrono::milliseconds(5'000));

    [[nodiscard]] Result<void> execute(const char* sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// Rows that the last statement changed.
    [[nodiscard]] std::int64_t changes() const;
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Brings the schema up to date: step i leads from version i to i + 1 (PRAGMA user_version),
    /// all in one transaction. Code `storage.newer`: a newer host has written the file.
    [[nodiscard]] Result<void> migrate(std::initializer_list<const char*> steps);
    /// For readers: fails with `storage.newer` or `storage.older`.
    [[nodiscard]] Result<void> expect_version(std::int64_t version);

  private:
    Database(std::shared_ptr<sqlite3> database, std::string path);

    std::shared_ptr<sqlite3> database_;
    std::string path_;
};

/// A transaction that is rolled back unless it was committed.
class Transaction {
  public:
    explicit Transaction(Database& database) : database_(&database) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> commit();

  private:
    Database* database_;
    bool open_ = false;
};

/// Moves a damaged database, with its log files, out of the way, to PATH.corrupt-UTCTIME, and
/// returns the new name.
[[nodiscard]] Result<std::string> set_aside(const std::string& path);

}  // namespace patchbay::storage
