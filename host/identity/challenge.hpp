// SPDX-License-Identifier: Apache-2.0
/// \file
/// Challenge and response for claims that have a key: the agent signs a text that holds a random
/// nonce, its own id, the network and a time. Each challenge is good for one answer, whatever that
/// is, within its time; so an answer that was overheard is of no use.
#pragma once

#include "identity/public_key.hpp"

#include <patchbay/result.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::identity {

struct Challenge {
    /// 64 hexadecimal digits.
    std::string nonce;
    /// What is to be signed, with Ed25519, byte for byte. ASCII.
    std::string message;
    /// Nanoseconds since 1970.
    std::uint64_t expires_at = 0;

    /// `{"algorithm": "Ed25519", "nonce": ..., "message": ..., "expires_at": SECONDS}`.
    [[nodiscard]] std::string to_json() const;
};

struct ChallengeLimits {
    std::chrono::nanoseconds lifetime = std::chrono::seconds(60);
    /// Outstanding ones; the oldest go first.
    std::size_t outstanding = 4'096;
};

/// Thread-safe.
class Challenges {
  public:
    explicit Challenges(std::string network_id, ChallengeLimits limits = {});

    /// `wall` and `monotonic` are the clock's, now.
    [[nodiscard]] Challenge make(std::string_view agent_id, std::uint64_t wall,
                                 std::uint64_t monotonic);
    /// Judges `proof`, a JSON object with `nonce` and `signature` (hexadecimal), and spends the
    /// challenge. Codes: `identity.challenge_refused`, `identity.proof_refused`.
    [[nodiscard]] Result<void> verify(std::string_view agent_id, const PublicKey& key,
                                      std::string_view proof, std::uint64_t monotonic);
    [[nodiscard]] std::size_t outstanding() const;

  private:
    using Nonce = std::array<unsigned char, 32>;
    struct NonceHash {
        std::size_t operator()(const Nonce& nonce) const noexcept;
    };
    struct Pending {
        std::string agent_id;
        std::string message;
        std::uint64_t until = 0;  ///< monotonic
    };

    void drop_expired(std::uint64_t monotonic);

    const std::string network_id_;
    const ChallengeLimits limits_;
    mutable std::mutex mutex_;
    std::unordered_map<Nonce, Pending, NonceHash> pending_;
    std::deque<Nonce> order_;  ///< oldest first; may hold spent ones
};

}  // namespace patchbay::identity
