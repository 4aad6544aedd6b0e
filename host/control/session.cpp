// SPDX-License-Identifier: Apache-2.0
#include "control/session.hpp"

#include "control/protocol.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace patchbay::control {

namespace asio = boost::asio;

namespace {

/// Items that are asked of a source at a time.
constexpr std::size_t items_per_write = 64;

Error too_long() {
    return {ErrorClass::invalid,
            "control.too_long",
            "The request has more than " + std::to_string(longest_request) + " bytes.",
            {}};
}

Error no_answer_in_time() {
    return {ErrorClass::failed, "control.time_limit", "The host did not answer in time.", {}};
}

Error unknown_verb(const std::string& verb, const Registry& registry) {
    std::string verbs;
    for (const std::string& known : registry.verbs()) {
        verbs += (verbs.empty() ? "" : ", ") + known;
    }
    return {ErrorClass::unsupported,
            "control.unknown_verb",
            "This host has no verb '" + verb + "'; it has: " + verbs + '.',
            {}};
}

using Answer = std::variant<nlohmann::json, Error, std::unique_ptr<Source>>;

class LiveSession final : public Session, public std::enable_shared_from_this<LiveSession> {
  public:
    LiveSession(Socket socket, const ServerOptions& options, const Registry& registry,
                std::function<void()> ended)
        : socket_(std::move(socket)),
          deadline_(socket_.get_executor()),
          woken_(socket_.get_executor()),
          options_(options),
          registry_(registry),
          ended_(std::move(ended)) {}

    void run() {
        asio::co_spawn(
            socket_.get_executor(), [self = shared_from_this()] { return self->serve(); },
            [self = shared_from_this()](const std::exception_ptr&) {
                self->close();
                self->ended_();
            });
    }

    void close() override {
        boost::system::error_code ignored;
        socket_.close(ignored);
        deadline_.cancel();
        woken_.cancel();
    }

    /// From a `Reply`, on any thread.
    void answer(std::uint64_t request, Answer answer) {
        asio::post(socket_.get_executor(),
                   [self = shared_from_this(), request, answer = std::move(answer)]() mutable {
                       // An answer that comes after its time limit belongs to nobody.
                       if (self->request_ == request) {
                           self->answer_ = std::move(answer);
                           self->woken_.cancel();
                       }
                   });
    }
    void wake() {
        asio::post(socket_.get_executor(), [self = shared_from_this()] {
            self->source_ready_ = true;
            self->woken_.cancel();
        });
    }

  private:
    /// Closes the socket when it is not disarmed in time; everything that waits then fails.
    void arm(std::chrono::milliseconds limit) {
        deadline_.expires_after(limit);
        deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            const std::shared_ptr<LiveSession> self = weak.lock();
            if (!error && self) {
                self->close();
            }
        });
    }
    void disarm() { deadline_.cancel(); }

    asio::awaitable<bool> write(std::string text);
    asio::awaitable<void> serve();
    asio::awaitable<bool> serve_request(std::string line);
    /// Gives the request to its handler; leaves an answer when there is one at once.
    void begin(std::string_view line, std::int64_t& id);
    asio::awaitable<bool> serve_source(std::int64_t id, Source& source);
    asio::awaitable<void> wait_until_woken(std::chrono::milliseconds limit);
    void watch_for_end();

    Socket socket_;
    asio::steady_timer deadline_;
    /// Never expires by itself; cancelled to wake `serve`.
    asio::steady_timer woken_;
    const ServerOptions& options_;
    const Registry& registry_;
    std::function<void()> ended_;
    std::string buffer_;
    /// Counts the requests, so that answers find theirs.
    std::uint64_t request_ = 0;
    std::optional<Answer> answer_;
    bool source_ready_ = false;
    bool client_left_ = false;
};

class LiveReply final : public Reply {
  public:
    LiveReply(std::weak_ptr<LiveSession> session, std::uint64_t request)
        : session_(std::move(session)), request_(request) {}
    ~LiveReply() override {
        send(Error{ErrorClass::failed, "control.no_answer", "The host gave no answer.", {}});
    }
    void result(nlohmann::json result) override { send(std::move(result)); }
    void fail(Error error) override { send(std::move(error)); }
    void stream(std::unique_ptr<Source> source) override { send(std::move(source)); }

  private:
    void send(Answer answer) {
        if (answered_.exchange(true)) {
            return;
        }
        if (const std::shared_ptr<LiveSession> session = session_.lock()) {
            session->answer(request_, std::move(answer));
        }
    }

