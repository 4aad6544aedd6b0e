// SPDX-License-Identifier: Apache-2.0
/// \file
/// Connects agents of one process without a network: each instance has an address, and an envelope
/// sent through any of them arrives at the instance whose address is its `to`. After upstream's
/// fetchai/local: an unknown destination is answered with an error message of fetchai/default.
#include "local_node.hpp"

#include <patchbay/connection.hpp>
#include <patchbay/dialogue.hpp>
#include <patchbay/protocols/default.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace {

using patchbay::Awaitable;
using patchbay::Envelope;
using patchbay::EnvelopeView;
using patchbay::Error;
using patchbay::ErrorClass;
using patchbay::failure;
using patchbay::Result;
using patchbay::success;
using patchbay::TakenEnvelope;
using patchbay::Timer;
using patchbay::local::Carried;
using patchbay::local::Inbox;
using patchbay::local::Node;

namespace protocols = patchbay::protocols;

/// How other lanes reach a lane: inboxes of the node keep it, and may outlive the lane. Once it is
/// closed nothing is posted there any more.
class Bell {
  public:
    explicit Bell(const patchbay::Executor& lane) : lane_(lane) {}

    /// Ends the waits on a timer of the lane, from any thread. A wait that begins later than this
    /// was called has looked before: both run on the lane.
    void ring(std::weak_ptr<Timer> timer) {
        const std::lock_guard lock(mutex_);
        if (open_) {
            boost::asio::post(lane_, [timer = std::move(timer)] {
                if (const auto waiting = timer.lock()) {
                    waiting->cancel();
                }
            });
        }
    }
    void close() {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }

  private:
    std::mutex mutex_;
    bool open_ = true;
    patchbay::Executor lane_;
};

/// Sender of what the node itself says.
constexpr std::string_view node_address = "local_node";

class LocalConnection : public patchbay::Connection {
  public:
    explicit LocalConnection(patchbay::Host& host)
        : Connection(host),
          address_(config().get<std::string>("address", "")),
          node_name_(config().get<std::string>("node", "local")),
          inbox_size_(config().get<std::uint32_t>("inbox_size", 1024)),
          dialogues_(std::string(node_address), protocols::default_dialogue_rules, {1024, 4}) {
        if (address_.empty()) {
            address_ = name();
        }
        if (inbox_size_ == 0) {
            throw patchbay::ConfigError({ErrorClass::invalid, "config.out_of_range",
                                         "The config key 'inbox_size' must be at least 1."});
        }
    }

    Awaitable<Result<void>> connect() override {
        if (!bell_) {
            bell_ = std::make_shared<Bell>(executor());
        }
        const auto arrived = std::make_shared<Timer>(executor(), Timer::time_point::max());
        inbox_ = std::make_shared<Inbox>(inbox_size_, notifier(arrived));
        arrived_ = arrived;
        node_ = Node::named(node_name_);
        auto entered = node_->enter(address_, inbox_);
        if (!entered) {
            inbox_.reset();
        }
        co_return entered;
    }

    Awaitable<Result<void>> disconnect() override {
        if (inbox_) {
            node_->leave(address_);
            inbox_->close();
            arrived_->cancel();
            while (const auto left = inbox_->take()) {
                give_up(left->envelope);
            }
            inbox_.reset();
            node_.reset();
        }
        co_return success();
    }

    /// The node outlives this lane; nothing of the lane may stay there.
    void on_lane_stop(patchbay::Lane& lane) override {
        Connection::on_lane_stop(lane);
        if (bell_) {
            bell_->close();
        }
        if (inbox_) {
            node_->leave(address_);
            inbox_->close();
        }
    }

    void on_connected() override { spawn("the inbox", deliver_arrivals(inbox_, arrived_)); }

