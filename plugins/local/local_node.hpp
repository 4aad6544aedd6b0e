// SPDX-License-Identifier: Apache-2.0
/// \file
/// The node that connects the local connections of one host: who has which address, and a bounded
/// inbox for each. Instances live on lanes of their own, so that everything here is locked.
#pragma once

#include <patchbay/envelope.hpp>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::local {

/// An envelope on its way through the node. The hops go with it, so that a circle of routes ends.
struct Carried {
    Envelope envelope;
    std::uint32_t hops = 0;
};

/// What arrived for one address. Closed when its connection disconnects.
class Inbox {
  public:
    /// `arrived` is called after an envelope came into an empty inbox, on the sender's thread.
    Inbox(std::size_t bound, std::function<void()> arrived)
        : bound_(bound), arrived_(std::move(arrived)) {}

    enum class Put : std::uint8_t { done, full, closed };
    /// When full, `room` is called once there is room again, or the inbox was closed.
    Put put(const Carried& carried, const std::function<void()>& room);
    std::optional<Carried> take();
    [[nodiscard]] bool is_closed();
    void close();

  private:
    const std::size_t bound_;
    const std::function<void()> arrived_;
    std::mutex mutex_;
    bool closed_ = false;
    std::deque<Carried> envelopes_;
    std::vector<std::function<void()>> waiting_;
};

class Node {
  public:
    /// The node of that name, made for the first connection that asks and gone with the last.
    [[nodiscard]] static std::shared_ptr<Node> named(const std::string& name);

    /// Fails with `local.address_taken`.
    [[nodiscard]] Result<void> enter(const std::string& address, std::shared_ptr<Inbox> inbox);
    void leave(const std::string& address);
    /// Null when nobody has the address.
    [[nodiscard]] std::shared_ptr<Inbox> find(std::string_view address) const;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Inbox>, std::less<>> inboxes_;
};

}  // namespace patchbay::local
