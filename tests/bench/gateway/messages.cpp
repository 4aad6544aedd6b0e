// SPDX-License-Identifier: Apache-2.0
#include "messages.hpp"

#include "../shared/measurement.hpp"
#include "sockets.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

namespace bench {

namespace {

using Clock = Measurement::Clock;

constexpr std::size_t read_size = std::size_t{256} << 10U;

/// One channel in use. Its server keeps the order, so that answers need no look at their number.
struct Traffic {
    Channel channel;
    std::vector<Clock::time_point> sent;  ///< a ring of those under way
    std::uint64_t next_sent = 0;
    std::uint64_t next_arrived = 0;
    std::array<std::string, 2> kept;  ///< the begin of a message: of the receiver, of the sender
};

class Load {
  public:
    Load(Wire& wire, std::size_t channels, std::size_t in_flight, double seconds)
        : wire_(wire),
          events_(::epoll_create1(EPOLL_CLOEXEC)),
          buffer_(read_size),
          // Numbers of later runs against the same server are others.
          numbers_(static_cast<std::uint64_t>(Clock::now().time_since_epoch().count())),
          all_(channels),
          measurement_(seconds) {
        for (std::size_t i = 0; i < channels; ++i) {
            all_[i].channel = wire.open(i);
            all_[i].sent.resize(in_flight);
            watch(all_[i].channel.receiver, 2 * i);
            if (all_[i].channel.sender != all_[i].channel.receiver) {
                watch(all_[i].channel.sender, 2 * i + 1);
            }
        }
        measurement_ = Measurement(seconds);  // opening them took its time
    }

    std::string run() {
        auto now = Clock::now();
        for (Traffic& traffic : all_) {
            send(traffic, static_cast<std::uint32_t>(traffic.sent.size()), now);
        }
        auto last = now;
        std::array<epoll_event, 512> ready{};
        while (!measurement_.over(now)) {
            const int count =
                ::epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), 100);
            now = Clock::now();
            for (int i = 0; i < count; ++i) {
                const std::uint64_t which = ready[static_cast<std::size_t>(i)].data.u64;
                receive(all_[which / 2], which % 2);
            }
            last = count > 0 ? now : last;
            if (now - last > std::chrono::seconds(5)) {
                give_up("nothing came for five seconds");
            }
        }
        return measurement_.json();
    }

  private:
    void watch(int socket, std::uint64_t which) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = which;
        if (::epoll_ctl(events_, EPOLL_CTL_ADD, socket, &event) != 0) {
            give_up_with_errno("epoll_ctl");
        }
    }

    void receive(Traffic& traffic, std::size_t side) {
        const int socket = side == 0 ? traffic.channel.receiver : traffic.channel.sender;
        std::string& kept = traffic.kept[side];
        std::memcpy(buffer_.data(), kept.data(), kept.size());
        const ssize_t size = ::recv(socket, buffer_.data() + kept.size(),
                                    buffer_.size() - kept.size(), MSG_DONTWAIT);
        if (size <= 0) {
            give_up("the server closed a connection");
        }
        std::string_view bytes(buffer_.data(), kept.size() + static_cast<std::size_t>(size));
        const Arrived arrived = wire_.take(bytes, socket);
        kept.assign(bytes);
        const auto now = Clock::now();
        const std::uint32_t all = arrived.messages + arrived.refusals;
        for (std::uint32_t i = 0; i < all; ++i) {
            measurement_.answered(traffic.sent[traffic.next_arrived++ % traffic.sent.size()], now,
                                  i < arrived.messages);
        }
        if (all != 0) {
            send(traffic, all, now);
        }
    }

    void send(Traffic& traffic, std::uint32_t count, Clock::time_point now) {
        out_.clear();
        for (std::uint32_t i = 0; i < count; ++i) {
            traffic.sent[traffic.next_sent++ % traffic.sent.size()] = now;
            traffic.channel.message.append_to(out_, ++numbers_);
        }
        send_all(traffic.channel.sender, out_);
    }

    Wire& wire_;
    int events_;
    std::vector<char> buffer_;
    std::uint64_t numbers_;
    std::string out_;
    std::vector<Traffic> all_;
    Measurement measurement_;
};

}  // namespace

std::string measure_messages(Wire& wire, std::size_t channels, std::size_t in_flight,
                             double seconds) {
    return Load(wire, channels, in_flight, seconds).run();
}

}  // namespace bench
