// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/key_password.hpp"
#include "app/problem_output.hpp"
#include "app/requested_certificates.hpp"
#include "app/verbs/verbs.hpp"
#include "proofs/certificate.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct IssueOptions {
    std::string config;
    std::vector<std::string> instances;
    std::string password_file;
    bool json = false;
};

int issue(const IssueOptions& options, Invocation& invocation) {
    const config::Checked<HostView> view = load_host_view(options.config);
    if (!view) {
        print_problems(invocation.err, "error", view.error());
        return exit_configuration;
    }
    const auto requested = requested_certificates(*view, options.instances);
    if (!requested) {
        print_problems(invocation.err, "error", requested.error());
        return exit_failed;
    }
    const Result<std::optional<std::string>> password = key_password(options.password_file);
    if (!password) {
        print_problem(invocation.err, "error", password.error());
        return exit_failed;
    }
    const proofs::Certificates certificates(view->configuration.data_dir);
    ordered_json json = ordered_json::array();
    bool good = true;
    for (const RequestedCertificate& wanted : *requested) {
        const Result<proofs::Certificate> issued =
            certificates.issue(wanted.request, *password, std::chrono::system_clock::now());
        ordered_json entry = {{"instance", wanted.instance},
                              {"identifier", wanted.request.identifier},
                              {"ledger_id", wanted.request.ledger_id},
                              {"issued", issued.has_value()}};
        if (issued) {
            entry["path"] = issued->path;
            entry["signer_address"] = issued->signer_address;
            entry["public_key"] = issued->public_key;
            entry["not_before"] = wanted.request.not_before;
            entry["not_after"] = wanted.request.not_after;
        } else {
            good = false;
            entry["error"] = {{"code", issued.error().code}, {"message", issued.error().message}};
            print_problem(invocation.err, "error", issued.error());
        }
        if (!options.json && issued) {
            invocation.out << "Issued certificate `" << wanted.request.identifier << "` for "
                           << wanted.instance << ": " << issued->path << '\n';
        }
        json.push_back(std::move(entry));
    }
    if (options.json) {
        invocation.out << json.dump(2) << '\n';
    } else if (requested->empty()) {
        invocation.out << "No instance has cert_requests.\n";
    }
    return good ? exit_ok : exit_failed;
}

}  // namespace

void add_issue_certificates(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "issue-certificates", "Sign the proofs of representation that `cert_requests` ask for");
    const auto options = std::make_shared<IssueOptions>();
    verb.add_option("-c,--config", options->config, "Host configuration")
        .environment("PATCHBAY_CONFIG")
        .required();
    verb.add_option("instances", options->instances, "Only for these (default: all)");
    verb.add_option("--password-file", options->password_file,
                    "The first line of this file decrypts the main keys (or "
                    "PATCHBAY_KEY_PASSWORD)");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return issue(*options, invocation); };
    });
}

}  // namespace patchbay::app
