// SPDX-License-Identifier: Apache-2.0
#include "name_resolver.hpp"

#include <boost/asio/post.hpp>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>

namespace patchbay::http_client {

namespace {

/// Names that may be asked for at once, and answers that are kept.
constexpr std::size_t most_questions = 1024;
constexpr std::size_t most_known = 1024;
/// A failure is not believed for long.
constexpr std::chrono::nanoseconds failure_time = std::chrono::seconds(1);

boost::asio::ip::address address_of(const addrinfo& info) {
    namespace ip = boost::asio::ip;
    if (info.ai_family == AF_INET) {
        sockaddr_in socket{};
        std::memcpy(&socket, info.ai_addr, sizeof socket);
        return ip::address_v4(ntohl(socket.sin_addr.s_addr));
    }
    sockaddr_in6 socket{};
    std::memcpy(&socket, info.ai_addr, sizeof socket);
    ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &socket.sin6_addr, bytes.size());
    return ip::address_v6(bytes, socket.sin6_scope_id);
}

}  // namespace

Result<Addresses> system_lookup(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int result = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
    if (result == EAI_NONAME || result == EAI_NODATA) {
        return failure(ErrorClass::failed, "dns.not_found",
                       "The host name '" + name + "' does not exist.");
    }
    if (result != 0) {
        return failure(
            ErrorClass::disconnected, "dns.unavailable",
            "The host name '" + name + "' could not be looked up: " + ::gai_strerror(result) + '.');
    }
    Addresses addresses;
    for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
        if (info->ai_family == AF_INET || info->ai_family == AF_INET6) {
            const auto address = address_of(*info);
            if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
                addresses.push_back(address);
            }
        }
    }
    return addresses;
}

/// What the threads and the lane have in common; it outlives the resolver while a thread is busy.
struct NameResolver::Shared {
    Shared(const Executor& executor, Lookup function, NameResolver* owner)
        : lane(executor), lookup(std::move(function)), resolver(owner) {}

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::string> names;
    std::size_t busy = 0;
    bool stopped = false;

    const Executor lane;
    const Lookup lookup;
    /// Null once the resolver is gone. [lane]
    NameResolver* resolver;

    /// Body of a thread.
    static void run(const std::shared_ptr<Shared>& shared) {
        std::unique_lock lock(shared->mutex);
        for (;;) {
            shared->changed.wait(lock, [&] { return shared->stopped || !shared->names.empty(); });
            if (shared->stopped) {
                return;
            }
            std::string name = std::move(shared->names.front());
            shared->names.pop_front();
            ++shared->busy;
            lock.unlock();
            auto addresses = look_up(*shared, name);
            lock.lock();
            --shared->busy;
            if (shared->stopped) {
                return;
            }
            // Under the lock: nothing is posted to the lane after the resolver was stopped.
            boost::asio::post(shared->lane, [shared, name = std::move(name),
                                             addresses = std::move(addresses)]() mutable {
                if (shared->resolver != nullptr) {
                    shared->resolver->answer(name, std::move(addresses));
                }
            });
        }
    }

    static Result<Addresses> look_up(const Shared& shared, const std::string& name) {
        try {
            return shared.lookup(name);
        } catch (...) {
            return tl::unexpected<Error>(describe_current_exception("looking up a host name"));
        }
    }
};

NameResolver::NameResolver(const patchbay_host* host, const Executor& lane, const net::Clock& clock,
                           const ResolverOptions& options, Lookup lookup,
                           std::function<void()> after_answers)
    : host_(host),
      clock_(clock),
      options_(options),
      after_answers_(std::move(after_answers)),
      shared_(std::make_shared<Shared>(lane, std::move(lookup), this)) {}

NameResolver::~NameResolver() {
    shared_->resolver = nullptr;
    std::size_t busy = 0;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->stopped = true;
        busy = shared_->busy;
    }
    shared_->changed.notify_all();
    if (busy != 0) {
        // Which of them is busy does not matter: the host joins them all, the idle ones at once.
        for (Thread& thread : threads_) {
            thread.abandon();
        }
    }
}

void NameResolver::resolve(const std::string& name, Waiter& who) {
    if (const auto known = known_.find(name); known != known_.end()) {
        if (clock_.now() < known->second.until) {
            // A copy: the waiter may ask again, which changes the table.
            const Result<Addresses> addresses = known->second.addresses;
            who.on_resolved(addresses);
            return;
        }
        known_.erase(known);
    }
    const auto asked = questions_.find(name);
    if (asked != questions_.end()) {
        asked->second.waiters.push_back(&who);
        return;
    }
    if (questions_.size() >= most_questions) {
        who.on_resolved(failure(ErrorClass::overloaded, "dns.too_many_waiting",
                                "Too many host names wait for their look-up already."));
        return;
    }
    std::size_t waiting = 0;
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->names.push_back(name);
        waiting = shared_->names.size() + shared_->busy;
    }
    if (waiting > threads_.size() && threads_.size() < options_.threads) {
        start_thread();
    }
    if (threads_.empty()) {
        const std::lock_guard lock(shared_->mutex);
        shared_->names.clear();
        who.on_resolved(failure(ErrorClass::overloaded, "dns.unavailable",
                                "No thread could be started to look up a host name."));
        return;
    }
    questions_[name].waiters.push_back(&who);
    shared_->changed.notify_one();
}

void NameResolver::start_thread() {
    auto thread = Thread::start(host_, "resolver", [shared = shared_] { Shared::run(shared); });
    if (thread) {
        threads_.push_back(std::move(*thread));
    }
}

void NameResolver::forget(const Waiter& who) noexcept {
    for (auto& [name, question] : questions_) {
        std::replace(question.waiters.begin(), question.waiters.end(), const_cast<Waiter*>(&who),
                     static_cast<Waiter*>(nullptr));
    }
}

void NameResolver::answer(const std::string& name, Result<Addresses> addresses) {
    const auto asked = questions_.find(name);
    if (asked == questions_.end()) {
        return;
    }
    if (addresses && addresses->empty()) {
        addresses = failure(ErrorClass::failed, "dns.not_found",
                            "The host name '" + name + "' has no addresses.");
    }
    keep(name, addresses);
    // The question stays in the table meanwhile, so that those who are forgotten are not called;
    // new waiters find the answer among those known, or ask again.
    std::vector<Waiter*>& waiters = asked->second.waiters;
    for (std::size_t i = 0; i < waiters.size(); ++i) {
        Waiter* const who = std::exchange(waiters[i], nullptr);
        if (who != nullptr) {
            who->on_resolved(addresses);
        }
    }
    questions_.erase(name);
    after_answers_();
}

void NameResolver::keep(const std::string& name, const Result<Addresses>& addresses) {
    const auto time = addresses ? options_.cache_time : std::min(options_.cache_time, failure_time);
    if (time <= std::chrono::nanoseconds::zero()) {
        return;
    }
    if (known_.size() >= most_known) {
        std::erase_if(
            known_, [now = clock_.now()](const auto& entry) { return entry.second.until <= now; });
        if (known_.size() >= most_known) {
            known_.clear();
        }
    }
    known_.insert_or_assign(name, Known{addresses, clock_.now() + time});
}

}  // namespace patchbay::http_client
