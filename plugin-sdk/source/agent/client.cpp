// SPDX-License-Identifier: Apache-2.0
#include "agent/client_core.hpp"

#include <patchbay/agent/client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <future>
#include <thread>
#include <utility>

namespace patchbay::agent {

/// The client's thread.
class Client::Loop {
  public:
    Loop() : guard_(boost::asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop() { stop(); }

    void stop() {
        context_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    [[nodiscard]] Executor executor() { return context_.get_executor(); }
    [[nodiscard]] bool is_here() const { return thread_.get_id() == std::this_thread::get_id(); }

    /// Runs the operation on the client's thread and waits for it, which its time limits bound.
    template <class T>
    Result<T> wait(Awaitable<Result<T>> operation) {
        if (is_here()) {
            return failure(ErrorClass::invalid, "agent.would_block",
                           "A handler must not wait for the client: use the awaitable functions.");
        }
        const auto outcome = std::make_shared<std::promise<Result<T>>>();
        boost::asio::co_spawn(context_, std::move(operation),
                              [outcome](std::exception_ptr error, Result<T> result) {
                                  if (error) {
                                      outcome->set_exception(error);
                                  } else {
                                      outcome->set_value(std::move(result));
                                  }
                              });
        return outcome->get_future().get();
    }

  private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<Executor> guard_;
    std::thread thread_;
};

namespace {

/// Runs the operation on the client's thread; the caller resumes on its own.
template <class T>
Awaitable<Result<T>> over_there(Executor executor, Awaitable<Result<T>> operation) {
    co_return co_await boost::asio::co_spawn(executor, std::move(operation), use_awaitable);
}

Awaitable<Result<void>> farewell(std::shared_ptr<ClientCore> core) {
    co_await core->disconnect();
    co_return success();
}

}  // namespace

Client::Client(std::string agent_id, ClientOptions options)
    : agent_id_(std::move(agent_id)),
      loop_(std::make_unique<Loop>()),
      core_(std::make_shared<ClientCore>(loop_->executor(), agent_id_, std::move(options))) {}

Client::~Client() {
    loop_->stop();
}

ClientState Client::state() const noexcept {
    return core_->state();
}
std::optional<Certificate> Client::certificate() const {
    return core_->certificate();
}
void Client::on_message(std::function<void(const Message&)> handler) {
    core_->on_message(std::move(handler));
}
void Client::on_event(std::function<void(const Event&)> handler) {
    core_->on_event(std::move(handler));
}

Result<Network> Client::connect_to_server(std::string host, std::uint16_t port,
                                          ConnectOptions options) {
    return loop_->wait(core_->connect(std::move(host), port, std::move(options)));
}
Awaitable<Result<Network>> Client::async_connect_to_server(std::string host, std::uint16_t port,
                                                           ConnectOptions options) {
    return over_there(loop_->executor(), core_->connect(std::move(host), port, std::move(options)));
}

Awaitable<Result<Network>> Client::async_connect_to_server(std::string host, std::uint16_t port) {
    return async_connect_to_server(std::move(host), port, ConnectOptions());
}

Result<Certificate> Client::claim_agent_id(bool force) {
    return loop_->wait(core_->claim(force));
}
Awaitable<Result<Certificate>> Client::async_claim_agent_id(bool force) {
    return over_there(loop_->executor(), core_->claim(force));
}

Result<bool> Client::validate_certificate(Certificate certificate) {
    return loop_->wait(core_->validate(std::move(certificate)));
}
Awaitable<Result<bool>> Client::async_validate_certificate(Certificate certificate) {
    return over_there(loop_->executor(), core_->validate(std::move(certificate)));
}

Result<Certificate> Client::renew_certificate() {
    return loop_->wait(core_->renew());
}
Awaitable<Result<Certificate>> Client::async_renew_certificate() {
    return over_there(loop_->executor(), core_->renew());
}

Result<void> Client::release_agent_id() {
    return loop_->wait(core_->release());
}
Awaitable<Result<void>> Client::async_release_agent_id() {
    return over_there(loop_->executor(), core_->release());
}

Result<std::vector<AgentInfo>> Client::list_agents() {
    return loop_->wait(core_->list_agents());
}
Awaitable<Result<std::vector<AgentInfo>>> Client::async_list_agents() {
    return over_there(loop_->executor(), core_->list_agents());
}

Result<std::string> Client::request(std::string command, std::string fields) {
    return loop_->wait(core_->request_text(std::move(command), std::move(fields)));
}
Awaitable<Result<std::string>> Client::async_request(std::string command, std::string fields) {
    return over_there(loop_->executor(),
                      core_->request_text(std::move(command), std::move(fields)));
}

Result<std::string> Client::send_direct(std::string target_id, std::string content) {
    return loop_->wait(core_->send_direct(std::move(target_id), std::move(content)));
}
Awaitable<Result<std::string>> Client::async_send_direct(std::string target_id,
                                                         std::string content) {
    return over_there(loop_->executor(),
                      core_->send_direct(std::move(target_id), std::move(content)));
}

Result<std::string> Client::send_broadcast(std::string content) {
    return loop_->wait(core_->send_broadcast(std::move(content)));
}
Awaitable<Result<std::string>> Client::async_send_broadcast(std::string content) {
    return over_there(loop_->executor(), core_->send_broadcast(std::move(content)));
}

void Client::disconnect() {
    (void)loop_->wait(farewell(core_));
}
Awaitable<void> Client::async_disconnect() {
    (void)co_await over_there(loop_->executor(), farewell(core_));
}

}  // namespace patchbay::agent