    std::weak_ptr<LiveSession> session_;
    const std::uint64_t request_;
    std::atomic<bool> answered_{false};
};

asio::awaitable<bool> LiveSession::write(std::string text) {
    boost::system::error_code error;
    arm(options_.write_limit);
    co_await asio::async_write(socket_, asio::buffer(text),
                               asio::redirect_error(asio::use_awaitable, error));
    disarm();
    co_return !error;
}

// What is awaited is made beforehand: GCC 12 destroys temporaries of an await expression twice.
asio::awaitable<void> LiveSession::serve() {
    bool open = true;
    while (open && socket_.is_open()) {
        boost::system::error_code error;
        arm(options_.request_limit);
        const std::size_t size =
            co_await asio::async_read_until(socket_, asio::dynamic_buffer(buffer_, longest_request),
                                            '\n', asio::redirect_error(asio::use_awaitable, error));
        disarm();
        if (error == asio::error::not_found) {
            std::string refusal = failure_line(0, too_long());
            co_await write(std::move(refusal));
        }
        if (error) {
            co_return;
        }
        std::string line = buffer_.substr(0, size);
        buffer_.erase(0, size);
        open = co_await serve_request(std::move(line));
    }
}

asio::awaitable<bool> LiveSession::serve_request(std::string line) {
    std::int64_t id = 0;
    begin(line, id);
    if (!answer_) {
        co_await wait_until_woken(options_.answer_limit);
    }
    Answer answer = answer_ ? std::move(*answer_) : Answer(no_answer_in_time());
    if (auto* source = std::get_if<std::unique_ptr<Source>>(&answer)) {
        co_return co_await serve_source(id, **source);
    }
    const auto* error = std::get_if<Error>(&answer);
    std::string text = error != nullptr ? failure_line(id, *error)
                                        : result_line(id, std::get<nlohmann::json>(answer));
    co_return co_await write(std::move(text));
}

void LiveSession::begin(std::string_view line, std::int64_t& id) {
    answer_.reset();
    ++request_;
    const Result<Request> request = parse_request(line);
    if (!request) {
        answer_ = request.error();
        return;
    }
    id = request->id;
    const Handler* handler = registry_.find(request->verb);
    if (handler == nullptr) {
        answer_ = unknown_verb(request->verb, registry_);
        return;
    }
    try {
        (*handler)(*request->arguments, std::make_shared<LiveReply>(weak_from_this(), request_));
    } catch (const nlohmann::json::exception& exception) {
        answer_ = Error{
            ErrorClass::invalid,
            "control.bad_arguments",
            "The arguments of " + request->verb + " are not as expected: " + exception.what() + '.',
            {}};
    }
}

asio::awaitable<bool> LiveSession::serve_source(std::int64_t id, Source& source) {
    source.set_wake([weak = weak_from_this()] {
        if (const std::shared_ptr<LiveSession> self = weak.lock()) {
            self->wake();
        }
    });
    watch_for_end();
    while (!client_left_ && socket_.is_open()) {
        source_ready_ = false;
        std::string text;
        for (const nlohmann::json& item : source.take(items_per_write)) {
            text += item_line(id, item);
        }
        if (!text.empty()) {
            const bool written = co_await write(std::move(text));
            if (!written) {
                co_return false;
            }
        } else if (source.ended()) {
            // The client stays; what it sends is still being watched for, so it must reconnect.
            std::string end = result_line(id, nlohmann::json::object());
            co_await write(std::move(end));
            co_return false;
        } else if (!source_ready_) {
            co_await wait_until_woken(std::chrono::hours(24));
        }
    }
    co_return false;
}

/// A follower only ever leaves; whatever it sends ends the stream too.
void LiveSession::watch_for_end() {
    socket_.async_wait(Socket::wait_read,
                       [weak = weak_from_this()](const boost::system::error_code&) {
                           if (const std::shared_ptr<LiveSession> self = weak.lock()) {
                               self->client_left_ = true;
                               self->woken_.cancel();
                           }
                       });
}

asio::awaitable<void> LiveSession::wait_until_woken(std::chrono::milliseconds limit) {
    boost::system::error_code ignored;
    woken_.expires_after(limit);
    co_await woken_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

std::shared_ptr<Session> Session::start(Socket socket, const ServerOptions& options,
                                        const Registry& registry, std::function<void()> ended) {
    auto session =
        std::make_shared<LiveSession>(std::move(socket), options, registry, std::move(ended));
    session->run();
    return session;
}

}  // namespace patchbay::control
