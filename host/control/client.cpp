// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include "control/protocol.hpp"

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace patchbay::control {

namespace {

using Clock = std::chrono::steady_clock;

tl::unexpected<Error> gone() {
    return failure(ErrorClass::disconnected, "control.disconnected",
                   "The host closed the control connection.");
}

/// True when there is something to read (or the end) before `deadline`.
bool wait_readable(int descriptor, std::chrono::milliseconds limit) {
    const Clock::time_point deadline = Clock::now() + limit;
    while (true) {
        int wait = -1;
        if (limit.count() >= 0) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
            wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
        }
        pollfd entry{descriptor, POLLIN, 0};
        const int ready = ::poll(&entry, 1, wait);
        if (ready > 0) {
            return true;
        }
        if (ready == 0 || errno != EINTR) {
            return false;
        }
    }
}

}  // namespace

Result<Client> Client::connect(const std::string& path) {
    Result<Descriptor> descriptor = connect_to(path);
    if (!descriptor) {
        return tl::unexpected<Error>(std::move(descriptor.error()));
    }
    return Client(std::move(*descriptor));
}

Result<void> Client::send(const std::string& line) {
    std::size_t sent = 0;
    while (sent < line.size()) {
        const ssize_t count =
            ::send(descriptor_.number(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return gone();
        }
        sent += static_cast<std::size_t>(count);
    }
    return {};
}

Result<std::string> Client::read_line(std::chrono::milliseconds limit) {
    std::size_t looked = 0;
    while (true) {
        const std::size_t end = buffer_.find('\n', looked);
        if (end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        looked = buffer_.size();
        if (buffer_.size() > longest_answer) {
            return failure(ErrorClass::failed, "control.too_long",
                           "The host's answer is too long.");
        }
        if (!wait_readable(descriptor_.number(), limit)) {
            return failure(
                ErrorClass::failed, "control.time_limit",
                "The host did not answer within " + std::to_string(limit.count() / 1000) + " s.");
        }
        std::array<char, 16384> chunk{};
        const ssize_t count = ::recv(descriptor_.number(), chunk.data(), chunk.size(), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return gone();
        }
        buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

Result<nlohmann::json> Client::request(std::string_view verb, const nlohmann::json& arguments,
                                       std::chrono::milliseconds limit) {
    if (Result<void> sent = send(request_line(++last_id_, verb, arguments)); !sent) {
        return tl::unexpected<Error>(std::move(sent.error()));
    }
    const Result<std::string> line = read_line(limit);
    if (!line) {
        return tl::unexpected<Error>(line.error());
    }
    nlohmann::json answer = nlohmann::json::parse(*line, nullptr, false);
    if (!answer.is_object()) {
        return failure(ErrorClass::failed, "control.malformed", "The host's answer is not JSON.");
    }
    if (answer.value("ok", false)) {
        return answer["result"];
    }
    return tl::unexpected<Error>(error_from(answer["error"]));
}

Result<void> Client::follow(std::string_view verb, const nlohmann::json& arguments,
                            const std::function<bool(const nlohmann::json&)>& item) {
    if (Result<void> sent = send(request_line(++last_id_, verb, arguments)); !sent) {
        return sent;
    }
    while (true) {
        const Result<std::string> line = read_line(std::chrono::milliseconds(-1));
        if (!line) {
            return tl::unexpected<Error>(line.error());
        }
        const nlohmann::json answer = nlohmann::json::parse(*line, nullptr, false);
        if (!answer.is_object()) {
            return failure(ErrorClass::failed, "control.malformed",
                           "The host's answer is not JSON.");
        }
        const auto found = answer.find("item");
        if (found != answer.end()) {
            if (!item(*found)) {
                return {};
            }
            continue;
        }
        if (answer.value("ok", false)) {
            return {};
        }
        return tl::unexpected<Error>(
            error_from(answer.contains("error") ? answer["error"] : nlohmann::json()));
    }
}

bool Client::wait_for_end(std::chrono::milliseconds limit) {
    const Clock::time_point deadline = Clock::now() + limit;
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0 || !wait_readable(descriptor_.number(), left)) {
            return false;
        }
        std::array<char, 256> ignored{};
        const ssize_t count = ::recv(descriptor_.number(), ignored.data(), ignored.size(), 0);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return true;
        }
    }
}

}  // namespace patchbay::control
