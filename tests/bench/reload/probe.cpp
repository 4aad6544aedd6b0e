// SPDX-License-Identifier: Apache-2.0
/// \file
/// One HTTP client that sends a request, waits for the whole answer and sends the next one, until
/// SIGTERM. It writes down when each answer was complete; the gaps between them show how long this
/// client had to wait, whatever held the server up.
///
/// usage: probe PORT PATH FILE keep-alive|close
///
/// FILE gets the times of the monotonic clock in nanoseconds, 8 bytes each in the machine's order.
/// A connection ends only where the protocol says so: with `close`, or when an answer carries
/// `Connection: close`. Anything else counts as an error, and the next request starts on a new
/// connection. At the end, one line of JSON: `answers`, `connections`, and the errors by kind.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace {

volatile std::sig_atomic_t over = 0;

constexpr time_t longest_wait = 2;  // seconds, as wrk's
constexpr std::size_t longest_answer = std::size_t{1} << 20U;

struct Counts {
    std::uint64_t answers = 0;
    std::uint64_t connections = 0;
    std::uint64_t refused = 0;    ///< could not connect
    std::uint64_t broken = 0;     ///< closed before the answer was complete
    std::uint64_t timed_out = 0;  ///< no answer in time
    std::uint64_t malformed = 0;  ///< not what a server may answer
    std::uint64_t status = 0;     ///< other than 200
};

std::uint64_t monotonic() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

/// Case-insensitive; empty when it is not there. `head`: lines that end with CR LF.
std::string_view header(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at)) {
        at += 2;
        const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
        if (line.size() > name.size() && line[name.size()] == ':' &&
            ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
            const std::string_view value = line.substr(name.size() + 1);
            const std::size_t begin = value.find_first_not_of(' ');
            return begin == std::string_view::npos ? std::string_view() : value.substr(begin);
        }
    }
    return {};
}

class Client {
  public:
    Client(std::uint16_t port, const std::string& path, bool close)
        : port_(port),
          request_("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" +
                   (close ? "Connection: close\r\n" : "") + "\r\n"),
          close_(close) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { disconnect(); }

    /// True when an answer with status 200 is complete.
    bool ask() {
        if (socket_ < 0 && !connect()) {
            return false;
        }
        const ssize_t sent = ::send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(request_.size())) {
            disconnect();
            counts_.broken += over == 0;
            return false;
        }
        const bool good = receive();
        if (!good || close_ || leaves_) {
            disconnect();
        }
        return good;
    }

    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    bool connect() {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        (void)::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const timeval limit{longest_wait, 0};
        (void)::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            disconnect();
            counts_.refused += over == 0;
            (void)::usleep(1'000);
            return false;
        }
        ++counts_.connections;
        return true;
    }

    void disconnect() {
        if (socket_ >= 0) {
            ::close(socket_);
            socket_ = -1;
        }
    }

    bool receive() {
        std::string answer;
        std::optional<std::size_t> whole;
        while (!whole || answer.size() < *whole) {
            char part[16384];
            const ssize_t count = ::recv(socket_, part, sizeof part, 0);
            if (count <= 0) {
                if (over == 0) {
                    ++(count < 0 && errno == EAGAIN ? counts_.timed_out : counts_.broken);
                }
                return false;
            }
            answer.append(part, static_cast<std::size_t>(count));
            const std::size_t end = answer.find("\r\n\r\n");
            if (!whole && end != std::string::npos) {
                const std::string length(
                    header(std::string_view(answer).substr(0, end + 2), "content-length"));
                if (length.empty()) {
                    break;
                }
                whole = end + 4 + std::strtoull(length.c_str(), nullptr, 10);
            }
            if (answer.size() > longest_answer) {
                break;
            }
        }
        if (!whole || answer.size() != *whole) {
            ++counts_.malformed;
            return false;
        }
        const std::string_view head =
            std::string_view(answer).substr(0, answer.find("\r\n\r\n") + 2);
        const std::string connection(header(head, "connection"));
        leaves_ = ::strncasecmp(connection.c_str(), "close", 5) == 0;
        if (!head.starts_with("HTTP/1.1 200 ")) {
            ++counts_.status;
            return false;
        }
        ++counts_.answers;
        return true;
    }

    std::uint16_t port_;
    std::string request_;
    bool close_;
    int socket_ = -1;
    bool leaves_ = false;
    Counts counts_;
};

}  // namespace

int main(int argc, char** argv) {
    const std::string_view mode = argc == 5 ? argv[4] : "";
    if (mode != "keep-alive" && mode != "close") {
        std::fputs("usage: probe PORT PATH FILE keep-alive|close\n", stderr);
        return 2;
    }
    struct sigaction action {};  // without SA_RESTART: what waits is interrupted
    action.sa_handler = [](int) { over = 1; };
    (void)::sigaction(SIGTERM, &action, nullptr);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(argv[3], "wb"),
                                                               &std::fclose);
    if (file == nullptr) {
        std::perror(argv[3]);
        return 1;
    }
    Client client(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], mode == "close");
    while (over == 0) {
        if (client.ask()) {
            const std::uint64_t now = monotonic();
            (void)std::fwrite(&now, sizeof now, 1, file.get());
        }
    }
    const Counts& counts = client.counts();
    const auto number = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
    std::printf(R"({"answers": %llu, "connections": %llu, "errors": )"
                R"({"refused": %llu, "broken": %llu, "timed_out": %llu, "malformed": %llu, )"
                R"("status": %llu}})"
                "\n",
                number(counts.answers), number(counts.connections), number(counts.refused),
                number(counts.broken), number(counts.timed_out), number(counts.malformed),
                number(counts.status));
    return 0;
}
