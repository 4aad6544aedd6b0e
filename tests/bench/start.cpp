// SPDX-License-Identifier: Apache-2.0
// How long it takes from a plan to ten connected instances, and what they cost at rest.
//   start [ROUNDS]
// First line: ten instances of one plugin; second line: ten plugins with one instance each (the
// same library under ten names, loaded ten times).
#include "multiplexer/multiplexer.hpp"
#include "plugins/connection_host.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace patchbay;

class NoEvents final : public events::EventSink {
  public:
    void publish(events::Event event) override {
        if (event.level >= events::Level::warning) {
            std::fprintf(stderr, "%s\n", event.text.c_str());
        }
    }
    [[nodiscard]] bool wants(events::Level level, const std::string&) const override {
        return level >= events::Level::warning;
    }
};

class NoDeadLetters final : public multiplexer::DeadLetterSink {
  public:
    bool put(multiplexer::DeadLetter) override { return true; }
};

double resident_mebibytes() {
    std::ifstream status("/proc/self/statm");
    long pages = 0;
    status >> pages >> pages;
    return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1048576.0;
}

plugins::InstancePlan plan_of(int number, const std::string& library) {
    auto manifest = std::make_shared<config::ConnectionManifest>();
    manifest->author = "patchbay";
    manifest->name = "echo";
    manifest->version = "0.1.0";
    manifest->class_name = "EchoConnection";
    plugins::InstancePlan plan;
    plan.name = "echo" + std::to_string(number);
    plan.component_id = "patchbay/" + plan.name + ":0.1.0";
    plan.class_id = manifest->public_id();
    plan.manifest = manifest;
    plan.library = library;
    return plan;
}

void round_of(const char* name, const plugins::Plan& plan, const std::string& data, int rounds) {
    std::vector<double> times;
    double memory = 0;
    for (int i = 0; i < rounds; ++i) {
        multiplexer::SystemClock clock;
        NoEvents events;
        NoDeadLetters dead_letters;
        const auto begin = std::chrono::steady_clock::now();
        multiplexer::Multiplexer multiplexer({}, clock, events, dead_letters);
        plugins::ConnectionHostOptions options;
        options.data_dir = data;
        auto host = plugins::ConnectionHost::make(plan, multiplexer, clock, events, nullptr,
                                                  std::move(options));
        if (!host || !(*host)->start()) {
            std::fprintf(stderr, "cannot start\n");
            std::exit(1);
        }
        times.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
                .count());
        memory = resident_mebibytes();
        (void)(*host)->stop();
    }
    std::sort(times.begin(), times.end());
    std::printf("%-24s start to connected: median %.1f ms, slowest %.1f ms; resident %.1f MiB\n",
                name, times[times.size() / 2], times.back(), memory);
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
    const std::string data =
        (std::filesystem::temp_directory_path() / ("patchbay-start-" + std::to_string(::getpid())))
            .string();
    std::filesystem::create_directories(data);
    plugins::Plan one;
    plugins::Plan ten;
    for (int i = 0; i < 10; ++i) {
        const std::string copy = data + "/echo" + std::to_string(i) + ".so";
        std::filesystem::copy_file(PATCHBAY_ECHO, copy);
        one.instances.push_back(plan_of(i, PATCHBAY_ECHO));
        ten.instances.push_back(plan_of(i, copy));
    }
    round_of("ten instances", one, data, rounds);
    round_of("ten plugins", ten, data, rounds);
    std::filesystem::remove_all(data);
}
