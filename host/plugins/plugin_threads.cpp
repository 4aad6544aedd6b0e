// SPDX-License-Identifier: Apache-2.0
#include "plugins/plugin_threads.hpp"

#include "plugins/platform.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

/// One thread; ended and living ones alike until somebody joins them.
struct patchbay_thread {
    std::string name;
    std::thread thread;
    /// Written by the thread itself as its last act, under the mutex of the group.
    std::shared_ptr<bool> ended = std::make_shared<bool>(false);
};

namespace patchbay::plugins {

/// Outlives the group where a thread does.
struct PluginThreads::Shared {
    std::mutex mutex;
    std::condition_variable ended;
};

PluginThreads::PluginThreads(std::string instance)
    : instance_(std::move(instance)), shared_(std::make_shared<Shared>()) {}

PluginThreads::~PluginThreads() {
    for (auto& entry : threads_) {
        if (entry->thread.joinable()) {
            entry->thread.detach();
        }
    }
}

patchbay_thread* PluginThreads::start(std::string_view name, std::function<void()> body) {
    const std::lock_guard lock(shared_->mutex);
    if (threads_.size() >= capacity) {
        return nullptr;
    }
    auto entry = std::make_unique<patchbay_thread>();
    entry->name = name;
    std::string system_name = "pbay:" + instance_ + '/' + entry->name;
    try {
        entry->thread = std::thread([shared = shared_, ended = entry->ended, body = std::move(body),
                                     system_name = std::move(system_name)]() mutable {
            platform::name_this_thread(system_name);
            body();
            body = nullptr;
            const std::lock_guard ending(shared->mutex);
            *ended = true;
            shared->ended.notify_all();
        });
    } catch (const std::system_error&) {
        return nullptr;
    }
    threads_.push_back(std::move(entry));
    return threads_.back().get();
}

PluginThreads::Joined PluginThreads::join(patchbay_thread* thread) {
    std::unique_ptr<patchbay_thread> entry;
    {
        const std::lock_guard lock(shared_->mutex);
        const auto place = std::find_if(threads_.begin(), threads_.end(),
                                        [&](const auto& known) { return known.get() == thread; });
        if (place == threads_.end()) {
            return Joined::unknown_thread;
        }
        if ((*place)->thread.get_id() == std::this_thread::get_id()) {
            return Joined::own_thread;
        }
        entry = std::move(*place);
        threads_.erase(place);
    }
    if (entry->thread.joinable()) {
        entry->thread.join();
    }
    return Joined::joined;
}

std::vector<std::string> PluginThreads::join_all(std::chrono::nanoseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::unique_lock lock(shared_->mutex);
    shared_->ended.wait_until(lock, deadline, [this] {
        return std::all_of(threads_.begin(), threads_.end(),
                           [](const auto& entry) { return *entry->ended; });
    });
    std::vector<std::string> left;
    std::vector<std::thread> ended;
    for (auto& entry : threads_) {
        if (!*entry->ended) {
            left.push_back(entry->name);
        } else if (entry->thread.joinable()) {
            // The handle stays: the plugin may still join it in `destroy`.
            ended.push_back(std::move(entry->thread));
        }
    }
    lock.unlock();
    // What is left of these threads is the end of their thread-locals.
    for (std::thread& thread : ended) {
        thread.join();
    }
    return left;
}

std::size_t PluginThreads::count() const {
    const std::lock_guard lock(shared_->mutex);
    return static_cast<std::size_t>(std::count_if(
        threads_.begin(), threads_.end(), [](const auto& entry) { return !*entry->ended; }));
}

}  // namespace patchbay::plugins
