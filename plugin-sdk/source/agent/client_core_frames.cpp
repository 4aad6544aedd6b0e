// SPDX-License-Identifier: Apache-2.0
// The part of the client core that exchanges frames with the server.
#include "agent/client_core.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::agent {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Result<void> ClientCore::queue(Session& session, const Json& frame, bool first) {
    if (session.ended.is_set() || session.closing) {
        return not_connected();
    }
    std::string text = to_text(frame);
    if (session.outgoing.size() >= options_.queue_frames ||
        session.outgoing_bytes + text.size() > options_.queue_bytes) {
        return failure(ErrorClass::overloaded, "agent.queue_full",
                       "The server takes frames more slowly than the agent makes them: " +
                           std::to_string(session.outgoing.size()) + " wait.");
    }
    session.outgoing_bytes += text.size();
    if (first) {
        session.outgoing.push_front(std::move(text));
    } else {
        session.outgoing.push_back(std::move(text));
    }
    session.wake_writer.cancel();
    return {};
}

Awaitable<void> ClientCore::write(SessionPtr session) {
    const auto self = shared_from_this();
    while (!session->ended.is_set()) {
        if (session->outgoing.empty()) {
            if (session->closing) {
                break;
            }
            boost::system::error_code ignored;
            session->wake_writer.expires_at(steady_clock::time_point::max());
            co_await session->wake_writer.async_wait(
                boost::asio::redirect_error(use_awaitable, ignored));
            continue;
        }
        const std::string text = std::move(session->outgoing.front());
        session->outgoing.pop_front();
        session->outgoing_bytes -= text.size();
        const std::uint64_t number = ++session->writes;
        session->write_limit.expires_after(options_.write_limit);
        session->write_limit.async_wait([session, number](const boost::system::error_code& error) {
            if (!error && session->writes == number) {
                session->transport->abort();
            }
        });
        const Result<void> written = co_await session->transport->write(text);
        ++session->writes;
        session->write_limit.cancel();
        if (!written) {
            end(session, written.error());
        }
    }
    session->drained.set();
}

Awaitable<void> ClientCore::read(SessionPtr session) {
    const auto self = shared_from_this();
    while (!session->ended.is_set()) {
        const Result<std::string> text = co_await session->transport->read();
        if (!text) {
            end(session, text.error());
            break;
        }
        handle(*session, *text);
    }
}

void ClientCore::handle(Session& session, const std::string& text) {
    Json frame = Json::parse(text, nullptr, false);
    if (!frame.is_object()) {
        return;  // not for us; a client outlives what a server should not have sent
    }
    const Json type = frame.value("type", Json());
    if (type == "system_response") {
        answer(session, std::move(frame));
    } else if (type == "system_request" && frame.value("command", Json()) == "ping_agent") {
        // Before what waits: the server counts the seconds.
        (void)queue(session, pong_for(frame, agent_id_), true);
    } else if (type == "message") {
        if (const auto message = message_of(frame)) {
            tell(*message);
        }
    }
}

void ClientCore::answer(Session& session, Json frame) {
    const Json command = frame.value("command", Json());
    if (command == "send_message" && frame.value("success", Json()) == false) {
        const Json message = frame.value("message_id", Json());
        tell(Event{EventKind::undelivered,
                   refusal_of(frame),
                   {},
                   message.is_string() ? message.get<std::string>() : std::string()});
        return;
    }
    const Json id = frame.value("request_id", Json());
    // OpenAgents' server names no request: its answers come in the order of the requests.
    const auto found =
        std::find_if(session.pending.begin(), session.pending.end(), [&](const auto& pending) {
            return id.is_string() ? pending->request_id == id.template get<std::string>()
                                  : command == pending->command;
        });
    if (found == session.pending.end()) {
        return;
    }
    const std::shared_ptr<Pending> pending = *found;
    session.pending.erase(found);
    if (frame.value("success", Json()) == true) {
        pending->answer = std::move(frame);
    } else {
        pending->answer = tl::unexpected<Error>(refusal_of(frame));
        pending->refusal = std::move(frame);
    }
    pending->answered.set();
}

Awaitable<Result<Json>> ClientCore::request(SessionPtr session, Json frame, milliseconds limit,
                                            Json* refusal) {
    const auto now = steady_clock::now();
    std::erase_if(session->pending,
                  [now](const auto& one) { return one->forget_at && *one->forget_at <= now; });
    if (session->pending.size() >= options_.requests) {
        co_return failure(ErrorClass::overloaded, "agent.too_many_requests",
                          std::to_string(session->pending.size()) +
                              " requests wait for an answer of the server.");
    }
    const auto pending = std::make_shared<Pending>(executor_);
    pending->command = frame.at("command").get<std::string>();
    pending->request_id = 'r' + std::to_string(next_request_++);
    frame["type"] = "system_request";
    frame["agent_id"] = agent_id_;
    frame["request_id"] = pending->request_id;
    if (Result<void> queued = queue(*session, frame); !queued) {
        co_return tl::unexpected<Error>(queued.error());
    }
    session->pending.push_back(pending);
    const bool answered = co_await pending->answered.wait(limit);
    if (!answered) {
        pending->forget_at = steady_clock::now() + limit;
        co_return failure(ErrorClass::overloaded, "agent.request_time_limit",
                          "The server did not answer `" + pending->command + "` within " +
                              std::to_string(limit.count()) + " ms.");
    }
    if (refusal != nullptr) {
        *refusal = std::move(pending->refusal);
    }
    co_return std::move(pending->answer);
}

Awaitable<Result<Json>> ClientCore::request(Json frame) {
    const auto self = shared_from_this();
    const SessionPtr session = session_;
    if (session == nullptr || !session->registered) {
        co_return not_connected();
    }
    co_return co_await request(session, std::move(frame), options_.request_limit);
}

Result<std::string> ClientCore::send(const Json& message) {
    if (session_ == nullptr || !session_->registered) {
        return not_connected();
    }
    if (Result<void> queued = queue(*session_, message); !queued) {
        return tl::unexpected<Error>(std::move(queued.error()));
    }
    return message.at("data").at("message_id").get<std::string>();
}

}  // namespace patchbay::agent
