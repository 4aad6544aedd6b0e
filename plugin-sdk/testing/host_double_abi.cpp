// SPDX-License-Identifier: Apache-2.0
/// \file
/// The double's side of the ABI: the host's table, and the loop for classes without one.
#include "host_double_state.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace patchbay::testing {

namespace {

/// Item of an array as this header knows it: what lies beyond the stride is zero.
template <class Item>
Item read_item(const patchbay_array& array, std::uint32_t index) {
    Item item{};
    std::memcpy(&item, patchbay_array_at(&array, index),
                std::min<std::size_t>(array.stride, sizeof item));
    return item;
}

template <class Item>
void write_item(const patchbay_array& array, std::uint32_t index, const Item& item) {
    void* target = patchbay_array_at(&array, index);
    std::memset(target, 0, array.stride);
    std::memcpy(target, &item, std::min<std::size_t>(array.stride, sizeof item));
}

std::string text_of(const char* data, std::uint32_t size) {
    return size == 0 ? std::string() : std::string(data, size);
}

}  // namespace

// ---- The event descriptor -----------------------------------------------------------------------

EventDescriptor::EventDescriptor() : native_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (native_ < 0) {
        throw std::runtime_error("eventfd failed");
    }
}

EventDescriptor::~EventDescriptor() {
    ::close(static_cast<int>(native_));
}

void EventDescriptor::set() {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(static_cast<int>(native_), &one, sizeof one));
}

void EventDescriptor::reset() {
    std::uint64_t count = 0;
    static_cast<void>(!::read(static_cast<int>(native_), &count, sizeof count));
}

void EventDescriptor::wait() const {
    pollfd descriptor{static_cast<int>(native_), POLLIN, 0};
    ::poll(&descriptor, 1, -1);
}

// ---- Lanes --------------------------------------------------------------------------------------

void HostDouble::State::check_lane_thread(const LaneDouble& lane, const char* function) {
    if (lane.thread_id != std::this_thread::get_id()) {
        misbehaviour.push_back(std::string(function) + " on a thread that is not the lane's");
    }
}

void HostDouble::State::wake(LaneDouble& lane, bool for_envelopes) {
    if (lane.sleeping && (!for_envelopes || (lane.interest & PATCHBAY_INTEREST_ENVELOPES) != 0)) {
        lane.event.set();
    }
    changed.notify_all();
}

void HostDouble::State::send_signal(LaneDouble& lane, SignalDouble signal) {
    lane.signals.push_back(std::move(signal));
    wake(lane, false);
}

