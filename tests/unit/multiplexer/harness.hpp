// SPDX-License-Identifier: Apache-2.0
/// \file
/// A multiplexer with a clock run by hand, sinks that remember, and peers that deliver and take the
/// way a plugin does.
#pragma once

#include "events/event.hpp"
#include "multiplexer/lane.hpp"
#include "multiplexer/lane_group.hpp"
#include "multiplexer/multiplexer.hpp"
#include "multiplexer/thread_scope.hpp"

#include <poll.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::multiplexer::testing {

class VirtualClock final : public Clock {
  public:
    [[nodiscard]] std::uint64_t monotonic() const noexcept override { return now_; }
    [[nodiscard]] std::uint64_t wall() const noexcept override { return 1'000 + now_; }
    void advance_seconds(std::uint64_t seconds) { now_ += seconds * 1'000'000'000; }

  private:
    std::atomic<std::uint64_t> now_{5'000'000'000};
};

class Events final : public events::EventSink {
  public:
    void publish(events::Event) override {}
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return false; }
};

class DeadLetters final : public DeadLetterSink {
  public:
    bool put(DeadLetter letter) override {
        const std::lock_guard lock(mutex_);
        letters_.push_back(std::move(letter));
        return keeps;
    }
    [[nodiscard]] std::vector<DeadLetter> all() const {
        const std::lock_guard lock(mutex_);
        return letters_;
    }
    [[nodiscard]] std::size_t count() const { return all().size(); }
    [[nodiscard]] DeadLetter last() const { return all().empty() ? DeadLetter{} : all().back(); }
    bool keeps = true;

  private:
    mutable std::mutex mutex_;
    std::vector<DeadLetter> letters_;
};

class Observer final : public InstanceObserver {
  public:
    void on_send_failed(std::uint32_t, const SendFailure& failure, std::uint32_t count) override {
        const std::lock_guard lock(mutex_);
        failures.push_back(std::string(failure.code) + " x" + std::to_string(count));
    }
    void on_overdue(std::uint32_t, std::uint32_t count) override {
        const std::lock_guard lock(mutex_);
        overdue += count;
    }
    void on_misbehaviour(std::uint32_t, std::string_view code, std::string_view) override {
        const std::lock_guard lock(mutex_);
        misbehaviour.emplace_back(code);
    }
    std::vector<std::string> failures;
    std::vector<std::string> misbehaviour;
    std::uint32_t overdue = 0;

  private:
    std::mutex mutex_;
};

/// What a test delivers.
struct Draft {
    std::string to;
    std::string message = "hello";
    std::string sender = "alice";
    std::string protocol_id = "fetchai/default:1.0.0";
    std::uint32_t flags = 0;
    std::uint64_t receipt = 0;
    std::uint64_t parent = 0;
    patchbay_origin reply_to{};
    std::string connection_id{};
    std::string uri{};
    std::uint32_t hops = 0;
    std::uint32_t to_handle = 0;
    std::uint32_t protocol_handle = 0;
};

/// What a test took, copied, so that it outlives its completion.
struct Taken {
    std::string to;
    std::string sender;
    std::string protocol_id;
    std::string message;
    std::string uri;
    std::uint64_t token = 0;
    patchbay_origin origin{};
    std::uint32_t flags = 0;
    std::uint32_t hops = 0;
    std::uint32_t to_handle = 0;
    std::uint32_t protocol_handle = 0;
    patchbay_block* block = nullptr;
    std::string agent;
};

struct SignalSeen {
    std::uint32_t kind = 0;
    patchbay_status status = 0;
    std::uint64_t token = 0;
    std::uint64_t value = 0;
    std::string name;
    std::string payload;
};

inline patchbay_envelope envelope_of(const Draft& draft) {
    patchbay_envelope envelope{};
    envelope.to = draft.to.data();
    envelope.to_size = static_cast<std::uint32_t>(draft.to.size());
    envelope.sender = draft.sender.data();
    envelope.sender_size = static_cast<std::uint32_t>(draft.sender.size());
    envelope.protocol_id = draft.protocol_id.data();
    envelope.protocol_id_size = static_cast<std::uint32_t>(draft.protocol_id.size());
    envelope.message = reinterpret_cast<const std::uint8_t*>(draft.message.data());
    envelope.message_size = static_cast<std::uint32_t>(draft.message.size());
    envelope.uri = draft.uri.data();
    envelope.uri_size = static_cast<std::uint32_t>(draft.uri.size());
    envelope.connection_id = draft.connection_id.data();
    envelope.connection_id_size = static_cast<std::uint32_t>(draft.connection_id.size());
    envelope.flags = draft.flags;
    envelope.receipt = draft.receipt;
    envelope.parent = draft.parent;
    envelope.reply_to = draft.reply_to;
    envelope.hops = draft.hops;
    envelope.to_handle = draft.to_handle;
    envelope.protocol_handle = draft.protocol_handle;
    return envelope;
}

template <class Item>
patchbay_array array_of(std::vector<Item>& items) {
    return {sizeof(patchbay_array), sizeof(Item), static_cast<std::uint32_t>(items.size()), 0,
            items.data()};
}

inline Taken copy_of(const patchbay_envelope& from) {
    return {{from.to, from.to_size},
            {from.sender, from.sender_size},
            {from.protocol_id, from.protocol_id_size},
            {reinterpret_cast<const char*>(from.message), from.message_size},
            {from.uri, from.uri_size},
            from.token,
            from.origin,
            from.flags,
            from.hops,
            from.to_handle,
            from.protocol_handle,
            from.block,
            {from.agent_size == 0 ? "" : from.agent, from.agent_size}};
}

/// An instance with one generation, as a plugin sees itself.
struct Peer {
    Instance* instance = nullptr;
    Generation* generation = nullptr;
    Observer* observer = nullptr;

    [[nodiscard]] Lane& lane(std::uint32_t index = 0) const { return *generation->lane(index); }

    std::vector<patchbay_delivery> deliver_all(const std::vector<Draft>& drafts) const {
        std::vector<patchbay_envelope> envelopes;
        for (const Draft& draft : drafts) {
            envelopes.push_back(envelope_of(draft));
        }
        return deliver_raw(envelopes);
    }
    std::vector<patchbay_delivery> deliver_raw(std::vector<patchbay_envelope>& envelopes) const {
        std::vector<patchbay_delivery> results(envelopes.size());
        patchbay_array in = array_of(envelopes);
        patchbay_array out = array_of(results);
        status = lane().deliver(&in, &out);
        return results;
    }
    patchbay_delivery deliver(const Draft& draft) const { return deliver_all({draft}).front(); }
    [[nodiscard]] std::vector<Taken> take(std::uint32_t limit = 1000) const {
        return take_from(lane(), limit);
    }
    [[nodiscard]] static std::vector<Taken> take_from(Lane& lane, std::uint32_t limit = 1000) {
        std::vector<patchbay_envelope> items(limit);
        patchbay_array array = array_of(items);
        lane.take(&array);
        std::vector<Taken> taken;
        for (std::uint32_t i = 0; i < array.count; ++i) {
            taken.push_back(copy_of(items[i]));
        }
        return taken;
    }
    void complete(std::uint64_t token, patchbay_status with = PATCHBAY_OK,
                  const char* code = nullptr) const {
        patchbay_error error{};
        error.struct_size = sizeof error;
        if (code != nullptr) {
            patchbay_error_set(&error, with, code, "it did not work");
        }
        generation->complete(&token, 1, with, code != nullptr ? &error : nullptr);
    }
    /// Takes and completes; returns the messages.
    std::vector<std::string> messages(std::uint32_t limit = 1000) const {
        std::vector<std::string> all;
        for (const Taken& taken : take(limit)) {
            all.push_back(taken.message);
            complete(taken.token);
        }
        return all;
    }
    [[nodiscard]] std::vector<SignalSeen> signals() const { return signals_of(lane()); }
    [[nodiscard]] static std::vector<SignalSeen> signals_of(Lane& lane) {
        std::vector<patchbay_signal> items(100);
        patchbay_array array = array_of(items);
        lane.signals_take(&array);
        std::vector<SignalSeen> seen;
        for (std::uint32_t i = 0; i < array.count; ++i) {
            seen.push_back({items[i].kind, items[i].status, items[i].token, items[i].value,
                            std::string(items[i].name.data, items[i].name.size),
                            std::string(reinterpret_cast<const char*>(items[i].payload.data),
                                        items[i].payload.size)});
        }
        return seen;
    }
    [[nodiscard]] InstanceCounters counters() const { return instance->counters(); }
    [[nodiscard]] std::string id() const { return instance->options().component_id; }

    mutable patchbay_status status = PATCHBAY_OK;
};

inline bool is_readable(std::intptr_t descriptor) {
    pollfd poll_for{static_cast<int>(descriptor), POLLIN, 0};
    return ::poll(&poll_for, 1, 0) == 1;
}

class Harness {
  public:
    explicit Harness(const Options& options = {})
        : multiplexer(options, clock, events, dead_letters) {}

    static InstanceOptions options(const std::string& name) {
        InstanceOptions made;
        made.name = name;
        made.component_id = "test/" + name + ":0.1.0";
        return made;
    }
    Peer add(InstanceOptions made, std::uint32_t lanes = 1) {
        observers_.push_back(std::make_unique<Observer>());
        made.observer = observers_.back().get();
        Peer peer;
        peer.observer = observers_.back().get();
        peer.instance = multiplexer.add_instance(std::move(made)).value();
        peer.generation = peer.instance->attach(lanes).value();
        peer.instance->set_state(InstanceState::connected);
        return peer;
    }
    Peer add(const std::string& name) { return add(options(name)); }

    VirtualClock clock;
    Events events;
    DeadLetters dead_letters;

  private:
    std::vector<std::unique_ptr<Observer>> observers_;

  public:
    Multiplexer multiplexer;
};

}  // namespace patchbay::multiplexer::testing
