// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes per second from plugin to multiplexer to plugin over the C ABI: two source plugins, 64
/// destinations, 200-byte messages, with reference counts, bounds, policies, time limits and
/// counters on. In every round also the two limits: a bare single-producer ring and a bare indirect
/// call. Ratios are taken round by round; medians are printed.
///
/// usage: multiplexer [ROUNDS=7] [ENVELOPES=600000]
#include "multiplexer/multiplexer.hpp"

#include "events/event.hpp"
#include "multiplexer/lane.hpp"
#include "multiplexer/lane_group.hpp"
#include "multiplexer/thread_scope.hpp"
#include "multiplexer_plugin.h"

#include <dlfcn.h>
#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace patchbay::multiplexer;

constexpr std::uint32_t destinations = 64;
constexpr std::uint32_t sources = 2;

void pin(int first, int last) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = first; cpu <= last; ++cpu) {
        CPU_SET(static_cast<unsigned>(cpu), &set);
    }
    ::sched_setaffinity(0, sizeof set, &set);
}

/// Processor time of the whole process.
double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// ---- The host's table, as host/plugins makes it: one line each ----

Generation& generation_of(const patchbay_host* host) {
    return *static_cast<Generation*>(host->context);
}

extern "C" {
static patchbay_status allocate(const patchbay_host* host, patchbay_lane*, size_t size,
                                patchbay_array* buffers) {
    return generation_of(host).allocate(size, buffers);
}
static void retain(const patchbay_host* host, patchbay_block* block) {
    generation_of(host).retain(block);
}
static void release(const patchbay_host* host, patchbay_lane*, patchbay_block* const* blocks,
                    uint32_t count) {
    generation_of(host).release(blocks, count);
}
static patchbay_status deliver(patchbay_lane* lane, const patchbay_array* envelopes,
                               patchbay_array* results) {
    return Lane::from(lane).deliver(envelopes, results);
}
static patchbay_status take(patchbay_lane* lane, patchbay_array* envelopes) {
    return Lane::from(lane).take(envelopes);
}
static patchbay_status signals_take(patchbay_lane* lane, patchbay_array* signals) {
    return Lane::from(lane).signals_take(signals);
}
static bool sleep_lane(patchbay_lane* lane, uint32_t interest) {
    return Lane::from(lane).sleep(interest);
}
static intptr_t descriptor(patchbay_lane* lane) {
    return Lane::from(lane).descriptor();
}
static void complete(const patchbay_host* host, const uint64_t* tokens, uint32_t count,
                     patchbay_status status, const patchbay_error* error) {
    generation_of(host).complete(tokens, count, status, error);
}
}

class NoEvents final : public patchbay::events::EventSink {
  public:
    void publish(patchbay::events::Event) override {}
    [[nodiscard]] bool wants(patchbay::events::Level, const std::string&) const override {
        return false;
    }
};

class NoLetters final : public DeadLetterSink {
  public:
    bool put(DeadLetter) override {
        count.fetch_add(1);
        return true;
    }
    std::atomic<std::uint64_t> count{0};
};

struct Plugin {
    explicit Plugin(const char* path) {
        library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            std::fprintf(stderr, "%s\n", ::dlerror());
            std::exit(1);
        }
        auto* entry =
            reinterpret_cast<patchbay_entry_function>(::dlsym(library, PATCHBAY_ENTRY_NAME));
        patchbay_entry_options options{
            sizeof options, PATCHBAY_ABI_VERSION, PATCHBAY_ABI_VERSION, {"bench", 5}};
        plugin.struct_size = sizeof plugin;
        if (entry == nullptr || entry(&options, &plugin, nullptr) != PATCHBAY_OK) {
            std::exit(1);
        }
    }
    void* library = nullptr;
    patchbay_plugin plugin{};
};

