// SPDX-License-Identifier: Apache-2.0
#include "host_double_state.hpp"

#include <patchbay/testing/host_double.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace patchbay::testing {

namespace {

patchbay_string view_of(std::string_view text) {
    return {text.data(), text.size()};
}

SignalDouble signal_of(std::uint32_t kind, std::uint64_t token, std::uint64_t value = 0) {
    SignalDouble made;
    made.signal.kind = kind;
    made.signal.token = token;
    made.signal.value = value;
    return made;
}

}  // namespace

HostDouble::State::State(const patchbay_class& class_table, HostOptions host_options)
    : options(std::move(host_options)) {
    std::memcpy(&table, &class_table, std::min<std::size_t>(class_table.struct_size, sizeof table));
    fill_table();
}

HostDouble::HostDouble(const patchbay_class& table, HostOptions options)
    : state_(std::make_unique<State>(table, std::move(options))) {
    State& state = *state_;
    patchbay_instance_options instance{};
    instance.struct_size = sizeof instance;
    instance.name = view_of(state.options.name);
    instance.component_id = view_of(state.options.component_id);
    instance.config_json = view_of(state.options.config_json);
    instance.data_folder = view_of(state.options.data_folder);
    instance.max_in_flight = state.options.max_in_flight;
    instance.lane_limit = state.options.lane_limit;
    instance.max_thread_workers = state.options.max_thread_workers;
    if (state.options.ordered_sends) {
        instance.flags |= PATCHBAY_INSTANCE_ORDERED_SENDS;
    }
    state.created.struct_size = sizeof state.created;
    state.created.lane_count = 1;
    patchbay_error error{};
    error.struct_size = sizeof error;
    // A thread of its own, so that thread-locals of the plugin are seen to end with it.
    patchbay_status status = PATCHBAY_FAILED;
    std::thread([&] {
        status = state.table.create(&state.host, &instance, &state.created, &error);
    }).join();
    if (status != PATCHBAY_OK) {
        state.creation = failure(static_cast<ErrorClass>(status), error.code, error.text);
        state.destroyed = true;
        return;
    }
    for (std::uint32_t i = 0; i < state.created.lane_count; ++i) {
        auto lane = std::make_unique<LaneDouble>();
        lane->host = this;
        lane->state = &state;
        lane->index = i;
        state.lanes.push_back(std::move(lane));
    }
}

HostDouble::~HostDouble() {
    stop();
    for (patchbay_block* block : state_->blocks) {
        delete reinterpret_cast<BlockDouble*>(block);
    }
}

const Result<void>& HostDouble::creation() const {
    return state_->creation;
}

std::uint32_t HostDouble::lane_count() const {
    return static_cast<std::uint32_t>(state_->lanes.size());
}

// ---- Life cycle ---------------------------------------------------------------------------------

void HostDouble::State::start_lanes() {
    if (lanes_run || destroyed) {
        return;
    }
    lanes_run = true;
    for (const auto& lane : lanes) {
        lane->thread = std::thread([this, &lane = *lane] {
            {
                const std::lock_guard lock(mutex);
                lane.thread_id = std::this_thread::get_id();
            }
            if (table.run != nullptr) {
                table.run(created.instance, reinterpret_cast<patchbay_lane*>(&lane), lane.index);
            } else {
                drive(lane);
            }
        });
    }
}

void HostDouble::begin_connect() {
    State& state = *state_;
    state.start_lanes();
    const std::lock_guard lock(state.mutex);
    state.operation = state.next_token++;
    state.operation_connects = true;
    state.operation_result.reset();
    state.send_signal(*state.lanes.at(0),
                      signal_of(PATCHBAY_SIGNAL_CONNECT, state.operation,
                                static_cast<std::uint64_t>(state.options.connect_limit.count())));
}

