// SPDX-License-Identifier: Apache-2.0
/// \file
/// Makes the calls of a thread cheap. A thread that calls lanes or generations of a multiplexer
/// enters a scope first: it then has block caches and a view of the routing table of its own.
/// Without a scope every call works too, through one shared cache behind a lock.
#pragma once

namespace patchbay::multiplexer {

class Multiplexer;
struct ThreadCache;

/// On the stack of the thread's function, for the life of the thread. The multiplexer must outlive
/// it. One thread may be in scopes of several multiplexers; the innermost one is the fast one.
class ThreadScope {
  public:
    explicit ThreadScope(Multiplexer& multiplexer);
    ThreadScope(const ThreadScope&) = delete;
    ThreadScope& operator=(const ThreadScope&) = delete;
    ~ThreadScope();

  private:
    Multiplexer& multiplexer_;
    ThreadCache* cache_;
    ThreadCache* outer_;
};

}  // namespace patchbay::multiplexer