void HostDouble::State::fill_table() {
    host.struct_size = options.host_table_size;
    host.abi_version = PATCHBAY_ABI_VERSION;
    host.context = this;
    host.get_extension = [](const patchbay_host* self, patchbay_string id) -> const void* {
        return of(self).extension({id.data, id.size});
    };
    host.lane = [](const patchbay_host* self, std::uint32_t index) -> patchbay_lane* {
        State& state = of(self);
        const std::lock_guard lock(state.mutex);
        return index < state.lanes.size()
                   ? reinterpret_cast<patchbay_lane*>(state.lanes[index].get())
                   : nullptr;
    };
    host.allocate = [](const patchbay_host* self, patchbay_lane*, std::size_t size,
                       patchbay_array* buffers) -> patchbay_status {
        State& state = of(self);
        const std::lock_guard lock(state.mutex);
        if (state.exhausted) {
            buffers->count = 0;
            return PATCHBAY_OVERLOADED;
        }
        for (std::uint32_t i = 0; i < buffers->count; ++i) {
            auto* block = new BlockDouble;
            block->bytes.resize(std::max<std::size_t>(size, 1));
            block->of_plugin = true;
            patchbay_buffer buffer{};
            buffer.block = reinterpret_cast<patchbay_block*>(block);
            buffer.data = block->bytes.data();
            buffer.capacity = block->bytes.size();
            state.blocks.insert(buffer.block);
            write_item(*buffers, i, buffer);
        }
        return PATCHBAY_OK;
    };
    host.retain = [](const patchbay_host* self, patchbay_block* block) {
        const std::lock_guard lock(of(self).mutex);
        ++reinterpret_cast<BlockDouble*>(block)->references;
    };
    host.release = [](const patchbay_host* self, patchbay_lane*, patchbay_block* const* released,
                      std::uint32_t count) {
        State& state = of(self);
        const std::lock_guard lock(state.mutex);
        for (std::uint32_t i = 0; i < count; ++i) {
            if (state.blocks.count(released[i]) == 0) {
                state.misbehaviour.emplace_back("release of an unknown block");
            } else {
                state.drop_reference(released[i]);
            }
        }
    };
    host.deliver = [](patchbay_lane* lane, const patchbay_array* envelopes,
                      patchbay_array* results) -> patchbay_status {
        return state_of(lane).deliver(lane_of(lane), envelopes, results);
    };
    host.take = [](patchbay_lane* handle, patchbay_array* envelopes) -> patchbay_status {
        State& state = state_of(handle);
        LaneDouble& lane = lane_of(handle);
        const std::lock_guard lock(state.mutex);
        state.check_lane_thread(lane, "take");
        lane.sleeping = false;
        lane.event.reset();
        std::uint32_t count = 0;
        while (state.connected && count < envelopes->count && !lane.mailbox.empty()) {
            write_item(*envelopes, count++, lane.mailbox.front());
            lane.mailbox.pop_front();
        }
        envelopes->count = count;
        state.changed.notify_all();
        return PATCHBAY_OK;
    };
    host.signals_take = [](patchbay_lane* handle, patchbay_array* signals) -> patchbay_status {
        State& state = state_of(handle);
        LaneDouble& lane = lane_of(handle);
        const std::lock_guard lock(state.mutex);
        state.check_lane_thread(lane, "signals_take");
        lane.sleeping = false;
        lane.event.reset();
        lane.taken_signals.clear();
        std::uint32_t count = 0;
        while (count < signals->count && !lane.signals.empty()) {
            lane.taken_signals.push_back(std::move(lane.signals.front()));
            lane.signals.pop_front();
            SignalDouble& given = lane.taken_signals.back();
            given.signal.name = {given.name.data(), given.name.size()};
            given.signal.payload = {reinterpret_cast<const std::uint8_t*>(given.payload.data()),
                                    given.payload.size()};
            write_item(*signals, count++, given.signal);
        }
        signals->count = count;
        state.changed.notify_all();
        return PATCHBAY_OK;
    };
    host.sleep = [](patchbay_lane* handle, std::uint32_t interest) -> bool {
        State& state = state_of(handle);
        LaneDouble& lane = lane_of(handle);
        const std::lock_guard lock(state.mutex);
        state.check_lane_thread(lane, "sleep");
        if (!lane.signals.empty() || ((interest & PATCHBAY_INTEREST_ENVELOPES) != 0 &&
                                      state.connected && !lane.mailbox.empty())) {
            return false;
        }
        lane.sleeping = true;
        lane.interest = interest;
        ++lane.sleeps;
        state.changed.notify_all();
        return true;
    };
    host.descriptor = [](patchbay_lane* lane) { return lane_of(lane).event.native(); };
    host.complete = [](const patchbay_host* self, const std::uint64_t* tokens, std::uint32_t count,
                       patchbay_status status, const patchbay_error* error) {
        of(self).complete(tokens, count, status, error);
    };
    host.operation_complete = [](const patchbay_host* self, std::uint64_t token,
                                 patchbay_status status, const patchbay_error* error) {
        of(self).operation_complete(token, status, error);
    };
    host.connection_lost = [](const patchbay_host* self, const patchbay_error* error) {
        State& state = of(self);
        const std::lock_guard lock(state.mutex);
        state.lost.emplace_back(error == nullptr ? "" : error->code);
        state.changed.notify_all();
    };
}

// ---- Traffic ------------------------------------------------------------------------------------

std::uint32_t HostDouble::State::destination(std::string_view to) {
    const auto found = destinations.find(to);
    if (found != destinations.end()) {
        return found->second;
    }
    const auto number = static_cast<std::uint32_t>(destinations.size() + 1);
    destinations.emplace(to, number);
    return number;
}