void HostDouble::begin_disconnect() {
    State& state = *state_;
    const std::lock_guard lock(state.mutex);
    state.operation = state.next_token++;
    state.operation_connects = false;
    state.operation_result.reset();
    state.send_signal(
        *state.lanes.at(0),
        signal_of(PATCHBAY_SIGNAL_DISCONNECT, state.operation,
                  static_cast<std::uint64_t>(state.options.disconnect_limit.count())));
}

Result<void> HostDouble::wait_for_operation() {
    State& state = *state_;
    state.wait([&] { return state.operation_result.has_value(); }, "the end of an operation");
    const std::lock_guard lock(state.mutex);
    return *state.operation_result;
}

Result<void> HostDouble::connect() {
    begin_connect();
    return wait_for_operation();
}

Result<void> HostDouble::disconnect() {
    begin_disconnect();
    return wait_for_operation();
}

void HostDouble::stop() {
    State& state = *state_;
    if (state.destroyed) {
        return;
    }
    state.destroyed = true;
    if (state.lanes_run) {
        {
            const std::lock_guard lock(state.mutex);
            for (const auto& lane : state.lanes) {
                state.send_signal(*lane, signal_of(PATCHBAY_SIGNAL_STOP, 0));
            }
        }
        for (const auto& lane : state.lanes) {
            lane->thread.join();
        }
    }
    std::set<ThreadDouble*> threads;
    {
        const std::lock_guard lock(state.mutex);
        threads.swap(state.threads);
    }
    for (ThreadDouble* thread : threads) {
        thread->thread.join();
        delete thread;
    }
    std::thread([&] { state.table.destroy(state.created.instance); }).join();
    const std::lock_guard lock(state.mutex);
    for (const Listening& left : state.sockets.told()) {
        if (left.loans != 0) {
            state.misbehaviour.push_back("left without release: " + left.address);
        }
    }
    state.sockets.close();
}

// ---- Towards the instance -----------------------------------------------------------------------

patchbay_envelope HostDouble::State::make_taken(const Envelope& envelope, std::uint32_t lane) {
    auto* block = new BlockDouble;
    const std::string_view parts[] = {envelope.to,          envelope.sender,
                                      envelope.protocol_id, envelope.message,
                                      envelope.uri,         envelope.context_connection_id};
    std::size_t offsets[6] = {};
    for (std::size_t i = 0; i < 6; ++i) {
        offsets[i] = block->bytes.size();
        block->bytes.insert(block->bytes.end(), parts[i].begin(), parts[i].end());
    }
    block->bytes.push_back(0);
    const auto* base = reinterpret_cast<const char*>(block->bytes.data());
    const auto size = [&](std::size_t part) {
        return static_cast<std::uint32_t>(parts[part].size());
    };
    patchbay_envelope made{};
    made.to = base + offsets[0];
    made.to_size = size(0);
    made.sender = base + offsets[1];
    made.sender_size = size(1);
    made.protocol_id = base + offsets[2];
    made.protocol_id_size = size(2);
    made.message = block->bytes.data() + offsets[3];
    made.message_size = size(3);
    made.uri = base + offsets[4];
    made.uri_size = size(4);
    made.connection_id = base + offsets[5];
    made.connection_id_size = size(5);
    made.block = reinterpret_cast<patchbay_block*>(block);
    made.token = next_token++;
    made.protocol_handle = 7;
    made.hops = 1;
    // Every sender is an instance of its own, the one that answers to it go to.
    made.origin = {destination(envelope.sender), 1, lane, static_cast<std::uint32_t>(made.token)};
    blocks.insert(made.block);
    taken[made.token] = made.block;
    return made;
}

std::uint64_t HostDouble::push(const Envelope& envelope, std::uint32_t lane) {
    return push(std::vector<Envelope>{envelope}, lane).front();
}

std::vector<std::uint64_t> HostDouble::push(const std::vector<Envelope>& envelopes,
                                            std::uint32_t lane) {
    State& state = *state_;
    const std::lock_guard lock(state.mutex);
    std::vector<std::uint64_t> tokens;
    for (const Envelope& envelope : envelopes) {
        const patchbay_envelope made = state.make_taken(envelope, lane);
        tokens.push_back(made.token);
        state.lanes.at(lane)->mailbox.push_back(made);
    }
    state.wake(*state.lanes.at(lane), true);
    return tokens;
}

