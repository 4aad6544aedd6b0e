// SPDX-License-Identifier: Apache-2.0
#include "connection_pool.hpp"

#include <utility>

namespace patchbay::http_client {

namespace {

/// Origins that are remembered without a connection, and spellings of them.
constexpr std::size_t most_origins = 4096;

}  // namespace

ConnectionPool::ConnectionPool(LaneServices& services, Requester& requester)
    : services_(services), requester_(requester), limits_(services.options.connections) {}

ConnectionPool::~ConnectionPool() = default;

// ---- Origins ------------------------------------------------------------------------------------

Result<Origin*> ConnectionPool::origin_of(const Url& url) {
    if (const auto known = spellings_.find(url.prefix); known != spellings_.end()) {
        return known->second;
    }
    if (auto allowed = services_.options.access.check(url); !allowed) {
        return tl::unexpected<Error>(std::move(allowed.error()));
    }
    if (origins_.size() >= most_origins || spellings_.size() >= most_origins) {
        forget_unused();
    }
    std::unique_ptr<Origin>& origin = origins_[origin_text(url)];
    if (!origin) {
        origin = std::make_unique<Origin>(url, services_.options.proxy.proxy_for(url));
    }
    if (url.userinfo.empty()) {
        spellings_.emplace(url.prefix, origin.get());
    }
    return origin.get();
}

void ConnectionPool::forget_unused() {
    spellings_.clear();
    std::erase_if(origins_, [](const auto& entry) {
        return entry.second->connections == 0 && entry.second->waiting.empty();
    });
}

// ---- Who gets a connection ----------------------------------------------------------------------

Result<void> ConnectionPool::acquire(Exchange& exchange) {
    Origin& origin = *exchange.origin;
    if (!exchange.wants_fresh && use_idle(exchange)) {
        return {};
    }
    if (make_room(origin, exchange.wants_fresh)) {
        open_for(exchange);
        return {};
    }
    if (waiting_ >= limits_.waiting) {
        return failure(ErrorClass::overloaded, "http_client.too_many_waiting",
                       "Too many requests wait for a connection already.");
    }
    origin.waiting.push_back(exchange);
    ++waiting_;
    if (origin.connections < limits_.per_origin && !origin.is_linked()) {
        starving_.push_back(origin);
    }
    return {};
}

bool ConnectionPool::use_idle(Exchange& exchange) {
    Origin& origin = *exchange.origin;
    while (!origin.idle.empty()) {
        PersistentConnection& connection = origin.idle.front();
        // A request that must not be sent twice is not sent where nobody listens any more.
        if (!is_idempotent(exchange.request.method) && connection.has_ended()) {
            close_idle(connection);
            continue;
        }
        connection.leave_idle();
        connection.send(exchange);
        return true;
    }
    return false;
}

bool ConnectionPool::make_room(Origin& origin, bool for_fresh) noexcept {
    if (origin.connections >= limits_.per_origin) {
        if (!for_fresh || origin.idle.empty()) {
            return false;
        }
        close_idle(origin.idle.back());
    }
    return total_ < limits_.total || close_an_idle_one();
}

bool ConnectionPool::close_an_idle_one() noexcept {
    if (idle_.empty()) {
        return false;
    }
    close_idle(idle_.back().connection);
    return true;
}

void ConnectionPool::close_idle(PersistentConnection& connection) noexcept {
    connection.leave_idle();
    connection.close();
    account_for_closed(connection);
}

void ConnectionPool::open_for(Exchange& exchange) {
    if (unused_.empty()) {
        PersistentConnection::Owner& owner = *this;
        connections_.push_back(std::make_unique<PersistentConnection>(services_, owner));
        // So that giving one back never allocates.
        unused_.reserve(connections_.capacity());
        retired_.reserve(connections_.capacity());
        unused_.push_back(connections_.back().get());
    }
    PersistentConnection& connection = *unused_.back();
    unused_.pop_back();
    ++exchange.origin->connections;
    ++total_;
    ++opened_;
    connection.open(*exchange.origin, exchange);
}

Exchange& ConnectionPool::next_waiting(Origin& origin) noexcept {
    Exchange& exchange = origin.waiting.front();
    origin.waiting.pop_front();
    --waiting_;
    return exchange;
}

void ConnectionPool::abandon(Exchange& exchange) noexcept {
    if (exchange.is_linked()) {
        exchange.unlink();
        --waiting_;
        return;
    }
    if (PersistentConnection* const connection = exchange.connection; connection != nullptr) {
        connection->close();
        account_for_closed(*connection);
    }
}

void ConnectionPool::account_for_closed(PersistentConnection& connection) noexcept {
    Origin& origin = connection.origin();
    --origin.connections;
    --total_;
    retired_.push_back(&connection);
    if (!origin.waiting.empty() && !origin.is_linked()) {
        starving_.push_back(origin);
    }
}

void ConnectionPool::end_turn() noexcept {
    while (!starving_.empty()) {
        Origin& origin = starving_.front();
        if (origin.waiting.empty() || origin.connections >= limits_.per_origin) {
            starving_.pop_front();
            continue;
        }
        if (total_ >= limits_.total && !close_an_idle_one()) {
            break;
        }
        starving_.pop_front();  // others have their turn before it has another
        open_for(next_waiting(origin));
        if (!origin.waiting.empty() && !origin.is_linked()) {
            starving_.push_back(origin);
        }
    }
    unused_.insert(unused_.end(), retired_.begin(), retired_.end());
    retired_.clear();
}

// ---- What the connections say -------------------------------------------------------------------

void ConnectionPool::on_closed(PersistentConnection& connection, Exchange* exchange,
                               const Error& why) noexcept {
    connection.leave_idle();
    account_for_closed(connection);
    if (exchange != nullptr) {
        requester_.on_failure(*exchange, why, connection.is_kept());
    }
}

void ConnectionPool::on_response(Exchange& exchange) noexcept {
    requester_.on_response(exchange);
}

void ConnectionPool::on_reusable(PersistentConnection& connection) noexcept {
    Origin& origin = connection.origin();
    if (!origin.waiting.empty()) {
        connection.send(next_waiting(origin));
        return;
    }
    origin.idle.push_front(connection);
    idle_.push_front(connection.recency);
    connection.rest();
}

}  // namespace patchbay::http_client
