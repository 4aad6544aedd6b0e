// SPDX-License-Identifier: Apache-2.0
#include "app/agent_options.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct SendOptions {
    AgentOptions agent;
    std::string target;
    std::string text;
    std::string content;
    bool broadcast = false;
    std::optional<Option> content_given;
};

int send(const SendOptions& options, Invocation& invocation) {
    const auto client = make_client(options.agent);
    std::mutex mutex;
    std::optional<Error> undelivered;
    client->on_event([&](const agent::Event& event) {
        if (event.kind == agent::EventKind::undelivered) {
            const std::lock_guard lock(mutex);
            undelivered = event.error;
        }
    });
    const std::string content =
        options.content_given->given() ? options.content : agent::text_content(options.text);
    Result<std::string> sent = connect(*client, options.agent).and_then([&](const agent::Network&) {
        return options.broadcast ? client->send_broadcast(content)
                                 : client->send_direct(options.target, content);
    });
    // Frames are handled in order: with the answer the message has been dealt with.
    const Result<std::string> dealt_with =
        !sent ? sent : client->request("ping_agent", R"({"timestamp": 0})");
    client->disconnect();
    const std::lock_guard lock(mutex);
    if (!dealt_with || undelivered) {
        print_problem(invocation.err, "error", undelivered ? *undelivered : dealt_with.error());
        return exit_failed;
    }
    if (options.agent.json) {
        invocation.out << nlohmann::ordered_json{{"message_id", *sent}}.dump(2) << '\n';
    } else {
        invocation.out << "Sent " << *sent << ".\n";
    }
    return exit_ok;
}

}  // namespace

void add_agent_send(Command group, Invocation& invocation) {
    Command verb = group.add_subcommand("send", "Register, send one message, and leave");
    const auto options = std::make_shared<SendOptions>();
    options->agent.add_to(verb);
    options->agent.add_certificate_file(verb);
    Command receiver = verb.add_choice("receiver", "Who gets it");
    receiver.add_option("--to", options->target, "Id of an agent");
    receiver.add_flag("--broadcast", options->broadcast, "All other agents");
    Command content = verb.add_choice("content", "What it says");
    content.add_option("--text", options->text, "A text, sent as {\"text\": ...}");
    options->content_given = content.add_option("--content", options->content, "A JSON object");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return send(*options, invocation); };
    });
}

}  // namespace patchbay::app
