// SPDX-License-Identifier: Apache-2.0
#include "local_node.hpp"

#include <utility>

namespace patchbay::local {

namespace {

/// Without a lock held: a call leads to other lanes.
void call_all(const std::vector<std::function<void()>>& waiting) {
    for (const auto& call : waiting) {
        call();
    }
}

}  // namespace

Inbox::Put Inbox::put(const Carried& carried, const std::function<void()>& room) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return Put::closed;
        }
        if (envelopes_.size() >= bound_) {
            waiting_.push_back(room);  // as many as sends are in progress
            return Put::full;
        }
        first = envelopes_.empty();
        envelopes_.push_back(carried);
    }
    if (first) {
        arrived_();
    }
    return Put::done;
}

std::optional<Carried> Inbox::take() {
    std::vector<std::function<void()>> waiting;
    std::optional<Carried> carried;
    {
        const std::lock_guard lock(mutex_);
        if (envelopes_.empty()) {
            return std::nullopt;
        }
        carried = std::move(envelopes_.front());
        envelopes_.pop_front();
        waiting.swap(waiting_);
    }
    call_all(waiting);
    return carried;
}

bool Inbox::is_closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
}

void Inbox::close() {
    std::vector<std::function<void()>> waiting;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting.swap(waiting_);
    }
    call_all(waiting);
}

std::shared_ptr<Node> Node::named(const std::string& name) {
    // The one piece of state that instances of a library share: without it they could not meet. It
    // holds no node by itself, so that nothing outlives the last connection.
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<Node>> nodes;
    const std::lock_guard lock(mutex);
    std::erase_if(nodes, [](const auto& entry) { return entry.second.expired(); });
    std::shared_ptr<Node> node = nodes[name].lock();
    if (!node) {
        node = std::make_shared<Node>();
        nodes[name] = node;
    }
    return node;
}

Result<void> Node::enter(const std::string& address, std::shared_ptr<Inbox> inbox) {
    const std::lock_guard lock(mutex_);
    if (!inboxes_.emplace(address, std::move(inbox)).second) {
        return failure(ErrorClass::invalid, "local.address_taken",
                       "Another local connection has the address '" + address + "' already.");
    }
    return {};
}

void Node::leave(const std::string& address) {
    const std::lock_guard lock(mutex_);
    inboxes_.erase(address);
}

std::shared_ptr<Inbox> Node::find(std::string_view address) const {
    const std::lock_guard lock(mutex_);
    const auto found = inboxes_.find(address);
    return found == inboxes_.end() ? nullptr : found->second;
}

}  // namespace patchbay::local
