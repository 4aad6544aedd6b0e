// SPDX-License-Identifier: Apache-2.0
/// \file
/// Claims, tokens and the audit log in one SQLite file: write-ahead log, synchronous=FULL, so that
/// a transaction that was committed survives kill -9 and loss of power. A claim is one row, written
/// as a whole. Used by one thread at a time.
#pragma once

#include "identity/audit.hpp"
#include "identity/stored_claim.hpp"
#include "storage/database.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::identity {

/// A one-time token; of the token itself only the SHA-256 is kept.
struct StoredToken {
    std::uint64_t number = 0;
    /// Empty = for any id.
    std::string agent_id;
    std::string note;
    std::uint64_t issued_at = 0;
    std::uint64_t expires_at = 0;
};

inline constexpr std::size_t max_audit_text_bytes = 512;

class ClaimStore {
  public:
    /// Opens, makes or migrates the file, and checks all of it. Codes: `identity.store_damaged`
    /// (nothing is changed then: who would start without the claims gives every id away),
    /// `storage.*`.
    [[nodiscard]] static Result<ClaimStore> open(const std::string& path);

    /// All claims, in no order.
    [[nodiscard]] Result<void> load(const std::function<void(StoredClaim)>& each);

    // ---- Within one transaction ----
    [[nodiscard]] Result<void> begin();
    /// On failure nothing of the transaction is there.
    [[nodiscard]] Result<void> commit();
    void roll_back();

    /// A number that no claim of this store had or will have.
    [[nodiscard]] Result<std::uint64_t> next_number();
    [[nodiscard]] Result<void> put(const StoredClaim& claim);
    [[nodiscard]] Result<void> remove(std::string_view agent_id);

    [[nodiscard]] Result<std::uint64_t> add_token(const StoredToken& token, const Digest& digest);
    [[nodiscard]] Result<std::optional<StoredToken>> find_token(const Digest& digest);
    /// False when there is none of that number.
    [[nodiscard]] Result<bool> remove_token(std::uint64_t number);
    [[nodiscard]] Result<void> remove_expired_tokens(std::uint64_t wall);
    [[nodiscard]] Result<std::size_t> token_count();

    /// Texts are cut to `max_audit_text_bytes`. Keeps at most about `rows` (64 more at times).
    [[nodiscard]] Result<void> add_audit(const AuditEntry& entry, std::size_t rows);

    // ---- Readers: on a connection of their own, beside the writer ----
    [[nodiscard]] static Result<std::vector<StoredToken>> tokens(const std::string& path,
                                                                 std::uint64_t wall,
                                                                 std::size_t limit);
    [[nodiscard]] static Result<std::vector<AuditEntry>> audit_log(const std::string& path,
                                                                   std::size_t limit);
    /// Codes: `identity.backup_exists`, `identity.backup_failed`.
    [[nodiscard]] static Result<void> backup(const std::string& path, const std::string& target);

  private:
    struct Statements;
    ClaimStore(storage::Database database, std::shared_ptr<Statements> statements);

    storage::Database database_;
    std::shared_ptr<Statements> statements_;
    bool open_ = false;  ///< a transaction
};

}  // namespace patchbay::identity