/// One instance with its end of the ABI.
class End final : public InlineDispatch {
  public:
    End(Multiplexer& multiplexer, const patchbay_class& table, const std::string& name,
        std::uint32_t mailbox, const bench_control& control)
        : class_(table) {
        InstanceOptions options;
        options.name = name;
        options.component_id = "bench/" + name + ":0.1.0";
        options.mailbox_envelopes = mailbox;
        options.excluded_protocols = {"some/other:1.0.0"};
        instance_ = multiplexer.add_instance(options).value();
        generation_ = instance_->attach(1).value();
        instance_->set_state(InstanceState::connected);
        host_.struct_size = sizeof host_;
        host_.abi_version = PATCHBAY_ABI_VERSION;
        host_.context = generation_;
        host_.allocate = allocate;
        host_.retain = retain;
        host_.release = release;
        host_.deliver = deliver;
        host_.take = take;
        host_.signals_take = signals_take;
        host_.sleep = sleep_lane;
        host_.descriptor = descriptor;
        host_.complete = complete;
        char text[32];
        std::snprintf(text, sizeof text, "%llx",
                      static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(&control)));
        patchbay_instance_options created_with{};
        created_with.struct_size = sizeof created_with;
        created_with.name = {name.data(), name.size()};
        created_with.config_json = {text, std::strlen(text)};
        patchbay_created created{sizeof created, 1, nullptr};
        class_.create(&host_, &created_with, &created, nullptr);
        object_ = created.instance;
    }
    ~End() override { class_.destroy(object_); }
    End(const End&) = delete;
    End& operator=(const End&) = delete;

    [[nodiscard]] Lane& lane() const { return *generation_->lane(0); }
    [[nodiscard]] Instance& instance() const { return *instance_; }
    void run() { class_.run(object_, lane().handle(), 0); }
    void on_batch(Lane& lane, const patchbay_array& envelopes,
                  patchbay_status* results) noexcept override {
        class_.on_batch(object_, lane.handle(), 0, &envelopes, results);
    }

  private:
    const patchbay_class& class_;
    Instance* instance_ = nullptr;
    Generation* generation_ = nullptr;
    patchbay_host host_{};
    void* object_ = nullptr;
};

struct Case {
    std::uint32_t routes;
    std::uint32_t batch;
    int cores;
    bool inline_dispatch;
};

/// The thread that serves all destinations that the host drives.
void serve(Multiplexer& multiplexer, LaneGroup& group, std::vector<std::unique_ptr<End>>& ends,
           const std::atomic<bool>& done, bool inline_dispatch, std::uint32_t batch) {
    const ThreadScope scope(multiplexer);
    std::array<patchbay_envelope, 64> items;
    std::array<patchbay_status, 64> results;
    while (!done.load(std::memory_order_acquire)) {
        std::uint64_t ready = group.ready();
        if (ready == 0) {
            if (group.sleep()) {
                pollfd wake{static_cast<int>(group.descriptor()), POLLIN, 0};
                ::poll(&wake, 1, 100);
            }
            continue;
        }
        for (; ready != 0; ready &= ready - 1) {
            const auto slot = static_cast<std::uint32_t>(__builtin_ctzll(ready));
            End& end = *ends[slot];
            Lane& lane = end.lane();
            if (inline_dispatch) {
                lane.enter();
            }
            patchbay_array taken{sizeof taken, sizeof(patchbay_envelope), batch, 0, items.data()};
            lane.take(&taken);
            if (taken.count != 0) {
                std::fill_n(results.begin(), taken.count, PATCHBAY_OK);
                end.on_batch(lane, taken, results.data());
                lane.complete_batch(taken, results.data());
            }
            if (inline_dispatch) {
                lane.leave();
            }
            if (taken.count == batch) {
                group.again(slot);
            }
        }
    }
}

struct Measured {
    double rate;
    double cpu_ns;
};

