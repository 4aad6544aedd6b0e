// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is behind HostDouble: one mutex over everything, one condition for every wait.
#pragma once

#include "sockets_double.hpp"

#include <patchbay/testing/host_double.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::testing {

/// The double's patchbay_block.
struct BlockDouble {
    std::vector<std::uint8_t> bytes;
    std::uint32_t references = 1;
    bool of_plugin = false;
};

struct SignalDouble {
    patchbay_signal signal{};
    std::string name;
    std::string payload;
};

/// Manual-reset event that a lane waits on.
class EventDescriptor {
  public:
    EventDescriptor();
    EventDescriptor(const EventDescriptor&) = delete;
    EventDescriptor& operator=(const EventDescriptor&) = delete;
    ~EventDescriptor();
    void set();
    void reset();
    /// Blocks until set; for lanes that the double drives.
    void wait() const;
    [[nodiscard]] std::intptr_t native() const { return native_; }

  private:
    std::intptr_t native_;
};

struct LaneDouble {
    HostDouble* host = nullptr;
    void* state = nullptr;
    std::uint32_t index = 0;
    EventDescriptor event;
    std::deque<patchbay_envelope> mailbox;
    std::deque<SignalDouble> signals;
    std::list<SignalDouble> taken_signals;
    bool sleeping = false;
    std::uint32_t interest = 0;
    std::size_t sleeps = 0;
    std::thread thread;
    std::thread::id thread_id;
};

struct ThreadDouble {
    std::thread thread;
};

struct HostDouble::State {
    State(const patchbay_class& table, HostOptions options);

    // ---- The ABI's functions, found through `context` or the lane ----
    static State& of(const patchbay_host* host) { return *static_cast<State*>(host->context); }
    static LaneDouble& lane_of(patchbay_lane* lane) { return *reinterpret_cast<LaneDouble*>(lane); }
    static State& state_of(patchbay_lane* lane) {
        return *static_cast<State*>(lane_of(lane).state);
    }
    void fill_table();
    const void* extension(std::string_view id) const;

    patchbay_status deliver(LaneDouble& lane, const patchbay_array* envelopes,
                            patchbay_array* results);
    [[nodiscard]] bool views_lie_inside(const patchbay_envelope& envelope) const;
    void drop_reference(patchbay_block* block);
    patchbay_delivery judge(const patchbay_envelope& envelope);
    void complete(const std::uint64_t* tokens, std::uint32_t count, patchbay_status status,
                  const patchbay_error* error);
    void operation_complete(std::uint64_t token, patchbay_status status,
                            const patchbay_error* error);

    // ---- Helpers; those marked [locked] need the mutex ----
    /// [locked] Copies the envelope's bytes into one block.
    patchbay_envelope make_taken(const Envelope& envelope, std::uint32_t lane);
    /// [locked]
    void send_signal(LaneDouble& lane, SignalDouble signal);
    /// [locked]
    void wake(LaneDouble& lane, bool for_envelopes);
    /// [locked]
    std::uint32_t destination(std::string_view to);
    /// [locked]
    void check_lane_thread(const LaneDouble& lane, const char* function);
    void wait(const std::function<bool()>& condition, std::string_view what);
    void start_lanes();
    void drive(LaneDouble& lane);
    bool drive_signals(LaneDouble& lane, bool& stopped);
    bool drive_envelopes(LaneDouble& lane);
    void drop(std::uint64_t token);

    /// Copy of what the class declared; slots beyond its size are null.
    patchbay_class table{};
    HostOptions options;
    patchbay_host host{};
    patchbay_created created{};
    Result<void> creation;

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::unique_ptr<LaneDouble>> lanes;
    bool lanes_run = false;
    bool destroyed = false;
    bool connected = false;
    std::uint64_t next_token = 1;
    std::uint64_t operation = 0;
    bool operation_connects = false;
    std::optional<Result<void>> operation_result;
    std::map<std::uint64_t, patchbay_block*> taken;
    std::set<patchbay_block*> blocks;
    bool exhausted = false;

    std::vector<Delivered> deliveries;
    std::size_t full_answers = 0;
    std::vector<Completed> completions;
    std::vector<LogLine> log;
    std::map<std::string, std::pair<std::uint32_t, std::int64_t>> metrics;
    std::vector<std::pair<std::string, std::string>> malformed;
    std::map<std::string, std::string> key_values;
    std::vector<std::string> lost;
    std::vector<std::string> misbehaviour;
    std::map<std::string, std::uint32_t, std::less<>> destinations;
    std::set<std::uint32_t> full;
    std::map<std::uint32_t, std::set<std::uint32_t>> waiting_for_room;
    std::map<std::string, std::uint32_t, std::less<>> refused;
    std::map<std::string, Service, std::less<>> services;
    std::vector<std::string> service_ids;
    std::map<std::uint64_t, std::optional<Result<std::string>>> calls;
    std::set<ThreadDouble*> threads;
    SocketsDouble sockets;
    std::uint64_t now = 1'000'000'000;
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> timers;
    std::map<std::string, std::string> config_texts;
};

}  // namespace patchbay::testing
