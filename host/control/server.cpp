// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include "control/endpoint.hpp"
#include "control/protocol.hpp"
#include "control/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::control {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

struct Server::Core {
    Core(ServerOptions server_options, Registry verbs, events::EventSink& sink)
        : options(std::move(server_options)),
          registry(std::move(verbs)),
          events(sink),
          loop(1),
          acceptor(loop) {}

    void accept();
    void welcome(Protocol::socket socket);
    void forget_ended();
    void run() { loop.run(); }

    const ServerOptions options;
    const Registry registry;
    events::EventSink& events;
    asio::io_context loop;
    Protocol::acceptor acceptor;
    std::vector<std::weak_ptr<Session>> sessions;
    std::size_t clients = 0;
    bool stopping = false;
    std::thread thread;
};

void Server::Core::accept() {
    acceptor.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
        if (error == asio::error::operation_aborted || stopping) {
            return;
        }
        if (!error) {
            welcome(std::move(socket));
        }
        accept();
    });
}

void Server::Core::welcome(Protocol::socket socket) {
    const auto refuse = [&socket](const Error& error) {
        const std::string line = failure_line(0, error);
        boost::system::error_code ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(asio::buffer(line), ignored);
    };
    if (!peer_is_trusted(socket.native_handle())) {
        const long process = peer_process(socket.native_handle());
        events.publish({events::Level::warning, "control", "control.refused",
                        "Refused the control connection of process " + std::to_string(process) +
                            ", which belongs to another user."});
        refuse({ErrorClass::failed,
                "control.forbidden",
                "Only the host's own user and root may use this socket.",
                {}});
        return;
    }
    if (clients >= options.maximum_clients) {
        refuse({ErrorClass::overloaded,
                "control.too_many_clients",
                "The host serves " + std::to_string(clients) + " control connections already.",
                {}});
        return;
    }
    ++clients;
    std::erase_if(sessions,
                  [](const std::weak_ptr<Session>& session) { return session.expired(); });
    sessions.push_back(Session::start(std::move(socket), options, registry, [this] { --clients; }));
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Registry registry,
                                              events::EventSink& events) {
    Result<Descriptor> listener = listen_on(options.path);
    if (!listener) {
        return tl::unexpected<Error>(std::move(listener.error()));
    }
    auto core = std::make_unique<Core>(std::move(options), std::move(registry), events);
    core->acceptor.assign(Protocol(), listener->release());
    core->accept();
    core->thread = std::thread([raw = core.get()] { raw->run(); });
    return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() {
    asio::post(core_->loop, [core = core_.get()] {
        core->stopping = true;
        boost::system::error_code ignored;
        core->acceptor.close(ignored);
        for (const std::weak_ptr<Session>& weak : core->sessions) {
            if (const std::shared_ptr<Session> session = weak.lock()) {
                session->close();
            }
        }
    });
    // The loop ends when the last session did.
    core_->thread.join();
    (void)::unlink(core_->options.path.c_str());
}

}  // namespace patchbay::control
