// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/problem_output.hpp"
#include "app/requested_certificates.hpp"
#include "app/verbs/verbs.hpp"
#include "config/identifier_rules.hpp"
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

struct VerifyOptions {
    std::string file;
    std::string ledger;
    std::string address;
    config::CertRequest request;
    std::string message_format;
    std::optional<Option> format_given;
    std::string config;
    std::vector<std::string> instances;
    bool json = false;
};

struct Verdict {
    std::string what;
    Result<std::string> signer_public_key;
};

Result<std::string> verify_file(const VerifyOptions& options) {
    const Result<proofs::Ledger> ledger = proofs::ledger_of(options.ledger);
    if (!ledger) {
        return tl::unexpected<Error>(ledger.error());
    }
    config::CertRequest request = options.request;
    if (options.format_given->given()) {
        request.message_format = options.message_format;
    }
    const bool dated = !request.not_before.empty() || !request.not_after.empty();
    for (const std::string* day : {&request.not_before, &request.not_after}) {
        if (const auto problem = config::date_problem(*day); dated && problem) {
            return failure(
                ErrorClass::invalid, "proof.bad_date",
                "--not-before and --not-after " + *problem + ", but one is `" + *day + "`.");
        }
    }
    Result<std::string> message = proofs::message_of(request, request.public_key);
    if (!message) {
        return message;
    }
    Result<std::string> signature =
        proofs::read_certificate_file(options.file).and_then([](const std::string& content) {
            return proofs::decode_certificate(content);
        });
    if (!signature) {
        return signature;
    }
    const Result<proofs::PublicKey> signer =
        proofs::check_signature(*ledger, *message, *signature, options.address);
    if (!signer) {
        return tl::unexpected<Error>(signer.error());
    }
    if (dated) {
        if (auto valid = proofs::check_validity(request, std::chrono::system_clock::now());
            !valid) {
            return tl::unexpected<Error>(valid.error());
        }
    }
    return signer->text();
}

int verify(const VerifyOptions& options, Invocation& invocation) {
    std::vector<Verdict> verdicts;
    if (!options.file.empty()) {
        verdicts.push_back({options.file, verify_file(options)});
    } else {
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
        const proofs::Certificates certificates(view->configuration.data_dir);
        for (const RequestedCertificate& wanted : *requested) {
            verdicts.push_back(
                {wanted.instance + ": " + wanted.request.save_path,
                 certificates.load(wanted.request, std::chrono::system_clock::now())
                     .map([](const proofs::Certificate& good) { return good.signer_public_key; })});
        }
        if (verdicts.empty() && !options.json) {
            invocation.out << "No instance has cert_requests.\n";
        }
    }
    bool good = true;
    ordered_json json = ordered_json::array();
    for (const Verdict& verdict : verdicts) {
        ordered_json entry = {{"certificate", verdict.what},
                              {"valid", verdict.signer_public_key.has_value()}};
        if (verdict.signer_public_key) {
            entry["signer_public_key"] = *verdict.signer_public_key;
        } else {
            good = false;
            const Error& error = verdict.signer_public_key.error();
            entry["error"] = {{"code", error.code}, {"message", error.message}};
            print_problem(invocation.err, "error", error);
        }
        json.push_back(std::move(entry));
        if (!options.json) {
            invocation.out << verdict.what << ": "
                           << (verdict.signer_public_key ? "valid" : "not valid") << '\n';
        }
    }
    if (options.json) {
        invocation.out << json.dump(2) << '\n';
    }
    return good ? exit_ok : exit_failed;
}

}  // namespace

void add_verify_certificate(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "verify-certificate",
        "Check proofs of representation: those of a host's instances, or one file");
    const auto options = std::make_shared<VerifyOptions>();
    const Option configured =
        verb.add_option("-c,--config", options->config,
                        "Host configuration: check what its instances would get")
            .environment("PATCHBAY_CONFIG");
    verb.add_option("instances", options->instances, "Only of these (default: all)");
    Option file = verb.add_option("--file", options->file, "Check this file");
    const Option ledger =
        verb.add_option("--ledger", options->ledger, "Ledger of the key that signed").needs(file);
    const Option address =
        verb.add_option("--address", options->address, "Address of the key that signed")
            .needs(file);
    const Option key =
        verb.add_option("--public-key", options->request.public_key, "The represented public key")
            .needs(file);
    verb.add_option("--identifier", options->request.identifier, "As in the request").needs(file);
    verb.add_option("--not-before", options->request.not_before,
                    "First day; without days they are not checked")
        .needs(file);
    verb.add_option("--not-after", options->request.not_after, "Last day").needs(file);
    options->format_given =
        verb.add_option("--message-format", options->message_format, "Template of the signed text")
            .needs(file);
    file.needs(ledger).needs(address).needs(key);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options, configured, file] {
        invocation.action = [&invocation, options, which = configured.given() || file.given()] {
            if (!which) {
                invocation.err << "--config or --file is required\n"
                                  "Run with --help for more information.\n";
                return static_cast<int>(exit_usage);
            }
            return verify(*options, invocation);
        };
    });
}

}  // namespace patchbay::app