Measured run_case(const Plugin& plugin, const Case& what, std::uint64_t envelopes,
                  const std::vector<char>& addresses, const std::vector<std::uint8_t>& sizes) {
    const SystemClock clock;
    NoEvents events;
    NoLetters letters;
    Multiplexer multiplexer(Options{}, clock, events, letters);
    bench_control control{};
    control.addresses = addresses.data();
    control.address_sizes = sizes.data();
    control.address_count = what.routes;
    control.batch = what.batch;
    control.per_source = envelopes / sources;
    std::memset(control.message, 7, sizeof control.message);

    std::vector<std::unique_ptr<End>> sinks;
    LaneGroup group;
    for (std::uint32_t i = 0; i < destinations; ++i) {
        sinks.push_back(std::make_unique<End>(multiplexer, *plugin.plugin.classes[1],
                                              "sink_" + std::to_string(i), 256U, control));
        group.add(sinks.back()->lane());
        if (what.inline_dispatch) {
            sinks.back()->lane().set_inline_dispatch(sinks.back().get());
        }
    }
    for (std::uint32_t i = 0; i < what.routes; ++i) {
        const std::string_view address(&addresses[std::size_t{i} * BENCH_ADDRESS_STRIDE], sizes[i]);
        const AgentRoute route{sinks[i % destinations]->instance().number(), any_lane};
        if (!multiplexer.agents().attach(address, route)) {
            std::exit(1);
        }
    }
    std::vector<std::unique_ptr<End>> ends;
    for (std::uint32_t i = 0; i < sources; ++i) {
        ends.push_back(std::make_unique<End>(multiplexer, *plugin.plugin.classes[0],
                                             "source_" + std::to_string(i), 1024U, control));
    }

    std::atomic<bool> done{false};
    std::atomic<std::uint32_t> waiting{0};
    std::atomic<bool> go{false};
    std::thread server([&] {
        pin(0, what.cores - 1);
        serve(multiplexer, group, sinks, done, what.inline_dispatch, 64);
    });
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < sources; ++i) {
        threads.emplace_back([&, i] {
            const auto cpu = static_cast<int>(i) % what.cores;
            pin(cpu, cpu);
            const ThreadScope scope(multiplexer);
            waiting.fetch_add(1);
            while (!go.load(std::memory_order_acquire)) {
                ::sched_yield();
            }
            ends[i]->run();
        });
    }
    while (waiting.load() != sources) {
        ::sched_yield();
    }
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    go.store(true, std::memory_order_release);
    for (std::thread& thread : threads) {
        thread.join();
    }
    const auto is_done = [&] {
        std::uint64_t completed = 0;
        for (const auto& sink : sinks) {
            completed += sink->instance().counters().completed;
        }
        return completed >= control.per_source * sources;
    };
    while (!is_done()) {
        ::sched_yield();
    }
    const double seconds = seconds_since(start);
    const double cpu_used = cpu_seconds() - cpu;
    done.store(true, std::memory_order_release);
    group.wake();
    server.join();
    if (letters.count.load() != 0) {
        std::fprintf(stderr, "lost %llu\n", static_cast<unsigned long long>(letters.count.load()));
        std::exit(1);
    }
    const auto total = static_cast<double>(control.per_source * sources);
    return {total / seconds, cpu_used / total * 1e9};
}

// ---- The limits ----

struct Ring {
    static constexpr std::size_t size = 4096;
    alignas(64) std::atomic<std::size_t> head{0};
    std::size_t tail_seen = 0;
    alignas(64) std::atomic<std::size_t> tail{0};
    std::size_t head_seen = 0;
    alignas(64) std::array<void*, size> slots{};

    bool push(void* item) {
        const std::size_t at = head.load(std::memory_order_relaxed);
        if (at - tail_seen == size) {
            tail_seen = tail.load(std::memory_order_acquire);
            if (at - tail_seen == size) {
                return false;
            }
        }
        slots[at & (size - 1)] = item;
        head.store(at + 1, std::memory_order_release);
        return true;
    }
    std::size_t pop(void** items, std::size_t limit) {
        const std::size_t at = tail.load(std::memory_order_relaxed);
        if (head_seen == at) {
            head_seen = head.load(std::memory_order_acquire);
        }
        const std::size_t count = std::min(limit, head_seen - at);
        for (std::size_t i = 0; i < count; ++i) {
            items[i] = slots[(at + i) & (size - 1)];
        }
        tail.store(at + count, std::memory_order_release);
        return count;
    }
};

double run_ring(std::uint64_t count) {
    auto ring = std::make_unique<Ring>();
    const auto start = std::chrono::steady_clock::now();
    std::thread producer([&] {
        pin(0, 0);
        for (std::uint64_t i = 0; i < count; ++i) {
            while (!ring->push(ring.get())) {
                __builtin_ia32_pause();
            }
        }
    });
    std::thread consumer([&] {
        pin(1, 1);
        void* items[64];
        for (std::uint64_t got = 0; got < count;) {
            const std::size_t some = ring->pop(items, 64);
            if (some == 0) {
                __builtin_ia32_pause();
            }
            got += some;
        }
    });
    producer.join();
    consumer.join();
    return static_cast<double>(count) / seconds_since(start);
}

