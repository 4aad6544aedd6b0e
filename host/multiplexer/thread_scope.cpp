// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/thread_scope.hpp"

#include "multiplexer/core.hpp"

namespace patchbay::multiplexer {

namespace {
/// Trivially destructible, so that it costs one instruction and registers nothing with the thread.
thread_local ThreadCache* current_cache = nullptr;
}  // namespace

ThreadScope::ThreadScope(Multiplexer& multiplexer)
    : multiplexer_(multiplexer), cache_(nullptr), outer_(current_cache) {
    Multiplexer::Core& core = multiplexer.core();
    const std::lock_guard lock(core.mutex);
    if (core.idle_caches.empty()) {
        core.idle_caches.reserve(core.caches.size() + 1);
        core.caches.push_back(std::make_unique<ThreadCache>(core));
        cache_ = core.caches.back().get();
    } else {
        cache_ = core.idle_caches.back();
        core.idle_caches.pop_back();
    }
    current_cache = cache_;
}

ThreadScope::~ThreadScope() {
    current_cache = outer_;
    Multiplexer::Core& core = multiplexer_.core();
    cache_->flush_held();
    core.pool.flush(cache_->blocks);
    cache_->map.reset();
    cache_->map_version = 0;
    const std::lock_guard lock(core.mutex);
    core.idle_caches.push_back(cache_);
}

CacheUse::CacheUse(Multiplexer::Core& core) noexcept : cache_(current_cache) {
    if (cache_ == nullptr || &cache_->core != &core) {
        core.shared_mutex.lock();
        cache_ = core.shared_cache.get();
    }
}

CacheUse::~CacheUse() {
    if (cache_->shared) {
        cache_->flush_held();
        cache_->core.shared_mutex.unlock();
    }
}

const RouteMap& ThreadCache::routes() {
    const std::uint64_t version = core.map_version.load(std::memory_order_acquire);
    if (version != map_version) {
        const std::lock_guard lock(core.mutex);
        map = core.map;
        map_version = core.map_version.load(std::memory_order_relaxed);
    }
    return *map;
}

}  // namespace patchbay::multiplexer