    /// Done when the envelope is in the inbox of its destination.
    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        if (envelope.to() == address_ && address_ == name()) {
            // The host prefers the instance of that name to every route: it would come back here.
            co_return failure(ErrorClass::invalid, "local.address_is_name",
                              "'" + address_ +
                                  "' is the address and the name of this instance; give it an "
                                  "address that is no instance's name.");
        }
        const Carried carried{envelope.copy(), envelope.hops()};
        const auto room = std::make_shared<Timer>(executor(), Timer::time_point::max());
        for (;;) {
            const std::shared_ptr<Inbox> inbox = node_ ? node_->find(carried.envelope.to) : nullptr;
            if (!inbox) {
                co_return co_await refuse(envelope);
            }
            const Inbox::Put put = inbox->put(carried, notifier(room));
            if (put == Inbox::Put::done) {
                co_return success();
            }
            if (put == Inbox::Put::full) {
                boost::system::error_code ignored;
                co_await room->async_wait(
                    boost::asio::redirect_error(patchbay::use_awaitable, ignored));
            }
        }
    }

  private:
    /// Weak: a timer must not outlive its lane, an inbox of the node may.
    [[nodiscard]] std::function<void()> notifier(const std::shared_ptr<Timer>& timer) const {
        return [bell = bell_, timer = std::weak_ptr<Timer>(timer)] { bell->ring(timer); };
    }

    /// Delivers what arrives, in order, until the inbox is closed.
    Awaitable<void> deliver_arrivals(std::shared_ptr<Inbox> inbox, std::shared_ptr<Timer> arrived) {
        for (;;) {
            const auto carried = inbox->take();
            if (!carried) {
                if (inbox->is_closed()) {
                    co_return;
                }
                boost::system::error_code ignored;
                co_await arrived->async_wait(
                    boost::asio::redirect_error(patchbay::use_awaitable, ignored));
                continue;
            }
            patchbay::Delivery delivery(carried->envelope);
            delivery.hops = carried->hops;
            bool cancelled = false;
            try {
                const auto delivered = co_await deliver(delivery);
                if (!delivered) {
                    log().warning([&] { return to_string(delivered.error()); });
                    cancelled = delivered.error().code == "delivery.disconnected";
                }
            } catch (const boost::system::system_error&) {
                cancelled = true;
            }
            if (cancelled) {
                give_up(carried->envelope);
            }
        }
    }

    void give_up(const Envelope& envelope) const {
        const auto raw = encode(envelope.view());
        malformed(raw ? *raw : envelope.message, "local.disconnected",
                  "The envelope had arrived, but its connection was disconnected.");
    }

    Awaitable<Result<void>> refuse(TakenEnvelope envelope) {
        const auto first = dialogues_.create(
            envelope.sender(), static_cast<unsigned>(protocols::DefaultPerformative::error));
        if (!first) {
            co_return tl::unexpected<Error>(first.error());
        }
        protocols::DefaultError content;
        content.error_code = protocols::DefaultErrorCode::invalid_dialogue;
        content.error_msg = "Destination not available";
        content.error_data["to"] = std::string(envelope.to());
        protocols::DefaultMessage message;
        message.header = first->header();
        message.body = std::move(content);
        const auto bytes = protocols::encode(message);
        if (!bytes) {
            co_return tl::unexpected<Error>(bytes.error());
        }
        co_return co_await reply(
            envelope,
            EnvelopeView{
                envelope.sender(), node_address, protocols::default_protocol_id, *bytes, {}, {}});
    }

    std::string address_;
    std::string node_name_;
    std::uint32_t inbox_size_;
    patchbay::Dialogues dialogues_;
    std::shared_ptr<Bell> bell_;
    std::shared_ptr<Node> node_;
    std::shared_ptr<Inbox> inbox_;
    /// Cancelled when something arrives.
    std::shared_ptr<Timer> arrived_;
};

}  // namespace

PATCHBAY_REGISTER_CONNECTION(LocalConnection, "OEFLocalConnection", "fetchai/local:0.20.0")