void HostDouble::cancel(std::uint64_t token, std::uint32_t lane) {
    const std::lock_guard lock(state_->mutex);
    SignalDouble signal = signal_of(PATCHBAY_SIGNAL_CANCEL, token);
    signal.signal.status = PATCHBAY_OVERLOADED;
    state_->send_signal(*state_->lanes.at(lane), std::move(signal));
}

void HostDouble::send_receipt(std::uint64_t receipt, std::uint32_t kind, std::string_view code,
                              std::uint32_t lane) {
    const std::lock_guard lock(state_->mutex);
    SignalDouble signal = signal_of(PATCHBAY_SIGNAL_RECEIPT, receipt, kind);
    signal.signal.status = kind == PATCHBAY_RECEIPT_DONE ? PATCHBAY_OK : PATCHBAY_FAILED;
    signal.name = std::string(code);
    state_->send_signal(*state_->lanes.at(lane), std::move(signal));
}

void HostDouble::send_signal(const SignalToSend& signal, std::uint32_t lane) {
    const std::lock_guard lock(state_->mutex);
    SignalDouble sent = signal_of(signal.kind, signal.token, signal.value);
    sent.signal.status = signal.status;
    sent.name = signal.name;
    sent.payload = signal.payload;
    state_->send_signal(*state_->lanes.at(lane), std::move(sent));
}

void HostDouble::advance(std::chrono::nanoseconds time) {
    State& state = *state_;
    const std::lock_guard lock(state.mutex);
    state.now += static_cast<std::uint64_t>(time.count());
    for (auto timer = state.timers.begin(); timer != state.timers.end();) {
        if (timer->second > state.now) {
            ++timer;
            continue;
        }
        state.send_signal(*state.lanes.at(timer->first.first),
                          signal_of(PATCHBAY_SIGNAL_TIMER, timer->first.second));
        timer = state.timers.erase(timer);
    }
}

Result<std::string> HostDouble::call(std::string_view method, std::string_view arguments) {
    State& state = *state_;
    std::uint64_t token = 0;
    {
        const std::lock_guard lock(state.mutex);
        token = state.next_token++;
        state.calls[token];
        SignalDouble signal = signal_of(PATCHBAY_SIGNAL_CALL, token);
        signal.name = std::string(method);
        signal.payload = std::string(arguments);
        state.send_signal(*state.lanes.at(0), std::move(signal));
    }
    state.wait([&] { return state.calls[token].has_value(); }, "the answer to a call");
    const std::lock_guard lock(state.mutex);
    return *state.calls[token];
}

void HostDouble::fill(std::string_view to) {
    const std::lock_guard lock(state_->mutex);
    state_->full.insert(state_->destination(to));
}

void HostDouble::make_room(std::string_view to) {
    State& state = *state_;
    const std::lock_guard lock(state.mutex);
    const std::uint32_t destination = state.destination(to);
    state.full.erase(destination);
    for (const std::uint32_t lane : state.waiting_for_room[destination]) {
        state.send_signal(*state.lanes.at(lane), signal_of(PATCHBAY_SIGNAL_ROOM, 0, destination));
    }
    state.waiting_for_room.erase(destination);
}

void HostDouble::refuse(std::string_view to, std::uint32_t reason) {
    const std::lock_guard lock(state_->mutex);
    state_->refused[std::string(to)] = reason;
}

void HostDouble::provide(std::string_view public_id, Service service) {
    const std::lock_guard lock(state_->mutex);
    state_->services[std::string(public_id)] = std::move(service);
    state_->service_ids.emplace_back(public_id);
}

// ---- What the instance did ----------------------------------------------------------------------

void HostDouble::State::wait(const std::function<bool()>& condition, std::string_view what) {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, options.patience, condition)) {
        throw std::runtime_error("waited in vain for " + std::string(what));
    }
}