bool HostDouble::State::views_lie_inside(const patchbay_envelope& envelope) const {
    if (blocks.count(envelope.block) == 0) {
        return false;
    }
    const auto& bytes = reinterpret_cast<BlockDouble*>(envelope.block)->bytes;
    const auto inside = [&](const void* data, std::uint32_t size) {
        const auto offset =
            reinterpret_cast<std::uintptr_t>(data) - reinterpret_cast<std::uintptr_t>(bytes.data());
        return size == 0 || (offset <= bytes.size() && size <= bytes.size() - offset);
    };
    return inside(envelope.to, envelope.to_size) && inside(envelope.sender, envelope.sender_size) &&
           inside(envelope.protocol_id, envelope.protocol_id_size) &&
           inside(envelope.message, envelope.message_size) &&
           inside(envelope.uri, envelope.uri_size) &&
           inside(envelope.connection_id, envelope.connection_id_size);
}

void HostDouble::State::drop_reference(patchbay_block* block) {
    auto* held = reinterpret_cast<BlockDouble*>(block);
    if (--held->references == 0) {
        blocks.erase(block);
        // Poisoned rather than merely freed: a view used too late shows in the test's data.
        std::fill(held->bytes.begin(), held->bytes.end(), std::uint8_t{0xDD});
        delete held;
    }
}

patchbay_delivery HostDouble::State::judge(const patchbay_envelope& envelope) {
    patchbay_delivery answer{};
    const std::string to = text_of(envelope.to, envelope.to_size);
    answer.destination = destination(to);
    const auto reason = refused.find(to);
    if (to.empty() || envelope.sender_size == 0 || envelope.protocol_id_size == 0) {
        answer.status = PATCHBAY_DELIVERY_INVALID;
        answer.reason = PATCHBAY_REASON_BAD_FIELD;
    } else if (envelope.block != nullptr && !views_lie_inside(envelope)) {
        answer.status = PATCHBAY_DELIVERY_INVALID;
        answer.reason = PATCHBAY_REASON_BAD_VIEW;
    } else if (envelope.parent != 0 && taken.count(envelope.parent) == 0) {
        answer.status = PATCHBAY_DELIVERY_INVALID;
        answer.reason = PATCHBAY_REASON_BAD_PARENT;
    } else if (reason != refused.end()) {
        answer.status = PATCHBAY_DELIVERY_DEAD_LETTERED;
        answer.reason = reason->second;
    } else if (full.count(answer.destination) != 0) {
        answer.status = PATCHBAY_DELIVERY_FULL;
    }
    return answer;
}

patchbay_status HostDouble::State::deliver(LaneDouble& lane, const patchbay_array* envelopes,
                                           patchbay_array* results) {
    const std::lock_guard lock(mutex);
    if (!connected) {
        return PATCHBAY_DISCONNECTED;
    }
    if (results->count < envelopes->count) {
        return PATCHBAY_INVALID;
    }
    for (std::uint32_t i = 0; i < envelopes->count; ++i) {
        const auto envelope = read_item<patchbay_envelope>(*envelopes, i);
        const patchbay_delivery answer = judge(envelope);
        write_item(*results, i, answer);
        if (answer.status == PATCHBAY_DELIVERY_FULL) {
            ++full_answers;
            waiting_for_room[answer.destination].insert(lane.index);
        }
        if (answer.status != PATCHBAY_DELIVERY_ACCEPTED) {
            continue;
        }
        Delivered made;
        made.envelope = {
            text_of(envelope.to, envelope.to_size),
            text_of(envelope.sender, envelope.sender_size),
            text_of(envelope.protocol_id, envelope.protocol_id_size),
            text_of(reinterpret_cast<const char*>(envelope.message), envelope.message_size),
            text_of(envelope.uri, envelope.uri_size),
            text_of(envelope.connection_id, envelope.connection_id_size)};
        made.parent = envelope.parent;
        made.receipt = envelope.receipt;
        made.flags = envelope.flags;
        made.hops = envelope.hops;
        made.reply_to = envelope.reply_to;
        made.lane = lane.index;
        made.in_block = envelope.block != nullptr;
        made.thread = std::this_thread::get_id();
        deliveries.push_back(std::move(made));
        if (envelope.block != nullptr && (envelope.flags & PATCHBAY_ENVELOPE_GIVE_BLOCK) != 0) {
            drop_reference(envelope.block);
        }
    }
    results->count = envelopes->count;
    changed.notify_all();
    return PATCHBAY_OK;
}

void HostDouble::State::drop(std::uint64_t token) {
    patchbay_block* block = taken[token];
    taken.erase(token);
    drop_reference(block);
}

