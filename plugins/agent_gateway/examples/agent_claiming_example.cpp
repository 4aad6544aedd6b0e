// SPDX-License-Identifier: Apache-2.0
// An agent claims its id, meets a conflict, comes back with its certificate, is refused with a
// wrong one, and takes its claim back by force.
//
//   agent_claiming_example [HOST [PORT [AGENT_ID]]]      (127.0.0.1 8570 claiming-example)
#include <patchbay/agent/client.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

namespace {

namespace agent = patchbay::agent;

int failed(const char* step, const patchbay::Error& error) {
    std::cerr << step << " failed: " << patchbay::to_string(error) << '\n';
    return EXIT_FAILURE;
}

/// The same certificate with another signature: nobody but the server can make a right one.
agent::Certificate forged(const agent::Certificate& certificate) {
    agent::Certificate copy = certificate;
    const std::string name = "\"signature\":\"";
    if (const auto place = copy.json.find(name); place != std::string::npos) {
        char& digit = copy.json[place + name.size()];
        digit = digit == '0' ? '1' : '0';
    }
    return copy;
}

int run(const std::string& host, std::uint16_t port, const std::string& id) {
    agent::ClientOptions options;
    options.certificate_file =
        (std::filesystem::temp_directory_path() / (id + ".certificate.json")).string();

    agent::Client first(id, options);
    if (auto network = first.connect_to_server(host, port); !network) {
        return failed("Connecting", network.error());
    }
    // A certificate of an earlier run proves that the claim is ours.
    const bool known = first.certificate().has_value();
    const auto certificate = first.claim_agent_id(known);
    if (!certificate) {
        return failed("Claiming", certificate.error());
    }
    std::cout << "Agent ID claimed successfully (" << id << ", kept in " << options.certificate_file
              << ")\n";

    if (const auto again = first.claim_agent_id(); !again) {
        if (again.error().code != "agent.already_claimed") {
            return failed("Claiming again", again.error());
        }
        std::cout << "Agent ID already claimed (" << again.error().message << ")\n";
    }

    // Another process of the same agent would begin here: it has the file, and nothing else.
    agent::Client second(id, options);
    if (auto network = second.connect_to_server(host, port); !network) {
        return failed("Reconnecting with the certificate", network.error());
    }
    std::cout << "Reconnected with certificate\n";

    agent::Client stranger(id);
    agent::ConnectOptions wrong;
    wrong.certificate = forged(*certificate);
    if (auto network = stranger.connect_to_server(host, port, wrong); network) {
        std::cerr << "A forged certificate was accepted.\n";
        return EXIT_FAILURE;
    } else if (network.error().code != "agent.certificate_refused") {
        return failed("Connecting with a forged certificate", network.error());
    }
    std::cout << "Certificate validation failed (a forged certificate, as it should)\n";

    // The owner may force its claim: the certificate in use is the proof.
    const auto forced = second.claim_agent_id(true);
    if (!forced) {
        return failed("Claiming by force", forced.error());
    }
    std::cout << "Agent ID claimed successfully (by force, with a new certificate)\n";
    second.disconnect();
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string host = argc > 1 ? argv[1] : "127.0.0.1";
    const int port = argc > 2 ? std::atoi(argv[2]) : 8570;
    const std::string id = argc > 3 ? argv[3] : "claiming-example";
    if (port < 1 || port > 65535) {
        std::cerr << "The port must be 1 to 65535.\n";
        return EXIT_FAILURE;
    }
    return run(host, static_cast<std::uint16_t>(port), id);
}