std::vector<Delivered> HostDouble::deliveries() const {
    const std::lock_guard lock(state_->mutex);
    return state_->deliveries;
}

std::vector<Delivered> HostDouble::wait_for_deliveries(std::size_t count) const {
    state_->wait([&] { return state_->deliveries.size() >= count; }, "deliveries");
    return deliveries();
}

std::size_t HostDouble::full_answers() const {
    const std::lock_guard lock(state_->mutex);
    return state_->full_answers;
}

void HostDouble::wait_for_full_answers(std::size_t count) const {
    state_->wait([&] { return state_->full_answers >= count; }, "a delivery that finds no room");
}

std::vector<Completed> HostDouble::completions() const {
    const std::lock_guard lock(state_->mutex);
    return state_->completions;
}

std::vector<Completed> HostDouble::wait_for_completions(std::size_t count) const {
    state_->wait([&] { return state_->completions.size() >= count; }, "completions");
    return completions();
}

std::vector<LogLine> HostDouble::log() const {
    const std::lock_guard lock(state_->mutex);
    return state_->log;
}

void HostDouble::wait_for_log(std::string_view text) const {
    state_->wait(
        [&] {
            return std::any_of(state_->log.begin(), state_->log.end(), [&](const LogLine& line) {
                return line.text.find(text) != std::string::npos;
            });
        },
        "the log line '" + std::string(text) + "'");
}

std::map<std::string, std::int64_t> HostDouble::metrics() const {
    const std::lock_guard lock(state_->mutex);
    std::map<std::string, std::int64_t> values;
    for (const auto& [name, metric] : state_->metrics) {
        values[name] = metric.second;
    }
    return values;
}

std::vector<std::pair<std::string, std::string>> HostDouble::malformed() const {
    const std::lock_guard lock(state_->mutex);
    return state_->malformed;
}

void HostDouble::exhaust_memory(bool exhausted) {
    const std::lock_guard lock(state_->mutex);
    state_->exhausted = exhausted;
}

std::map<std::string, std::string> HostDouble::key_values() const {
    const std::lock_guard lock(state_->mutex);
    return state_->key_values;
}

std::vector<std::string> HostDouble::lost() const {
    const std::lock_guard lock(state_->mutex);
    return state_->lost;
}

void HostDouble::wait_for_lost(std::size_t count) const {
    state_->wait([&] { return state_->lost.size() >= count; }, "the loss of the connection");
}

std::vector<Listening> HostDouble::listeners() const {
    const std::lock_guard lock(state_->mutex);
    return state_->sockets.told();
}

std::vector<std::string> HostDouble::misbehaviour() const {
    const std::lock_guard lock(state_->mutex);
    return state_->misbehaviour;
}

std::size_t HostDouble::blocks_held() const {
    const std::lock_guard lock(state_->mutex);
    return static_cast<std::size_t>(std::count_if(
        state_->blocks.begin(), state_->blocks.end(),
        [](patchbay_block* block) { return reinterpret_cast<BlockDouble*>(block)->of_plugin; }));
}

std::size_t HostDouble::sleeps(std::uint32_t lane) const {
    const std::lock_guard lock(state_->mutex);
    return state_->lanes.at(lane)->sleeps;
}

void HostDouble::wait_for_sleep(std::size_t since, std::uint32_t lane) const {
    state_->wait([&] { return state_->lanes.at(lane)->sleeps > since; }, "a lane to go to sleep");
}

void HostDouble::wait_until(const std::function<bool()>& condition, std::string_view what) const {
    const auto deadline = std::chrono::steady_clock::now() + state_->options.patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("waited in vain for " + std::string(what));
        }
        std::unique_lock lock(state_->mutex);
        state_->changed.wait_for(lock, std::chrono::milliseconds(5));
    }
}

const patchbay_host* HostDouble::abi() const {
    return &state_->host;
}

}  // namespace patchbay::testing