void HostDouble::State::complete(const std::uint64_t* tokens, std::uint32_t count,
                                 patchbay_status status, const patchbay_error* error) {
    const std::lock_guard lock(mutex);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (taken.count(tokens[i]) == 0) {
            misbehaviour.push_back("complete of the unknown token " + std::to_string(tokens[i]));
            continue;
        }
        drop(tokens[i]);
        Completed made;
        made.token = tokens[i];
        made.status = status;
        if (error != nullptr) {
            made.code = error->code;
            made.text = error->text;
        }
        completions.push_back(std::move(made));
    }
    changed.notify_all();
}

void HostDouble::State::operation_complete(std::uint64_t token, patchbay_status status,
                                           const patchbay_error* error) {
    const std::lock_guard lock(mutex);
    if (token != operation || operation_result) {
        misbehaviour.emplace_back("operation_complete of an unknown token");
        return;
    }
    connected = operation_connects && status == PATCHBAY_OK;
    operation_result = Result<void>{};
    if (status != PATCHBAY_OK) {
        operation_result =
            failure(static_cast<ErrorClass>(status), error == nullptr ? "" : error->code,
                    error == nullptr ? "" : error->text);
    }
    changed.notify_all();
}

// ---- The loop for classes without `run` ---------------------------------------------------------

void HostDouble::State::drive(LaneDouble& lane) {
    auto* handle = reinterpret_cast<patchbay_lane*>(&lane);
    bool stopped = false;
    while (!stopped) {
        const bool signals = drive_signals(lane, stopped);
        const bool envelopes = drive_envelopes(lane);
        if (!signals && !envelopes && host.sleep(handle, PATCHBAY_INTEREST_ENVELOPES)) {
            lane.event.wait();
        }
    }
}

bool HostDouble::State::drive_signals(LaneDouble& lane, bool& stopped) {
    auto* handle = reinterpret_cast<patchbay_lane*>(&lane);
    patchbay_signal taken_signal{};
    patchbay_array array{};
    array.struct_size = sizeof array;
    array.stride = sizeof taken_signal;
    array.count = 1;
    array.items = &taken_signal;
    host.signals_take(handle, &array);
    if (array.count == 0) {
        return false;
    }
    patchbay_error error{};
    error.struct_size = sizeof error;
    const auto operate = [&](patchbay_status (*function)(void*, std::uint64_t, patchbay_error*)) {
        const patchbay_status status = function == nullptr
                                           ? PATCHBAY_OK
                                           : function(created.instance, taken_signal.token, &error);
        if (status != PATCHBAY_PENDING) {
            operation_complete(taken_signal.token, status,
                               status == PATCHBAY_OK ? nullptr : &error);
        }
    };
    switch (taken_signal.kind) {
        case PATCHBAY_SIGNAL_CONNECT:
            operate(table.connect);
            break;
        case PATCHBAY_SIGNAL_DISCONNECT:
            operate(table.disconnect);
            break;
        case PATCHBAY_SIGNAL_STOP:
            stopped = true;
            break;
        default:
            if (table.on_signals != nullptr) {
                table.on_signals(created.instance, handle, lane.index, &array);
            }
    }
    return true;
}

bool HostDouble::State::drive_envelopes(LaneDouble& lane) {
    constexpr std::uint32_t capacity = 16;
    auto* handle = reinterpret_cast<patchbay_lane*>(&lane);
    const std::uint32_t stride = options.envelope_stride;
    std::vector<std::uint64_t> memory((std::size_t{stride} * capacity + 7) / 8);
    patchbay_array array{};
    array.struct_size = sizeof array;
    array.stride = stride;
    array.count = capacity;
    array.items = memory.data();
    host.take(handle, &array);
    if (array.count == 0) {
        return false;
    }
    std::vector<std::uint64_t> tokens;
    for (std::uint32_t i = 0; i < array.count; ++i) {
        tokens.push_back(read_item<patchbay_envelope>(array, i).token);
    }
    std::vector<patchbay_status> results(array.count, PATCHBAY_OK);
    table.on_batch(created.instance, handle, lane.index, &array, results.data());
    for (std::uint32_t i = 0; i < array.count; ++i) {
        if (results[i] != PATCHBAY_PENDING) {
            complete(&tokens[i], 1, results[i], nullptr);
        }
    }
    return true;
}

}  // namespace patchbay::testing
