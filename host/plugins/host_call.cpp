// SPDX-License-Identifier: Apache-2.0
#include "plugins/host_call.hpp"

#include "plugins/platform.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace patchbay::plugins {

bool call_on_host_thread(const std::string& name, std::chrono::nanoseconds limit,
                         std::function<void()> call) {
    struct Outcome {
        std::mutex mutex;
        std::condition_variable changed;
        bool done = false;
    };
    auto outcome = std::make_shared<Outcome>();
    std::thread thread([outcome, name, call = std::move(call)]() mutable {
        platform::name_this_thread(name);
        call();
        call = nullptr;
        const std::lock_guard lock(outcome->mutex);
        outcome->done = true;
        outcome->changed.notify_all();
    });
    std::unique_lock lock(outcome->mutex);
    const bool done = outcome->changed.wait_for(lock, limit, [&] { return outcome->done; });
    lock.unlock();
    if (done) {
        thread.join();
    } else {
        thread.detach();
    }
    return done;
}

}  // namespace patchbay::plugins
