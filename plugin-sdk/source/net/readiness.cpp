// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/readiness.hpp>

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace patchbay::net {

namespace {

/// Events of one look. A turn looks again while it gets as many, so that one batch holds all that
/// is ready, but not for ever: the lane has its mailbox to serve.
constexpr int events_per_look = 128;
constexpr int looks_per_turn = 4;

int create_epoll() {
    const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
    if (descriptor < 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
    return descriptor;
}

}  // namespace

ReadinessSet::ReadinessSet(const Executor& executor, std::function<void()> end_of_turn)
    : end_of_turn_(std::move(end_of_turn)), epoll_(create_epoll()), waiting_(executor) {
    waiting_.assign(epoll_.get());
    events_.reserve(events_per_look);
    arm();
}

ReadinessSet::~ReadinessSet() {
    // The wait is cancelled; the descriptor stays ours to close.
    static_cast<void>(waiting_.release());
}

Result<void> ReadinessSet::add(int descriptor, Readiness& who) {
    return control(descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, who);
}

Result<void> ReadinessSet::add_listener(int descriptor, Readiness& who) {
    return control(descriptor, EPOLLIN | EPOLLEXCLUSIVE, who);
}

Result<void> ReadinessSet::control(int descriptor, std::uint32_t events, Readiness& who) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &who;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return failure(
            ErrorClass::failed, "readiness.not_added",
            "A socket could not be watched: " + std::generic_category().message(errno) + ".");
    }
    return {};
}

void ReadinessSet::remove(int descriptor, const Readiness& who) noexcept {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
    for (Event& event : events_) {
        if (event.who == &who) {
            event.who = nullptr;
        }
    }
}

void ReadinessSet::request_turn() {
    if (!requested_) {
        requested_ = true;
        boost::asio::post(waiting_.get_executor(), [this, alive = std::weak_ptr<void>(alive_)] {
            if (!alive.expired() && requested_) {
                turn();
            }
        });
    }
}

void ReadinessSet::arm() {
    waiting_.async_wait(
        boost::asio::posix::descriptor_base::wait_read,
        [this, alive = std::weak_ptr<void>(alive_)](const boost::system::error_code& error) {
            // Success may have been on its way when the set went.
            if (!error && !alive.expired()) {
                turn();
                arm();
            }
        });
}

void ReadinessSet::turn() {
    requested_ = false;
    std::array<epoll_event, events_per_look> ready;  // NOLINT: filled by the system
    for (int look = 0; look < looks_per_turn; ++look) {
        const int count = ::epoll_wait(epoll_.get(), ready.data(), events_per_look, 0);
        for (int i = 0; i < count; ++i) {
            const std::uint32_t what = ready[static_cast<std::size_t>(i)].events;
            events_.push_back({static_cast<Readiness*>(ready[static_cast<std::size_t>(i)].data.ptr),
                               {(what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                                (what & EPOLLOUT) != 0, (what & (EPOLLHUP | EPOLLERR)) != 0,
                                (what & (EPOLLRDHUP | EPOLLHUP)) != 0}});
        }
        for (std::size_t i = 0; i < events_.size(); ++i) {
            if (events_[i].who != nullptr) {
                events_[i].who->on_ready(events_[i].what);
            }
        }
        events_.clear();
        if (count < events_per_look) {
            break;
        }
    }
    end_of_turn_();
}

}  // namespace patchbay::net
