// SPDX-License-Identifier: Apache-2.0
#include <patchbay/static_objects.hpp>

#if defined(__ELF__)  // elsewhere nobody asks for it

#include <array>
#include <cstddef>
#include <mutex>
#include <new>
#include <utility>

namespace patchbay::detail {
namespace {

struct Registered {
    void (*destroy)(void*) = nullptr;
    void* object = nullptr;
};

/// Some of them, and those that were registered before.
struct Block {
    std::array<Registered, 30> items{};
    std::size_t count = 0;
    Block* earlier = nullptr;
};

// Neither has a destructor, which would have to be registered.
constinit std::mutex mutex;
constinit Block* newest = nullptr;

/// Nothing when none is left.
Registered take_last() {
    const std::lock_guard lock(mutex);
    while (newest != nullptr && newest->count == 0) {
        delete std::exchange(newest, newest->earlier);
    }
    return newest == nullptr ? Registered{} : newest->items[--newest->count];
}

/// Called by the linker at the end of the library, or of the process.
__attribute__((destructor)) void destroy_all() {
    for (;;) {
        const Registered last = take_last();  // one by one: a destructor may register another
        if (last.destroy == nullptr) {
            return;
        }
        last.destroy(last.object);
    }
}

}  // namespace

int destroy_at_unload(void (*destroy)(void*), void* object) noexcept {
    const std::lock_guard lock(mutex);
    if (newest == nullptr || newest->count == newest->items.size()) {
        auto* block = new (std::nothrow) Block;
        if (block == nullptr) {
            return -1;
        }
        block->earlier = std::exchange(newest, block);
    }
    newest->items[newest->count++] = {destroy, object};
    return 0;
}

}  // namespace patchbay::detail

#endif
