// SPDX-License-Identifier: Apache-2.0
/// \file
/// The connections of one lane, kept per origin and used again, the latest used first. Within the
/// limits per origin and in all; beyond them requests wait in order, and an idle connection makes
/// room for an origin that has none to spare. Nothing is opened in advance.
#pragma once

#include "exchange.hpp"
#include "lane_services.hpp"
#include "origin.hpp"
#include "persistent_connection.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchbay::http_client {

/// [lane]
class ConnectionPool final : private PersistentConnection::Owner {
  public:
    /// Whose requests these are. None may throw.
    class Requester {
      public:
        Requester() = default;
        Requester(const Requester&) = delete;
        Requester& operator=(const Requester&) = delete;
        /// The response is in the exchange's reader, valid until this returns.
        virtual void on_response(Exchange& exchange) noexcept = 0;
        /// `kept`: it failed on a connection that had served another before.
        virtual void on_failure(Exchange& exchange, const Error& why, bool kept) noexcept = 0;

      protected:
        ~Requester() = default;
    };

    ConnectionPool(LaneServices& services, Requester& requester);
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ~ConnectionPool();

    /// The origin of a URL, valid until the next call for another. Fails by the access rules.
    [[nodiscard]] Result<Origin*> origin_of(const Url& url);

    /// Sends the exchange's request to its origin, now or when there is a connection.
    /// `http_client.too_many_waiting` (class overloaded) when too many wait already.
    [[nodiscard]] Result<void> acquire(Exchange& exchange);
    /// The exchange no longer wants its connection, or its place in the queue.
    void abandon(Exchange& exchange) noexcept;
    /// To be called at the end of each turn: gives what has become free to those who wait.
    void end_turn() noexcept;

    /// Connections open or being opened.
    [[nodiscard]] std::size_t size() const noexcept { return total_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] std::uint64_t opened() const noexcept { return opened_; }

  private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    template <class Value>
    using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

    void on_closed(PersistentConnection& connection, Exchange* exchange,
                   const Error& why) noexcept override;
    void on_response(Exchange& exchange) noexcept override;
    void on_reusable(PersistentConnection& connection) noexcept override;

    bool use_idle(Exchange& exchange);
    [[nodiscard]] bool make_room(Origin& origin, bool for_fresh) noexcept;
    bool close_an_idle_one() noexcept;
    void close_idle(PersistentConnection& connection) noexcept;
    void open_for(Exchange& exchange);
    void account_for_closed(PersistentConnection& connection) noexcept;
    Exchange& next_waiting(Origin& origin) noexcept;
    void forget_unused();

    LaneServices& services_;
    Requester& requester_;
    const ConnectionLimits& limits_;

    TextMap<std::unique_ptr<Origin>> origins_;
    /// Scheme and authority as they were written, to the origin; nothing here holds a password.
    TextMap<Origin*> spellings_;

    std::vector<std::unique_ptr<PersistentConnection>> connections_;
    std::vector<PersistentConnection*> unused_;
    /// Closed in this turn; one of them may be calling.
    std::vector<PersistentConnection*> retired_;
    /// Idle ones of all origins, the latest used first.
    IntrusiveList<PersistentConnection::Recency> idle_;
    /// Origins whose requests wait only for the limit in all.
    IntrusiveList<Origin> starving_;
    std::size_t total_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t opened_ = 0;
};

}  // namespace patchbay::http_client
