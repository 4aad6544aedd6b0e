// SPDX-License-Identifier: Apache-2.0
/// \file
/// The agents that are registered: id to session, and what is known of it. In memory only; who owns
/// an id is kept by claims.hpp.
///
/// An agent without traffic costs a slot here, its texts in one allocation, three index entries and
/// its part of the heartbeat.
#pragma once

#include "identity/heartbeat.hpp"
#include "identity/transports.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace patchbay::identity {

/// Views live until the session is changed or removed.
struct Session {
    SessionNumber number = 0;  ///< 0 = the slot is free
    /// The transport's number for the socket.
    std::uint64_t connection = 0;
    TransportLane lane{};
    /// False: its socket has closed, and it may come back.
    bool online = false;
    /// The claim (`ClaimInfo::claim`) that its registration, or its own claim, has proven.
    std::uint64_t proven_claim = 0;
    /// Nanoseconds since 1970.
    std::uint64_t since = 0;

    [[nodiscard]] std::string_view agent_id() const noexcept { return part(0); }
    [[nodiscard]] std::string_view metadata() const noexcept { return part(1); }
    [[nodiscard]] std::string_view remote() const noexcept { return part(2); }
    [[nodiscard]] std::string_view transport() const noexcept { return part(3); }
    /// All four; the id does not change while the session is in the book.
    void set_texts(std::string_view agent_id, std::string_view metadata, std::string_view remote,
                   std::string_view transport);
    /// Heap bytes that it owns.
    [[nodiscard]] std::size_t text_bytes() const noexcept { return ends_[3]; }

  private:
    [[nodiscard]] std::string_view part(std::size_t index) const noexcept {
        const std::uint32_t begin = index == 0 ? 0 : ends_[index - 1];
        return {text_.get() + begin, ends_[index] - begin};
    }

    std::unique_ptr<char[]> text_;
    std::uint32_t ends_[4] = {};
};

/// Serialised by the caller.
class Sessions {
  public:
    Sessions();
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    ~Sessions();

    /// Takes a session whose number is new, and whose id is not in the book.
    Session& add(Session session);
    void remove(SessionNumber number);
    /// It is another socket's from now on, of the same instance.
    void move(SessionNumber number, const TransportLane& lane, std::uint64_t connection);
    /// Null when there is none, or none any more.
    [[nodiscard]] Session* find(SessionNumber number) noexcept;
    [[nodiscard]] const Session* find(SessionNumber number) const noexcept;
    [[nodiscard]] Session* find(std::string_view agent_id) noexcept;
    [[nodiscard]] const Session* find(std::string_view agent_id) const noexcept;
    /// The session of that socket of the instance.
    [[nodiscard]] Session* find(std::uint32_t instance, std::uint64_t connection) noexcept;
    /// The first one in byte order whose id follows `after`; null at the end.
    [[nodiscard]] const Session* next(std::string_view after) const noexcept;
    /// Numbers of the sessions of that generation.
    [[nodiscard]] std::vector<SessionNumber> of(std::uint32_t instance,
                                                std::uint32_t generation) const;
    [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }
    [[nodiscard]] std::size_t online() const noexcept;

  private:
    struct Socket {
        std::uint32_t instance;
        std::uint64_t connection;
    };
    struct Hash {
        using is_transparent = void;
        const std::deque<Session>* slots;
        [[nodiscard]] std::size_t operator()(std::string_view agent_id) const noexcept;
        [[nodiscard]] std::size_t operator()(std::uint32_t slot) const noexcept;
    };
    struct Equal {
        using is_transparent = void;
        const std::deque<Session>* slots;
        [[nodiscard]] bool operator()(std::uint32_t left, std::uint32_t right) const noexcept {
            return left == right;
        }
        [[nodiscard]] bool operator()(std::string_view agent_id, std::uint32_t slot) const noexcept;
        [[nodiscard]] bool operator()(std::uint32_t slot, std::string_view agent_id) const noexcept;
    };
    struct Less {
        using is_transparent = void;
        const std::deque<Session>* slots;
        [[nodiscard]] bool operator()(std::uint32_t left, std::uint32_t right) const noexcept;
        [[nodiscard]] bool operator()(std::string_view agent_id, std::uint32_t slot) const noexcept;
        [[nodiscard]] bool operator()(std::uint32_t slot, std::string_view agent_id) const noexcept;
    };
    struct SocketHash {
        using is_transparent = void;
        const std::deque<Session>* slots;
        [[nodiscard]] std::size_t operator()(const Socket& socket) const noexcept;
        [[nodiscard]] std::size_t operator()(std::uint32_t slot) const noexcept;
    };
    struct SocketEqual {
        using is_transparent = void;
        const std::deque<Session>* slots;
        [[nodiscard]] bool operator()(std::uint32_t left, std::uint32_t right) const noexcept {
            return left == right;
        }
        [[nodiscard]] bool operator()(const Socket& socket, std::uint32_t slot) const noexcept;
        [[nodiscard]] bool operator()(std::uint32_t slot, const Socket& socket) const noexcept;
    };

    /// By slot of the number.
    std::deque<Session> slots_;
    std::unordered_set<std::uint32_t, Hash, Equal> by_id_;
    std::set<std::uint32_t, Less> in_order_;
    std::unordered_set<std::uint32_t, SocketHash, SocketEqual> by_socket_;
};

}  // namespace patchbay::identity
