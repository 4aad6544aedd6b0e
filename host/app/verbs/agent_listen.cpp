// SPDX-License-Identifier: Apache-2.0
#include "app/agent_options.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct ListenOptions {
    AgentOptions agent;
    std::uint64_t count = 0;
    double seconds = 0;
};

/// What the client's thread hands to the one that prints.
struct Heard {
    static constexpr std::size_t most = 1024;

    std::mutex mutex;
    std::condition_variable changed;
    std::deque<agent::Message> messages;
    std::uint64_t missed = 0;
    std::optional<Error> end;
};

std::string line_of(const agent::Message& message, bool json) {
    if (json) {
        return ordered_json::parse(message.json).dump();
    }
    const std::string text = agent::text_of(message.content);
    const char* kind = message.kind == agent::MessageKind::direct      ? ""
                       : message.kind == agent::MessageKind::broadcast ? " (to all)"
                                                                       : " (protocol)";
    return message.sender_id + kind + ": " + (text.empty() ? message.content : text);
}

int listen(const ListenOptions& options, Invocation& invocation) {
    const auto client = make_client(options.agent);
    Heard heard;
    client->on_message([&heard](const agent::Message& message) {
        const std::lock_guard lock(heard.mutex);
        if (heard.messages.size() == Heard::most) {
            ++heard.missed;
            return;
        }
        heard.messages.push_back(message);
        heard.changed.notify_all();
    });
    client->on_event([&heard](const agent::Event& event) {
        if (event.kind == agent::EventKind::stopped || event.kind == agent::EventKind::replaced) {
            const std::lock_guard lock(heard.mutex);
            heard.end = event.error;
            heard.changed.notify_all();
        }
    });
    const Result<agent::Network> network = connect(*client, options.agent);
    if (!network) {
        print_problem(invocation.err, "error", network.error());
        return exit_failed;
    }
    invocation.err << "patchbay: listening as " << options.agent.agent_id << " in " << network->name
                   << '\n'
                   << std::flush;
    const auto deadline =
        std::chrono::steady_clock::now() +
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::duration<double>(options.seconds > 0 ? options.seconds : 3.0e8));
    std::uint64_t printed = 0;
    std::optional<Error> end;
    std::unique_lock lock(heard.mutex);
    while (options.count == 0 || printed < options.count) {
        heard.changed.wait_until(lock, deadline,
                                 [&heard] { return !heard.messages.empty() || heard.end; });
        if (heard.messages.empty()) {
            end = heard.end;
            break;
        }
        const agent::Message message = std::move(heard.messages.front());
        heard.messages.pop_front();
        lock.unlock();
        invocation.out << line_of(message, options.agent.json) << '\n' << std::flush;
        ++printed;
        lock.lock();
    }
    const std::uint64_t missed = heard.missed;
    lock.unlock();
    client->disconnect();
    if (missed != 0) {
        invocation.err << "patchbay: " << missed
                       << " messages were not shown, because they came too fast.\n";
    }
    if (end) {
        print_problem(invocation.err, "error", *end);
        return exit_failed;
    }
    return options.count != 0 && printed < options.count ? exit_failed : exit_ok;
}

}  // namespace

void add_agent_listen(Command group, Invocation& invocation) {
    Command verb =
        group.add_subcommand("listen", "Register and print the messages that arrive, one a line");
    const auto options = std::make_shared<ListenOptions>();
    options->agent.add_to(verb);
    options->agent.add_certificate_file(verb);
    verb.add_option("--count", options->count, "Leave after so many messages");
    verb.add_option("--seconds", options->seconds, "Leave after so many seconds").range(0.0, 3.0e8);
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return listen(*options, invocation); };
    });
}

}  // namespace patchbay::app
