// SPDX-License-Identifier: Apache-2.0
/// \file
/// A batch of envelopes as a `BatchConnection` gets it, and what becomes of each: it is done unless
/// something else is said. Nothing here allocates except for an error.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstring>

namespace patchbay {

namespace detail {
class BatchTraffic;
}  // namespace detail

/// Valid while `on_batch` runs.
class Batch {
  public:
    Batch(detail::BatchTraffic& traffic, const patchbay_array& envelopes)
        : traffic_(traffic), envelopes_(envelopes) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return envelopes_.count; }
    /// Its views are valid until `on_batch` returns; those of one that was kept, until that one is
    /// completed.
    [[nodiscard]] TakenEnvelope operator[](std::size_t index) const {
        patchbay_envelope abi{};
        const std::size_t known = sizeof abi;
        const std::size_t size = envelopes_.stride < known ? envelopes_.stride : known;
        std::memcpy(&abi, patchbay_array_at(&envelopes_, static_cast<std::uint32_t>(index)), size);
        return TakenEnvelope(abi);
    }

    /// Answers envelope `index` with a message of `size` bytes, to be written to the memory that it
    /// returns before `on_batch` does. The answer goes back to the lane that asked, from the
    /// address that was written to, in the same protocol and with the same uri; it takes over the
    /// hops, so that two connections that answer each other come to an end. All answers of a batch
    /// are delivered together after `on_batch`; one without room at its destination is held and
    /// delivered later. The envelope is done when its answer was accepted, and fails with the
    /// answer. Null without memory: then the envelope has failed, with `reply.no_memory` (class
    /// overloaded) or `reply.too_large` (class invalid).
    [[nodiscard]] char* reply(std::size_t index, std::size_t size);

    /// Fails envelope `index` now, with this code and text. An answer to it is withdrawn.
    void fail(std::size_t index, const Error& error);
    /// It answers a dialogue that this generation does not hold; the host asks older ones.
    void not_mine(std::size_t index);
    /// It stays with the connection, which completes its token later with
    /// `BatchConnection::complete`, also when it is cancelled.
    void keep(std::size_t index);

  private:
    detail::BatchTraffic& traffic_;
    const patchbay_array& envelopes_;
};

}  // namespace patchbay
