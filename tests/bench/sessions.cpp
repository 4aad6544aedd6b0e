// SPDX-License-Identifier: Apache-2.0
/// \file
/// What agents cost when nothing happens: nanoseconds per beat and per agent looked at, and bytes
/// per registered agent with its session, heartbeat, indexes and route. One core, no sockets.
///
///     sessions [AGENTS]            default 100000
#include "identity/sessions.hpp"

#include "identity/heartbeat.hpp"
#include "multiplexer/address_book.hpp"

#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace patchbay::identity;

/// Of this thread's processor time, so that others on the machine do not count.
double now_nanoseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

struct Sink final : HeartbeatSink {
    void ping(SessionNumber session, std::uint64_t value, std::uint32_t) override {
        ++pings;
        heartbeat->pong(session, value);
    }
    void lost(SessionNumber) override { ++losses; }
    Heartbeat* heartbeat = nullptr;
    std::uint64_t pings = 0;
    std::uint64_t losses = 0;
};

std::size_t heap_bytes() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

}  // namespace

int main(int argc, char** argv) {
    const auto agents = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 100'000);
    const std::size_t before = heap_bytes();
    patchbay::multiplexer::AddressBook book(agents);
    Heartbeat heartbeat({}, agents, 0, 1'700'000'000'000'000);
    Sessions sessions;
    std::vector<SessionNumber> numbers;
    for (std::uint32_t i = 0; i < agents; ++i) {
        Session session;
        session.number = heartbeat.add();
        session.connection = i + 1;
        session.lane = {1, 1, 0};
        session.online = true;
        const std::string id = "agent-" + std::to_string(i);
        session.set_texts(id, R"({"name":"An agent","capabilities":["chat","search"]})",
                          "192.168.100.100:50000", "websocket");
        (void)book.set_fixed(id, patchbay::multiplexer::lane_ref(1, 0));
        numbers.push_back(session.number);
        sessions.add(std::move(session));
    }
    const std::size_t used = heap_bytes() - before - numbers.capacity() * sizeof(SessionNumber);

    std::mt19937 random(1);
    std::shuffle(numbers.begin(), numbers.end(), random);
    Sink sink;
    sink.heartbeat = &heartbeat;
    const auto unit = static_cast<std::uint64_t>(heartbeat.resolution().count());
    std::uint64_t now = 0;
    std::vector<double> beats;
    // Ten minutes in which every agent beats about once a second, in random order; the clock moves
    // between, so that each beat writes.
    std::vector<double> ticks;
    for (int second = 0; second < 600; ++second) {
        const double begin = now_nanoseconds();
        for (const SessionNumber session : numbers) {
            heartbeat.touch(session);
        }
        beats.push_back((now_nanoseconds() - begin) / agents);
        for (const std::uint64_t until = now + 1'000'000'000; now < until;) {
            now = std::min(now + unit, until);
            const double tick = now_nanoseconds();
            heartbeat.tick(now, sink);
            ticks.push_back(now_nanoseconds() - tick);
        }
    }
    const std::uint64_t looked_at = heartbeat.looked_at();
    const double tick_total = std::accumulate(ticks.begin(), ticks.end(), 0.0);
    // Ten minutes of silence: everybody is pinged each interval, and answers.
    for (const std::uint64_t until = now + 600'000'000'000; now < until;) {
        now += unit;
        heartbeat.tick(now, sink);
    }
    std::sort(beats.begin(), beats.end());
    std::sort(ticks.begin(), ticks.end());
    std::printf("agents                      %u\n", agents);
    std::printf("beat, median                %.2f ns\n", beats[beats.size() / 2]);
    std::printf("tick per agent looked at    %.2f ns\n",
                tick_total / static_cast<double>(std::max<std::uint64_t>(looked_at, 1)));
    std::printf("tick, longest               %.1f us\n", ticks.back() / 1000);
    std::printf("bookkeeping per beat        %.2f ns (ticks included)\n",
                beats[beats.size() / 2] + tick_total / 600 / agents);
    std::printf("pings in ten silent minutes %llu, lost %llu\n",
                static_cast<unsigned long long>(sink.pings),
                static_cast<unsigned long long>(sink.losses));
    std::printf("memory per agent            %zu bytes\n", used / std::max(agents, 1U));
    return sink.losses == 0 ? 0 : 1;
}
