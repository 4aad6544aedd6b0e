// SPDX-License-Identifier: Apache-2.0
#include "app/agent_options.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

/// These texts are what people search for.
std::string advice_for(const Error& error, const AgentOptions& options) {
    if (error.code == "agent.already_claimed") {
        return "Agent ID already claimed: if it is yours, use its certificate (" +
               options.certificate_file +
               " has none, or another one); is a second instance running?";
    }
    if (error.code == "agent.certificate_refused") {
        return "Certificate validation failed: " + options.certificate_file +
               " has expired, was replaced by a newer one, or is another server's.";
    }
    return {};
}

int claim(const AgentOptions& options, Invocation& invocation) {
    const auto client = make_client(options);
    const Result<agent::Network> network = connect(*client, options);
    const Result<agent::Certificate> certificate =
        // With a certificate of an earlier claim the id is ours, and gets a fresh one.
        !network ? tl::unexpected<Error>(network.error())
                 : client->claim_agent_id(client->certificate().has_value());
    client->disconnect();
    if (!certificate) {
        print_problem(invocation.err, "error", certificate.error());
        if (const std::string advice = advice_for(certificate.error(), options); !advice.empty()) {
            invocation.err << advice << '\n';
        }
        return exit_failed;
    }
    if (options.json) {
        invocation.out << nlohmann::ordered_json{{"agent_id", certificate->agent_id},
                                                 {"issued_at", certificate->issued_at},
                                                 {"expires_at", certificate->expires_at},
                                                 {"certificate_file", options.certificate_file}}
                              .dump(2)
                       << '\n';
    } else {
        invocation.out << "Agent ID claimed successfully: " << certificate->agent_id
                       << "\ncertificate: " << options.certificate_file << '\n';
    }
    return exit_ok;
}

}  // namespace

void add_agent_claim(Command group, Invocation& invocation) {
    Command verb =
        group.add_subcommand("claim", "Register, claim the id, keep the certificate, and leave");
    const auto options = std::make_shared<AgentOptions>();
    options->add_to(verb);
    options->add_certificate_file(verb).required();
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return claim(*options, invocation); };
    });
}

}  // namespace patchbay::app