double run_call(const Plugin& plugin, std::uint64_t count) {
    // An empty batch through the class table: nothing but the call.
    const patchbay_class& sink = *plugin.plugin.classes[1];
    std::uint64_t object[8] = {};
    const patchbay_array empty{sizeof empty, sizeof(patchbay_envelope), 0, 0, nullptr};
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < count; ++i) {
        sink.on_batch(object, nullptr, 0, &empty, nullptr);
    }
    return static_cast<double>(count) / seconds_since(start);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 7;
    const auto envelopes = static_cast<std::uint64_t>(argc > 2 ? std::atoll(argv[2]) : 600'000);
    const Plugin plugin(PATCHBAY_BENCH_PLUGIN);
    constexpr std::uint32_t most_routes = 100'000;
    std::vector<char> addresses(std::size_t{most_routes} * BENCH_ADDRESS_STRIDE);
    std::vector<std::uint8_t> sizes(most_routes);
    for (std::uint32_t i = 0; i < most_routes; ++i) {
        const std::string name = "agent_" + std::to_string(i);
        std::memcpy(&addresses[std::size_t{i} * BENCH_ADDRESS_STRIDE], name.data(), name.size());
        sizes[i] = static_cast<std::uint8_t>(name.size());
    }
    std::vector<Case> cases;
    for (const bool inline_dispatch : {false, true}) {
        for (const int cores : {2, 1}) {
            for (const std::uint32_t routes : {10'000U, 100'000U}) {
                for (const std::uint32_t batch : {64U, 16U, 1U}) {
                    cases.push_back({routes, batch, cores, inline_dispatch});
                }
            }
        }
    }
    if (argc > 3) {  // one case by its number, for a profiler
        cases = {cases[static_cast<std::size_t>(std::atoi(argv[3]))]};
    }
    std::vector<double> ring;
    std::vector<double> call;
    std::vector<std::vector<double>> rates(cases.size());
    std::vector<std::vector<double>> ratios(cases.size());
    std::vector<std::vector<double>> cpu(cases.size());
    for (int round = 0; round <= rounds; ++round) {
        // One case alone is for a profiler: no limits then.
        const double ring_rate = cases.size() == 1 ? 1.0 : run_ring(4'000'000);
        const double call_rate = run_call(plugin, 4'000'000);
        if (round != 0) {  // the first one warms up
            ring.push_back(ring_rate);
            call.push_back(call_rate);
        }
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const Measured measured = run_case(plugin, cases[i], envelopes, addresses, sizes);
            if (round != 0) {
                rates[i].push_back(measured.rate);
                cpu[i].push_back(measured.cpu_ns);
                ratios[i].push_back(measured.rate / ring_rate);
            }
        }
    }
    std::printf("| path | M/s median | min-max | CPU ns each | ratio to ring, same round |\n");
    std::printf("|---|---|---|---|---|\n");
    const auto line = [](const std::string& name, const std::vector<double>& values,
                         const std::vector<double>& cpu_ns, const std::vector<double>& ratio) {
        std::printf("| %s | %.2f | %.2f-%.2f | %.1f | %.3f (%.3f-%.3f) |\n", name.c_str(),
                    median(values) / 1e6, *std::min_element(values.begin(), values.end()) / 1e6,
                    *std::max_element(values.begin(), values.end()) / 1e6, median(cpu_ns),
                    median(ratio), *std::min_element(ratio.begin(), ratio.end()),
                    *std::max_element(ratio.begin(), ratio.end()));
    };
    line("bare SPSC ring, 2 cores (limit)", ring, {2e9 / median(ring)},
         std::vector<double>(ring.size(), 1.0));
    std::vector<double> call_ratio;
    for (std::size_t i = 0; i < call.size(); ++i) {
        call_ratio.push_back(call[i] / ring[i]);
    }
    line("bare indirect call into the plugin", call, {1e9 / median(call)}, call_ratio);
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& what = cases[i];
        line(std::string(what.inline_dispatch ? "inline" : "one serving thread") + ", " +
                 std::to_string(what.cores) + (what.cores == 1 ? " core, " : " cores, ") +
                 std::to_string(what.routes) + " routes, batch " + std::to_string(what.batch),
             rates[i], cpu[i], ratios[i]);
    }
    return 0;
}
